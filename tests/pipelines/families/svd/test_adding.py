"""`models add`: what becomes of a UNet, of deltas and of TAESD, which release they stand on, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderTiny

import pipelines
from jobs.make_clip import Order, make_clip
from jobs.recipe import recipe_text
from pipelines.errors import ModelError
from pipelines.loading import add, remove
from pipelines.machine import data_folder
from pipelines.models.asking import request_for
from pipelines.models.catalogue import find, location, models, named_models, places_of
from tests.tiny_svd import lora_file, make_tiny_svd, random_halves, release, unet_file, unet_of

STILL = Path(__file__).resolve().parents[4] / "assets" / "stills" / "lake.jpg"

XT = "Stable Video Diffusion XT"


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`svd` (14 frames), `svd-xt` and `svd-xt-1-1` (25)."""
    root = tmp_path_factory.mktemp("releases")
    for seed, (name, num_frames) in enumerate({"svd": 14, "svd-xt": 25, "svd-xt-1-1": 25}.items()):
        make_tiny_svd(root / name, num_frames=num_frames, seed=seed)
    return root


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, releases: Path) -> None:
    for name in ("svd", "svd-xt", "svd-xt-1-1"):
        release(monkeypatch, releases / name, name)
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("STILLMOTION_SVD_PATH", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def lora(releases: Path, tmp_path: Path) -> Path:
    return lora_file(tmp_path / "pan-left.safetensors", random_halves(unet_of(releases / "svd"), ("conv_in",)))


def test_animate_lcm_becomes_a_model_of_its_own(releases: Path, tmp_path: Path) -> None:
    add(releases / "svd-xt")
    file = unet_file(tmp_path / "AnimateLCM-SVD-xt.safetensors", unet_of(releases / "svd"))
    assert add(file) == f"AnimateLCM-SVD-xt is known as animatelcm-svd-xt, on {XT}."
    spec = find("animatelcm-svd-xt")
    assert (spec.base, spec.max_frames, spec.is_distilled, spec.gated) == ("svd-xt", 25, True, False)
    assert spec.note == f"A UNet of its own on {XT}, added from {file.name}."
    assert spec.size_bytes == file.stat().st_size
    assert location(spec) == file
    request = request_for({"model": spec.id, "speed": "turbo"})
    assert (request.num_inference_steps, request.num_frames) == (4, 25)
    assert [known.id for known in models()][len(named_models()) :] == ["animatelcm-svd-xt"]


def test_a_lora_is_loaded_onto_its_release(releases: Path, lora: Path) -> None:
    add(releases / "svd")
    assert add(lora) == "pan-left is known as pan-left, on Stable Video Diffusion."
    plain, changed = (pipelines.load(model, "cpu", "fp32").pipeline.unet for model in ("svd", "pan-left"))  # type: ignore[attr-defined]
    assert not torch.equal(plain.conv_in.weight, changed.conv_in.weight)
    assert torch.equal(plain.conv_out.weight, changed.conv_out.weight)


def test_xt_comes_first_unless_the_name_says_otherwise(releases: Path, lora: Path, tmp_path: Path) -> None:
    for name in ("svd", "svd-xt-1-1", "svd-xt"):
        add(releases / name)
    add(lora)
    assert find("pan-left").base == "svd-xt"
    for name, base in {"lora-xt": "svd-xt", "lora_svd_xt_1_1": "svd-xt-1-1"}.items():
        assert find(str(lora.rename(lora.with_stem(name)))).base == base
        lora = lora.with_stem(name)


def test_without_its_release_nothing_is_added(releases: Path, lora: Path) -> None:
    with pytest.raises(ModelError, match=r"stands on a release of .*, which is not on this machine\. Download it"):
        add(lora)
    add(releases / "svd")
    xt = lora.rename(lora.with_stem("pan-left-xt"))
    with pytest.raises(ModelError, match=f"stands on {XT}, which is not on this machine"):
        add(xt)
    assert len(models()) == len(named_models())


def test_the_choice_stays_and_a_release_that_goes_takes_it_along(releases: Path, lora: Path, tmp_path: Path) -> None:
    place = Path(shutil.copytree(releases / "svd", tmp_path / "svd"))
    add(place)
    add(lora)
    add(releases / "svd-xt")
    assert find("pan-left").base == "svd"
    shutil.rmtree(place)
    assert location(find("pan-left")) is None
    with pytest.raises(ModelError, match="The files of Stable Video Diffusion are not on this machine"):
        pipelines.load("pan-left", "cpu", "fp32")


def test_an_add_on_may_stand_on_a_model_of_ones_own(lora: Path, tmp_path: Path) -> None:
    add(make_tiny_svd(tmp_path / "my tune", num_frames=14, seed=7))
    assert add(lora) == "pan-left is known as pan-left, on my tune."
    assert (find("pan-left").base, location(find("pan-left"))) == ("my-tune", lora)
    with pytest.raises(ModelError, match=r"pan-left stands on my-tune\. Remove that first"):
        remove("my-tune")
    for model in ("pan-left", "my-tune"):
        remove(model)
    assert len(models()) == len(named_models())


def test_what_does_not_fit_is_not_added(releases: Path, lora: Path, tmp_path: Path) -> None:
    add(releases / "svd")
    foreign = lora_file(tmp_path / "sdxl.safetensors", {"down_blocks.9.to_q": (torch.zeros(1, 2), torch.zeros(2, 1))})
    with pytest.raises(ModelError, match=r"sdxl\.safetensors is made for another model"):
        add(foreign)
    assert len(models()) == len(named_models())
    assert pipelines.load("svd", "cpu", "fp32") is not None


def test_a_file_that_is_gone_leaves_its_card(releases: Path, lora: Path) -> None:
    add(releases / "svd")
    add(lora)
    lora.unlink()
    spec = find("pan-left")
    assert (spec.name, location(spec)) == ("pan-left.safetensors", None)
    order = Order(STILL, request_for({"model": "pan-left", "seed": 1}), lora.with_suffix(".mp4"))
    with pytest.raises(ModelError, match="The files of pan-left"):
        make_clip(order)


def test_a_recipe_names_the_release_and_the_add_on(releases: Path, lora: Path, tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    still.write_bytes(b"a picture")

    def origin(model: str) -> str:
        return str(json.loads(recipe_text(request_for({"model": model}), still))["revision"])

    assert origin("svd") == find("svd").revision, "the pinned commit of what would be downloaded"
    add(releases / "svd")
    add(lora)
    own, base = origin("pan-left").split(" on ")
    assert own.startswith("sha256:")
    assert base == origin("svd")
    assert base.startswith("sha256:"), "files of a person's own are what they are, not the pinned commit"
    assert own != base


def test_the_environment_may_name_one(releases: Path, lora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLMOTION_SVD_PATH", str(lora))
    assert location(find("pan-left")) is None
    add(releases / "svd")
    assert (find("pan-left").base, location(find("pan-left"))) == ("svd", lora)


def test_taesd_is_no_model(releases: Path, tmp_path: Path) -> None:
    add(releases / "svd")
    folder = tmp_path / "taesd"
    AutoencoderTiny().save_pretrained(folder)
    assert add(folder) == "taesd draws the previews of Stable Video Diffusion from now on."
    assert len(models()) == len(named_models())
    file = folder / "diffusion_pytorch_model.safetensors"
    assert places_of(find("svd")).parts == {"taesd": file}
    file.unlink()
    assert places_of(find("svd")).parts == {}
    assert (data_folder() / "models.json").is_file()
