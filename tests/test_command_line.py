"""The command line as a person or a program uses it."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pipelines.request import MotionRequest
from tests.media.pictures import png, quarters, saved

ROOT = Path(__file__).resolve().parent.parent

APP = [sys.executable, str(ROOT / "app.py")]

SMALL = ["--width", "128", "--height", "64", "--num-frames", "4", "--num-inference-steps", "2"]

MANY_BAD_INPUTS = """
import json, sys
from typer.testing import CliRunner
from app import cli
seen = {}
for name, arguments in json.load(sys.stdin).items():
    result = CliRunner().invoke(cli, ["animate", *arguments])
    error = result.exception if not isinstance(result.exception, SystemExit) else None
    seen[name] = [result.exit_code, result.stdout, result.stderr, repr(error), "torch" in sys.modules]
json.dump(seen, sys.stdout)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a good still and every bad one."""
    desk = tmp_path_factory.mktemp("desk")
    picture = Image.fromarray(quarters(320, 240))
    jpeg = saved(picture, "JPEG", quality=95)
    files = {
        "good.jpg": jpeg,
        "text.png": b"These are only words.\n",
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "tiny.png": saved(Image.new("RGB", (1, 1)), "PNG"),
        "bomb.png": png(2, 8, (30_000, 30_000), b""),
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>',
        "print.tif": saved(picture.convert("CMYK"), "TIFF"),
        "empty.png": b"",
        "moving.gif": saved(picture, "GIF", save_all=True, append_images=[Image.new("RGB", (320, 240), "red")] * 3),
    }
    for name, content in files.items():
        (desk / name).write_bytes(content)
    return desk


BAD_STILLS = {
    "a text called .png": (["text.png"], "plain text although its name ends in .png"),
    "half a JPEG": (["truncated.jpg"], "damaged or was cut off"),
    "one pixel": (["tiny.png"], "1 x 1 pixels small"),
    "a bomb": (["bomb.png"], "more than 64 megapixels"),
    "a drawing": (["drawing.svg"], "an SVG drawing"),
    "a CMYK TIFF": (["print.tif"], "a TIFF picture"),
    "an empty file": (["empty.png"], "This file is empty"),
    "no file": (["nothing.png"], "There is no such picture"),
    "a folder": (["."], "There is no such picture"),
}

BAD_CONTROLS = {
    "no rate": (["good.jpg", "--fps", "0"], "fps cannot be 0"),
    "too many frames": (["good.jpg", "--num-frames", "10000"], "num_frames"),
    "more frames than the model has": (["good.jpg", "--model", "svd", "--num-frames", "15"], "at most 14 frames"),
    "an odd width": (["good.jpg", "--width", "1023"], "a multiple of 64"),
    "guidance that falls": (
        ["good.jpg", "--model", "svd", "--min-guidance-scale", "5", "--max-guidance-scale", "2"],
        "is above the last frame's",
    ),
    "a factor that no helper has": (["good.jpg", "--upscaling", "3"], "upscaling cannot be 3. It must be 1 or 2 or 4."),
    "a clip too large for players": (
        ["good.jpg", "--width", "2048", "--upscaling", "4"],
        "Lower upscaling, or choose a smaller size.",
    ),
    "an unknown fit": (["good.jpg", "--fit", "stretch"], "crop or pad"),
    "an unknown colour": (["good.jpg", "--backdrop", "pink"], "a colour such as #ffffff"),
    "no number": (["good.jpg", "--noise-aug-strength", "nan"], "noise_aug_strength"),
    "an unknown model": (["good.jpg", "--model", "no-such-model"], "There is no model called no-such-model"),
    "a model that is not here": (["good.jpg", "--model", "svd-xt"], "not on this machine"),
    "no format of ours": (["good.jpg", "-o", "clip.mov"], "cannot be saved as"),
    "no folder for a gif": (["good.jpg", "-o", "no such folder/clip.gif"], "cannot be written to"),
    "no folder": (["good.jpg", "-o", "no such folder/clip.mp4"], "cannot be written to"),
    "a file as a folder": (["good.jpg", "-o", "text.png/clip.mp4"], "cannot be written to"),
}

BAD_INPUTS = BAD_STILLS | BAD_CONTROLS


@pytest.fixture(scope="module")
def answers(desk):
    """Name to (exit code, standard output, standard error, unexpected exception, whether torch was imported)."""
    commands = {name: [*SMALL, *arguments] for name, (arguments, _) in BAD_INPUTS.items()}
    commands = {name: [*each, *([] if "-o" in each else ["-o", "clip.mp4"])] for name, each in commands.items()}
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HOME": str(desk / "no hub")}
    done = subprocess.run(
        [sys.executable, "-c", MANY_BAD_INPUTS],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        cwd=desk,
        env=environment,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_a_bad_input_is_answered_in_one_sentence(answers, name):
    code, out, err, error, _ = answers[name]
    assert error == "None"
    assert (code, out) == (2, "")
    assert BAD_INPUTS[name][1] in err
    assert "Traceback" not in err and len(err.splitlines()) == 1
    assert re.search(r"[.>]$", err.strip())


# that a folder is none shows only when the first frames are written
@pytest.mark.parametrize("name", [name for name in BAD_INPUTS if name != "a file as a folder"])
def test_a_bad_input_is_answered_without_torch(answers, name):
    assert not answers[name][4]


def test_no_bad_input_leaves_a_file(answers, desk):
    assert not list(desk.glob("*.mp4*"))


def run(*arguments, **options):
    """The command in a process of its own."""
    return subprocess.run([*APP, *map(str, arguments)], capture_output=True, text=True, check=False, **options)


def frames_of(path):
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.fixture(scope="module")
def made(desk):
    """A clip of every control, and the finished command."""
    controls = {
        "model": "pocket",
        "motion_bucket_id": 90,
        "fps": 12,
        "noise_aug_strength": 0.05,
        "camera": "orbit-left",
        "direction": {"anchors": [[250, 300]], "loop": True},
        "num_frames": 5,
        "num_inference_steps": 2,
        "min_guidance_scale": 1.0,
        "max_guidance_scale": 1.5,
        "prompt": "",
        "negative_prompt": "",
        "speed": "exact",
        "solver": "euler",
        "sigma_max": 700.0,
        "guidance_shape": "linear",
        "guidance_sigma_low": 0.0,
        "guidance_sigma_high": 700.0,
        "decode_chunk_size": 0,
        "seed": 11,
        "width": 128,
        "height": 192,
        "fit": "pad",
        "anchor_x": 0.25,
        "anchor_y": 0.75,
        "backdrop": "#102030",
        "playback_fps": 12.5,
        "interpolation": 2,
        "upscaling": 2,
    }
    assert set(controls) == set(MotionRequest.model_fields)
    told = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in controls.items()}
    options = [text for name, value in told.items() for text in (f"--{name.replace('_', '-')}", value)]
    return run("animate", desk / "good.jpg", "-o", desk / "made.mp4", "--json", *options), desk / "made.mp4", controls


def test_every_control_is_an_option_and_the_last_line_is_json(made):
    done, path, _ = made
    # the only one that is not what it always is
    left_out = "Pocket has no min_guidance_scale: it was left out."
    assert (done.returncode, done.stderr) == (0, f"{left_out}\n")
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts.pop("peak_rss_mb") > 100
    assert facts.pop("told") == [left_out]
    assert facts == {
        "path": str(path),
        "model": "pocket",
        "seed": 11,
        "width": 256,
        "height": 384,
        "num_frames": 9,
        "fps": 25.0,
        "seconds": 0.36,
    }


def test_the_clip_carries_what_was_asked_for(made):
    from media.recipe import read_recipe

    _, path, controls = made
    # what the model ignores stays at its default
    ignored = {"min_guidance_scale": 1.5}
    assert read_recipe(path)["request"] == controls | ignored
    assert frames_of(path).shape == (9, 384, 256, 3)


def test_the_same_seed_gives_the_same_frames_and_the_drawn_one_is_told(desk):
    first = run("animate", "moving.gif", "-o", "first.mp4", "--json", *SMALL, cwd=desk)
    assert (first.returncode, first.stderr) == (0, "")
    facts = json.loads(first.stdout)
    assert (facts["path"], facts["num_frames"]) == ("first.mp4", 4)
    again = run("animate", "moving.gif", "-o", ".", "--seed", facts["seed"], *SMALL, cwd=desk)
    assert again.returncode == 0
    assert again.stdout == f"moving.mp4: 4 frames, 0.167 s, seed {facts['seed']}\n"
    assert np.array_equal(frames_of(desk / "first.mp4"), frames_of(desk / "moving.mp4"))


def test_a_full_disk_is_named_and_leaves_no_file(desk):
    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    quiet = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = run("animate", "good.jpg", "-o", "full.mp4", *SMALL, cwd=desk, env=quiet, preexec_fn=small_files_only)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The disk is full: the clip could not be stored. Delete clips that are no longer needed.\n"
    assert not list(desk.glob("full*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_named(desk, tmp_path):
    tmp_path.chmod(0o500)
    done = run("animate", desk / "good.jpg", "-o", tmp_path / "clip.mp4", *SMALL)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_models_are_listed(tmp_path):
    environment = os.environ | {"STILLMOTION_DATA": str(tmp_path), "HF_HOME": str(tmp_path)}
    done = run("models", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert re.split(r"\s{2,}", head) == ["id", "family", "licence", "size", "here", "fits this machine"]
    helpers = ["rife-3.8", "realesr-animevideov3"]
    ids = [row.split()[0] for row in rows]
    assert (ids[:4], ids[-2:]) == (["pocket", "svd-xt", "svd", "svd-xt-1-1"], helpers)
    assert "wan-2-2-ti2v-5b" in ids
    assert re.split(r"\s{2,}", rows[0])[:3] == ["pocket", "pocket", "Apache-2.0"]
    here = dict(zip(ids, (re.split(r"\s{2,}", row)[4] for row in rows), strict=True))
    assert {each for each in ids if here[each] == "yes"} == {"pocket", *helpers}


def test_short_options_are_parts_of_the_direction(desk):
    from media.recipe import read_recipe

    (desk / "said.json").write_text('{"anchors": [[10, 20]]}')
    short = ["--loop", "--arrow", "200,700 400,700", "--keep-still", "500,500", "--direction", "said.json"]
    assert run("animate", "good.jpg", "-o", "said.mp4", *short, *SMALL, cwd=desk).returncode == 0
    said = {"arrows": [{"path": [[200, 700], [400, 700]]}], "anchors": [[10, 20], [500, 500]], "loop": True}
    assert read_recipe(desk / "said.mp4")["request"]["direction"] == said
    with_end = [*SMALL, "--to", "good.jpg", "--to", "good.jpg", "--loop"]
    assert run("animate", "good.jpg", "-o", "ends.mp4", *with_end, cwd=desk).returncode == 0
    stills = read_recipe(desk / "ends.mp4")["request"]["direction"]["stills"]
    assert [still["t"] for still in stills] == [0.333, 0.667]
    for wrong, sentence in (
        (["--to", "nowhere.jpg"], "nowhere.jpg cannot be read."),
        (["--arrow", "2,x"], "are no places"),
        (["--direction", "no.json"], "no direction in no.json"),
    ):
        refused = run("animate", "good.jpg", "-o", "said.mp4", *wrong, cwd=desk)
        assert refused.returncode == 2
        assert sentence in " ".join(refused.stderr.split())


def test_help_names_every_control():
    done = run("animate", "--help", env=os.environ | {"COLUMNS": "200"})
    assert done.returncode == 0
    for name, field in MotionRequest.model_fields.items():
        assert f"--{name.replace('_', '-')}" in done.stdout
        assert field.description.split(":")[0] in " ".join(done.stdout.split())


def test_a_command_that_does_not_exist_is_a_bad_input():
    done = run("animte")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("suffix", ["webm", "gif", "webp", "png", "zip"])
def test_the_suffix_chooses_the_format(desk, suffix):
    from media.export.facts import probe_export
    from media.export.formats import format_of

    path = desk / f"made.{suffix}"
    done = run("animate", desk / "good.jpg", "-o", path, *SMALL)
    assert done.returncode == 0, done.stderr
    facts = probe_export(path, format_of(path))
    assert facts.num_frames == 4
    assert not list(desk.glob(".*.mp4*")), "nothing unfinished stays"
