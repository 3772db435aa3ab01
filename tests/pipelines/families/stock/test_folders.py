"""What a folder must be, and what is read off it, without torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ModelError
from pipelines.families.stock.capabilities import Capabilities, capabilities_of
from pipelines.families.stock.check import check
from pipelines.families.stock.folder import inspect_folder
from pipelines.families.stock.found import usual_size
from pipelines.request import MotionRequest

Made = Callable[[str], Path]


@pytest.fixture
def copy(folder_of: Made, tmp_path: Path) -> Path:
    """A folder that may be spoilt."""
    return Path(shutil.copytree(folder_of("ltx"), tmp_path / "model"))


def read(path: Path) -> Capabilities:
    return capabilities_of(inspect_folder(path))


def change(path: Path, **values: Any) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | values))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("ltx", {"pipeline": "LTXImageToVideoPipeline", "rate": "frame_rate", "guidance": "guidance_scale", "fps": 25}),
        ("wan21", {"takes_negative_prompt": True, "takes_last_still": False, "rate": None, "fps": 16, "size_step": 16}),
        ("wan22", {"takes_last_still": True}),
        ("wan-5b", {"pipeline": "WanImageToVideoPipeline", "size_step": 32, "fps": 24, "takes_last_still": False}),
        ("hunyuan", {"guidance": "true_cfg_scale", "takes_negative_prompt": True}),
        ("hunyuan-replace", {"guidance": "guidance_scale", "takes_negative_prompt": False}),
        ("hunyuan15", {"guidance": "guider", "guidance_scale": 4.0, "takes_size": False, "tells_steps": False}),
        ("framepack", {"takes_last_still": False, "longest": 900, "hands_over": False}),
        ("cogvideox", {"size": (64, 64), "fps": 8}),
        ("kandinsky5", {"pipeline": "Kandinsky5I2VPipeline"}),
        ("sana", {"length": "frames", "arguments": {"use_resolution_binning": False}}),
        ("ltx2", {"pipeline": "LTX2ImageToVideoPipeline", "has_sound": True}),
        ("skyreels-df", {"rate": "fps"}),
    ],
)
def test_capabilities_are_read_off_a_folder(name: str, wanted: dict[str, Any], folder_of: Made) -> None:
    can = read(folder_of(name))
    assert {field: getattr(can, field) for field in wanted} == wanted


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("wan21", {2: 5, 5: 5, 6: 9, 81: 81}),
        ("ltx", {9: 9, 10: 13}),
        ("cogvideox", {9: 9, 10: 17}),
        ("hunyuan", {9: 13}),
        ("hunyuan-replace", {9: 9}),
    ],
)
def test_frames_are_asked_for_upward(name: str, asked: dict[int, int], folder_of: Made) -> None:
    rule = read(folder_of(name)).frames
    assert {frames: rule.asked(frames) for frames in asked} == asked


def test_long_clips_are_made_in_sections(folder_of: Made) -> None:
    rule = read(folder_of("framepack")).frames
    assert [rule.sections(frames) for frames in (9, 33, 34, 66, 67)] == [1, 1, 2, 3, 3]


def test_nothing_of_it_needs_torch(folder_of: Made) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from pipelines.families.stock.capabilities import capabilities_of\n"
        "from pipelines.families.stock.folder import inspect_folder\n"
        "print(capabilities_of(inspect_folder(Path(sys.argv[1]))).pipeline, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder_of("ltx"))], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["LTXImageToVideoPipeline", "False"]


def test_a_pipeline_for_words_alone(copy: Path) -> None:
    change(copy / "model_index.json", _class_name="MochiPipeline")
    with pytest.raises(ModelError, match=r"The MochiPipeline in .* makes no video of a still\. Choose a model"):
        read(copy)


def test_weights_for_words_alone(copy: Path, folder_of: Made) -> None:
    """Wan's pipeline for words and the one for stills take the same parts; the still comes as further channels."""
    shutil.rmtree(copy)
    shutil.copytree(folder_of("wan22"), copy)
    change(copy / "model_index.json", _class_name="WanPipeline")
    change(copy / "transformer" / "config.json", in_channels=16)
    with pytest.raises(ModelError, match="makes no video of a still"):
        read(copy)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (
            {"_class_name": ["pipeline", "MyPipeline"]},
            "code of its own for its pipeline, and foreign code is never run",
        ),
        ({"_custom_pipeline": "somebody/pipeline"}, "code of its own for its pipeline"),
        ({"transformer": ["my_transformer", "MyTransformer"]}, "code of its own for its transformer"),
        ({"_class_name": "NextYearPipeline"}, "this release of diffusers does not have"),
        ({"_class_name": "StableVideoDiffusionPipeline"}, "is Stable Video Diffusion"),
        ({"_class_name": "ConsisIDPipeline"}, "needs more than a still and words"),
        ({"_class_name": "Cosmos2VideoToWorldPipeline"}, r"guardrail .* pip install cosmos_guardrail"),
        ({"text_encoder": [None, None]}, "lacks its text_encoder: the download is not complete"),
    ],
)
def test_what_is_not_for_this_family(index: dict[str, Any], words: str, copy: Path) -> None:
    change(copy / "model_index.json", **index)
    with pytest.raises(ModelError, match=words):
        read(copy)


def test_weights_that_need_two_stills(copy: Path, folder_of: Made) -> None:
    shutil.rmtree(copy)
    shutil.copytree(folder_of("wan21"), copy)
    change(copy / "transformer" / "config.json", pos_embed_seq_len=2050)
    with pytest.raises(ModelError, match="from one still to another, and cannot do with one"):
        read(copy)


def test_code_beside_the_settings_of_a_part(copy: Path) -> None:
    (copy / "transformer" / "diffusers.py").write_text("raise SystemExit")
    with pytest.raises(ModelError, match="foreign code is never run"):
        read(copy)


def spoil(path: Path) -> None:
    """A file that broke off half way."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda model: shutil.rmtree(model / "vae"), "lacks its vae: the download is not complete"),
        (lambda model: (model / "vae" / WEIGHTS).unlink(), r"vae has no \.safetensors file"),
        (lambda model: spoil(model / "transformer" / WEIGHTS), "is not whole. Download it again"),
        (lambda model: (model / "transformer" / WEIGHTS).write_bytes(b""), "is not whole"),
        (
            lambda model: (model / "transformer" / WEIGHTS).rename(model / "transformer" / "w.bin"),
            r"pickles \(w\.bin\)",
        ),
        (lambda model: spoil(model / "transformer" / "config.json"), "cannot be read"),
        (lambda model: (model / "model_index.json").unlink(), r"There is no .*model_index\.json"),
        (lambda model: (model / "model_index.json").write_text("[]"), "is not a settings file"),
    ],
)
def test_a_folder_that_is_not_whole(harm: Callable[[Path], Any], words: str, copy: Path) -> None:
    harm(copy)
    with pytest.raises(ModelError, match=words):
        read(copy)


def test_a_shard_that_is_missing(copy: Path) -> None:
    part = copy / "transformer"
    (part / WEIGHTS).rename(part / "diffusion_pytorch_model-00001-of-00002.safetensors")
    shards = {"a": "diffusion_pytorch_model-00001-of-00002.safetensors"}
    index = part / f"{WEIGHTS}.index.json"
    index.write_text(json.dumps({"weight_map": shards}))
    assert read(copy).pipeline == "LTXImageToVideoPipeline"
    index.write_text(json.dumps({"weight_map": shards | {"b": "diffusion_pytorch_model-00002-of-00002.safetensors"}}))
    with pytest.raises(ModelError, match="lacks diffusion_pytorch_model-00002-of-00002"):
        read(copy)


def test_weights_that_are_named_by_a_variant(copy: Path) -> None:
    for part in ("transformer", "vae"):
        (copy / part / WEIGHTS).rename(copy / part / WEIGHTS.replace(".safe", ".bf16.safe"))
    assert inspect_folder(copy).variant == "bf16"


def test_a_model_that_lost_a_part_leaves_the_table_whole(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.models.catalogue import add_local
    from ui.models_table import models_table

    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path / "data"))
    assert add_local(copy).id == "model"
    shutil.rmtree(copy / "vae")
    lines = models_table().splitlines()
    assert "vae" in next(line for line in lines if line.startswith("model "))
    assert any(line.startswith("pocket ") for line in lines)


def test_a_model_of_one_size_has_a_usual_size_of_that_shape(folder_of: Made) -> None:
    can = replace(read(folder_of("cogvideox")), size=(720, 480))
    width, height = usual_size(can)
    check(can, MotionRequest(width=width, height=height, num_frames=9))


@pytest.mark.parametrize("shard", ["weights.bin", "../other.safetensors"])
def test_a_shard_is_a_safetensors_file_beside_its_list(shard: str, copy: Path) -> None:
    index = copy / "transformer" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": shard}}))
    (index.parent / shard).write_bytes(b"")
    with pytest.raises(ModelError, match=r"which is no \.safetensors file beside it"):
        read(copy)
