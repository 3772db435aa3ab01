"""What is loaded, what is refused, and how the number format is chosen."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.errors import ModelError, OutOfMemory
from pipelines.families.svd import dtype as dtype_module
from pipelines.families.svd import loading as loading_module
from pipelines.families.svd.dtype import choose_dtype
from pipelines.families.svd.folder import inspect_folder
from pipelines.families.svd.loading import load_svd
from pipelines.machine import Gpu
from pipelines.models.files import files_bytes
from pipelines.request import MotionRequest
from tests.tiny_svd import make_tiny_svd


class Bomb:
    """A pickle of it writes a file when it is opened."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def weights_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.safetensors"))


def test_runs_without_a_word(tiny: Path) -> None:
    """In fp16, which moves the VAE between formats as on a GPU; warnings are errors."""
    code = f"""
import pathlib, numpy
from pipelines.request import MotionRequest
from pipelines.families.svd.loading import load_svd
animator = load_svd(pathlib.Path({str(tiny)!r}), "cpu", "fp16")
request = MotionRequest(num_frames=2, num_inference_steps=1, width=64, height=64, seed=1)
list(animator.animate(numpy.zeros((64, 64, 3), numpy.uint8), request))
"""
    command = [sys.executable, "-W", "error", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (run.stderr, run.stdout, run.returncode) == ("", "", 0)


def test_the_device_and_the_format_are_chosen(tiny: Path) -> None:
    animator = load_svd(tiny)
    assert animator.choice.reason
    assert animator.pipeline.unet.dtype == animator.pipeline.vae.dtype == animator.choice.dtype


@pytest.mark.parametrize("part", ["unet", "vae", "image_encoder"])
def test_missing_weights_are_not_made_up(copy: Path, part: str) -> None:
    file = weights_of(copy / part)[0]
    tensors = load_file(file)
    del tensors[list(tensors)[3]]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=f"The {part} in .* lacks some of its weights"):
        load_svd(copy, device="cpu", dtype="fp32")


def test_loads_files_without_the_variant_in_their_names(tmp_path: Path) -> None:
    folder = make_tiny_svd(tmp_path / "plain", variant=None, num_frames=6)
    assert inspect_folder(folder).variant is None
    assert inspect_folder(folder).num_frames == 6
    assert load_svd(folder, device="cpu", dtype="fp32").pipeline.unet.dtype == torch.float32


def test_only_safetensors_are_taken(copy: Path, tmp_path: Path) -> None:
    mark = tmp_path / "the pickle was opened"
    for file in weights_of(copy):
        file.with_name(file.name.replace(".safetensors", ".bin")).write_bytes(pickle.dumps(Bomb(mark)))
        file.unlink()
    with pytest.raises(ModelError, match=r"are pickles \(.*\.bin\), which can run any code"):
        load_svd(copy, device="cpu")
    assert not mark.exists()


def test_a_pickle_beside_safetensors_is_not_opened(copy: Path, tmp_path: Path) -> None:
    mark = tmp_path / "the pickle was opened"
    (copy / "unet" / "diffusion_pytorch_model.fp16.bin").write_bytes(pickle.dumps(Bomb(mark)))
    load_svd(copy, device="cpu", dtype="fp32")
    assert not mark.exists()


def test_one_part_without_weights_is_named(copy: Path) -> None:
    (copy / "vae" / "diffusion_pytorch_model.fp16.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has no \.safetensors file for vae"):
        load_svd(copy)


@pytest.mark.parametrize("part", ["unet", "vae", "image_encoder"])
def test_truncated_weights(copy: Path, part: str) -> None:
    file = weights_of(copy / part)[0]
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="damaged or incomplete"):
        load_svd(copy, device="cpu", dtype="fp32")


@pytest.mark.parametrize(
    ("entry", "value", "words"),
    [
        ("_class_name", "StableDiffusionPipeline", "not Stable Video Diffusion"),
        ("unet", ["my_code", "UNetSpatioTemporalConditionModel"], "foreign code is never run"),
        ("scheduler", ["diffusers", "DDIMScheduler"], "The scheduler of .* foreign code"),
        ("vae", None, "The vae of"),
    ],
)
def test_foreign_folders_are_refused(copy: Path, entry: str, value: object, words: str) -> None:
    file = copy / "model_index.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), entry: value}))
    with pytest.raises(ModelError, match=words):
        load_svd(copy)


@pytest.mark.parametrize(
    ("entry", "value"),
    [("sigma_max", 80.0), ("use_karras_sigmas", False), ("prediction_type", "epsilon"), ("prediction_type", None)],
)
def test_another_sampler_than_the_releases_is_refused(copy: Path, entry: str, value: object) -> None:
    file = copy / "scheduler" / "scheduler_config.json"
    settings = {**json.loads(file.read_text()), entry: value}
    file.write_text(json.dumps({name: told for name, told in settings.items() if told is not None}))
    with pytest.raises(ModelError, match=rf"scheduler_config\.json says {entry} .*, and this model is sampled with"):
        load_svd(copy)


def test_a_gpu_that_torch_does_not_find_is_told(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading_module, "gpus", lambda: (Gpu("NVIDIA H100", 80 * 2**30),))
    notes: list[str] = []
    request = MotionRequest(num_frames=2, num_inference_steps=1, width=64, height=64, seed=1)
    still = np.zeros((64, 64, 3), np.uint8)
    list(load_svd(tiny, dtype="fp32").animate(still, request, lambda event: notes.append(event.note)))
    assert notes[0].startswith("torch does not find the NVIDIA H100: this runs on the CPU.")
    notes.clear()
    list(load_svd(tiny, device="cpu", dtype="fp32").animate(still, request, lambda event: notes.append(event.note)))
    assert not any("H100" in note for note in notes), "the CPU was asked for"


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no .*model_index\.json"):
        load_svd(tmp_path)
    (tmp_path / "model_index.json").write_text("[")
    with pytest.raises(ModelError, match="cannot be read"):
        load_svd(tmp_path)


def test_missing_devices_and_formats_are_named(tiny: Path) -> None:
    with pytest.raises(ModelError, match="torch finds no xpu on this machine"):
        load_svd(tiny, device="xpu")
    with pytest.raises(ModelError, match="no number format called int3"):
        load_svd(tiny, device="cpu", dtype="int3")


def test_weights_that_do_not_fit(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr("diffusers.StableVideoDiffusionPipeline.from_pretrained", fail)
    with pytest.raises(OutOfMemory, match="Not enough memory for the weights"):
        load_svd(tiny, device="cpu", dtype="fp32")


def test_folder_bytes_counts_what_is_used(tiny: Path, tmp_path: Path) -> None:
    assert files_bytes(tiny) == sum(file.stat().st_size for file in tiny.rglob("*") if file.is_file())
    assert files_bytes(tmp_path / "nowhere") == 0


def test_the_trial_tells_its_reason() -> None:
    choice = choose_dtype("cpu")
    assert choice.dtype in {torch.bfloat16, torch.float32}
    assert "here" in choice.reason
    assert choose_dtype("cuda").dtype == torch.float16
    assert choose_dtype("cpu", "bfloat16").dtype == choose_dtype("cpu", "bf16").dtype == torch.bfloat16
    assert choose_dtype("cpu", "fp32").reason == "fp32: asked for."


@pytest.mark.parametrize(
    ("bf16_seconds", "bf16_result", "expected", "words"),
    [
        (1.0, 1.0, torch.bfloat16, "fp32 takes 2.0 times as long"),
        (4.0, 1.0, torch.float32, "bf16 takes 2.0 times as long"),
        (1.0, 2.0, torch.float32, "bf16 computes wrongly"),
        (1.0, float("nan"), torch.float32, "bf16 computes wrongly"),
    ],
)
def test_the_cpu_gets_what_is_right_and_fast(
    monkeypatch: pytest.MonkeyPatch, bf16_seconds: float, bf16_result: float, expected: torch.dtype, words: str
) -> None:
    def trial(dtype: torch.dtype) -> tuple[float, torch.Tensor]:
        fast = dtype == torch.bfloat16
        return (bf16_seconds, torch.tensor([bf16_result])) if fast else (2.0, torch.tensor([1.0]))

    monkeypatch.setattr(dtype_module, "_run_trial", trial)
    choice = choose_dtype("cpu")
    assert choice.dtype == expected
    assert words in choice.reason
