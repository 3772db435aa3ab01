"""A family is a folder with one face: adding one touches one line, and nobody else knows it by name."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from media.recipe import read_recipe
from pipelines.families import FAMILIES, families, foreign_controls, own_controls
from pipelines.models.catalogue import named_models
from pipelines.request import MotionRequest, SharedControls

ROOT = Path(__file__).resolve().parents[3]

REGISTRY = Path("pipelines", "families", "__init__.py")

ROOMS = ("jobs", "media", "ui", "assets")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The studio with one family more."""
    house = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "pipelines", house / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(__file__).parent / "toy", house / "pipelines" / "families" / "toy")
    shutil.copy(ROOT / "app.py", house)
    for room in ROOMS:
        (house / room).symlink_to(ROOT / room)
    text = (house / REGISTRY).read_text()
    (house / REGISTRY).write_text(text.replace(f'    "{FAMILIES[-1]}",\n', f'    "{FAMILIES[-1]}",\n    "toy",\n', 1))
    return house


def run(house: Path, *arguments: str, code: int = 0) -> str:
    """What a program says that runs in the house."""
    own = {"STILLMOTION_DATA": str(house / "data"), "HF_HOME": str(house / "no hub"), "COLUMNS": "200"}
    options = {"cwd": house, "env": os.environ | own, "capture_output": True, "text": True, "timeout": 200}
    done = subprocess.run([sys.executable, *arguments], check=False, **options)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_adding_a_family_touches_one_line(house: Path) -> None:
    touched = []
    for file in (house / "pipelines").rglob("*.py"):
        before = ROOT / file.relative_to(house)
        if "toy" in file.relative_to(house).parts:
            continue
        lines = difflib.ndiff(before.read_text().splitlines(), file.read_text().splitlines())
        touched += [line for line in lines if line[0] in "+-"]
    assert touched == ['+     "toy",']


def test_what_was_added_is_listed_described_and_animates(house: Path) -> None:
    (house / "my toy").mkdir()
    for name in ("toy.json", "toy.safetensors"):
        (house / "my toy" / name).write_text("{}")
    assert run(house, "app.py", "models", "add", "my toy").strip() == "my toy is known as my-toy."
    rows = run(house, "app.py", "models").splitlines()
    assert [row.split()[:2] for row in rows if " toy " in row] == [["toy", "toy"], ["my-toy", "toy"]]
    assert "How far it shifts from frame to frame." in run(house, "app.py", "animate", "--help")

    still, clip = ROOT / "assets" / "stills" / "lake.jpg", house / "clip.mp4"
    asked = ["animate", str(still), "-o", str(clip), "--model", "my-toy", "--width", "128", "--height", "64"]
    assert "It cannot wobble by 8. Take 7 or 9." in run(house, "app.py", *asked, "--wobble", "8", code=2)
    made = json.loads(run(house, "app.py", *asked, "--wobble", "3", "--motto", "on we go", "--json"))
    assert (made["num_frames"], made["model"]) == (3, "my-toy")
    told = read_recipe(clip)["request"]
    assert (told["model"], told["wobble"], told["motto"]) == ("my-toy", 3, "on we go")


PAGE = """
import json
from pipelines.models.catalogue import find
from pipelines.request import control_schemas, parse_request
from ui.controls import component
recipe = json.loads(parse_request({"model": "toy", "wobble": 3}).model_dump_json())
parts = [component(name) for name in ("wobble", "motto")]
print(json.dumps({
    "schema": control_schemas()["wobble"],
    "again": parse_request(recipe).wobble,
    "page": [[part.get_block_name(), part.label, part.elem_id] for part in parts],
    "ignored": {id: sorted(find(id).ignores & {"wobble", "camera", "speed"}) for id in ("pocket", "svd", "toy")},
}))
"""


def test_its_controls_come_out_everywhere(house: Path) -> None:
    told = json.loads(run(house, "-c", PAGE))
    assert told["schema"] | {"minimum": 0, "maximum": 9, "unit": "pixels", "default": 1} == told["schema"]
    assert told["again"] == 3
    assert told["page"] == [["slider", "Wobble", "control-wobble"], ["textbox", "Motto", "control-motto"]]
    assert told["ignored"] == {"pocket": ["speed", "wobble"], "svd": ["camera", "wobble"], "toy": ["camera", "speed"]}


def test_nobody_else_knows_a_family_by_name() -> None:
    names = {word for spec in named_models() for word in (spec.id, spec.name)} | set(FAMILIES)
    named = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names)), re.IGNORECASE)
    files = [
        ROOT / "app.py",
        *(file for room in ("jobs", "media", "ui", "pipelines") for file in (ROOT / room).rglob("*")),
    ]
    for file in files:
        own = ROOT / "pipelines" / "families" in file.parents
        if file.suffix not in {".py", ".js", ".css"} or own:
            continue
        assert named.search(file.read_text("utf-8")) is None, file


def test_the_face_of_every_family_is_whole() -> None:
    ids = [spec.id for spec in named_models()]
    assert len(set(ids)) == len(ids)
    for each in families():
        assert each.name in FAMILIES
        for spec in each.specs():
            assert spec.family == each.name
            assert set(spec.defaults) | spec.ignores | foreign_controls(each.name) <= set(MotionRequest.model_fields)
            assert spec.hub_files or spec.path or spec.revision is None, "a download takes named files"


def test_no_two_families_fight_over_a_control() -> None:
    seen: set[str] = set(SharedControls.model_fields)
    for name in FAMILIES:
        controls = own_controls(name)
        fields = set() if controls is None else set(controls.model_fields)
        assert not fields & seen
        seen |= fields
