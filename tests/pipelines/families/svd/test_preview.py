"""Looks at a run: the linear map, TAESD where it is present, and how many of its looks a run affords."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from pipelines.contract import RGB, StepEvent
from pipelines.errors import ModelError
from pipelines.families.svd import cost
from pipelines.families.svd.loading import load_svd
from pipelines.families.svd.plan import Plan, flops
from pipelines.families.svd.preview import SHARE, Looks, looks_at, preview
from pipelines.families.svd.single_file import Header
from pipelines.families.svd.taesd import taesd_in, taesd_names
from pipelines.families.svd.tiny_decoder import MOST_PIXELS, open_tiny
from pipelines.request import MotionRequest

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def taesd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with TAESD as diffusers keeps it, with random weights."""
    folder = tmp_path_factory.mktemp("previews") / "taesd"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        AutoencoderTiny().save_pretrained(folder)
    return folder


@pytest.fixture
def latents() -> torch.Tensor:
    """Three frames of 128x64 pixels."""
    return torch.randn(1, 3, 4, 8, 16, generator=torch.Generator().manual_seed(1))


def as_comfy_has_it(folder: Path, file: Path, prefix: str = "") -> Path:
    """The decoder alone, its layers counted with the clamp in front of them."""
    weights = load_file(folder / "diffusion_pytorch_model.safetensors")
    parts = [name.split(".", 3) for name in weights if name.startswith("decoder.layers.")]
    save_file({f"{prefix}{int(n) + 1}.{rest}": weights[f"{a}.{b}.{n}.{rest}"] for a, b, n, rest in parts}, file)
    return file


def decoded(folder: Path, latents: torch.Tensor) -> RGB:
    with torch.no_grad():
        pictures = AutoencoderTiny.from_pretrained(folder).decode(latents[0]).sample
    return ((pictures / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("prefix", [None, "", "taesd_decoder.", "decoder."])
def test_taesd_draws_what_diffusers_decodes(
    taesd: Path, tmp_path: Path, latents: torch.Tensor, prefix: str | None
) -> None:
    given = taesd if prefix is None else as_comfy_has_it(taesd, tmp_path / "taesd_decoder.safetensors", prefix)
    file = taesd_in(given)
    assert file is not None
    tiny = open_tiny(file, CPU, torch.float32)
    assert tiny is not None
    drawn = tiny.draw(latents)
    expected = decoded(taesd, latents)
    assert drawn is not None
    assert drawn.shape == (3, 64, 128, 3)
    assert np.abs(drawn.astype(int) - expected).max() <= 1
    assert expected.std() > 1, "the picture is flat"


def test_large_looks_are_averaged_down(taesd: Path) -> None:
    latents = torch.randn(1, 1, 4, 32, 48, generator=torch.Generator().manual_seed(1))
    file = taesd_in(taesd)
    tiny = file and open_tiny(file, CPU, torch.float32)
    assert tiny is not None
    drawn = tiny.draw(latents)
    assert drawn is not None
    assert drawn.shape == (1, 128, 192, 3)
    assert 128 * 192 <= MOST_PIXELS < 256 * 384
    whole = torch.from_numpy(decoded(taesd, latents).copy()).permute(0, 3, 1, 2).float()
    assert np.abs(drawn[0].transpose(2, 0, 1) - F.avg_pool2d(whole, 2)[0].numpy()).max() <= 2


def test_its_layout_is_that_of_diffusers() -> None:
    with torch.device("meta"):
        decoder = AutoencoderTiny().decoder
    header = Header({f"decoder.{name}": tuple(weight.shape) for name, weight in decoder.named_parameters()})
    assert taesd_names(header) == {name: f"decoder.{name}" for name, _ in decoder.named_parameters()}


def test_what_is_no_taesd(taesd: Path, tiny: Path, tmp_path: Path) -> None:
    assert taesd_in(tiny) is None
    assert taesd_in(tmp_path / "nowhere") is None
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    assert taesd_in(tmp_path / "a.safetensors") is None
    bare = Path(shutil.copytree(taesd, tmp_path / "bare"))
    (bare / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has no diffusion_pytorch_model\.safetensors"):
        taesd_in(bare)


@pytest.mark.parametrize("name", ["taesdxl", "taesd3"])
def test_relatives_for_other_latents_are_refused(taesd: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(taesd, tmp_path / name))
    if name == "taesd3":
        AutoencoderTiny(latent_channels=16).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["_class_name"] == "AutoencoderTiny"
    with pytest.raises(ModelError, match="no TAESD for the latents of Stable Diffusion 1"):
        taesd_in(folder)


def test_a_damaged_taesd_is_done_without(taesd: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "taesd.safetensors"
    file.write_bytes((taesd / "diffusion_pytorch_model.safetensors").read_bytes()[:-100])
    assert open_tiny(file, CPU, torch.float32) is None
    save_file({"a": torch.zeros(1)}, file)
    assert open_tiny(file, CPU, torch.float32) is None
    assert caplog.text.count("Previews do without") == 2


def test_a_run_shows_it_and_makes_the_same_frames(tiny: Path, taesd: Path, still: RGB) -> None:
    request = MotionRequest(model="tiny", num_frames=2, num_inference_steps=10, width=64, height=64, seed=7)
    plain, drawn = _run(tiny, None, still, request), _run(tiny, taesd_in(taesd), still, request)
    assert np.array_equal(plain[0], drawn[0])
    assert [look and look[1] for look in plain[1]] == [8] * 10
    sizes = [look and look[1] for look in drawn[1]]
    assert sizes[:2] == [8, 8], "the linear map until the first look that is drawn"
    assert sizes[-1] == 64
    assert {None, 64} == set(sizes[sizes.index(64) :])


def _run(
    model: Path, taesd: Path | None, still: RGB, request: MotionRequest
) -> tuple[RGB, list[tuple[int, ...] | None]]:
    looks: list[tuple[int, ...] | None] = []

    def on_step(event: StepEvent) -> None:
        if event.stage == "sampling":
            looks.append(None if event.preview is None else event.preview.shape)

    animator = load_svd(model, device="cpu", dtype="fp32", taesd=taesd)
    frames = np.concatenate([chunk.frames for chunk in animator.animate(still, request, on_step)])
    return frames, looks


def test_the_price_of_a_look_is_counted() -> None:
    with torch.device("meta"):
        decoder, latents = AutoencoderTiny().decoder, torch.empty(cost.COUNTED_FRAMES, 4, 576 // 8, 1024 // 8)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        decoder(latents)
    assert counter.get_total_flops() == pytest.approx(cost.LOOK_FLOPS, rel=0.01)


@pytest.mark.parametrize("speed", ["exact", "fast", "faster", "turbo"])
@pytest.mark.parametrize("guidance", [1.0, 3.0])
@pytest.mark.parametrize("steps", [1, 4, 10, 25, 50])
def test_all_looks_at_a_run_take_a_fiftieth_of_it(speed: str, guidance: float, steps: int) -> None:
    request = MotionRequest(
        speed=speed, max_guidance_scale=guidance, min_guidance_scale=1.0, num_inference_steps=steps, num_frames=25
    )
    plan = Plan(chunk=1)
    looks = looks_at(request, plan, steps, Counting())
    drawn = [step for step in range(1, steps + 1) if looks.at(step, torch.zeros(1, 1, 4, 2, 2)) is Counting.PICTURE]
    assert len(drawn) * cost.LOOK_FLOPS * cost.scale(request) <= SHARE * flops(plan, request)
    assert drawn[-1:] in ([], [steps])
    if steps >= 10:
        assert drawn, "a run of usual length can afford a look"


class Counting:
    """Draws the same picture always."""

    PICTURE: RGB = np.zeros((1, 1, 1, 3), np.uint8)

    def draw(self, latents: torch.Tensor) -> RGB:
        return self.PICTURE


def test_looks_without_taesd_are_the_linear_map(latents: torch.Tensor) -> None:
    linear = preview(latents)
    shown = Looks(None, 5, 10).at(10, latents)
    assert linear is not None
    assert shown is not None
    assert np.array_equal(shown, linear)
    assert Looks(Counting(), 5, 10).at(10, None) is None


def test_a_preview_for_which_memory_is_short_is_left_out(
    taesd: Path, latents: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = taesd_in(taesd)
    tiny = file and open_tiny(file, CPU, torch.float32)
    assert tiny is not None

    def fail(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr(tiny, "decoder", fail)
    assert tiny.draw(latents) is None
