"""UNets and deltas that stand on a release: what they are read as, what comes out, what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNetSpatioTemporalConditionModel
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from pipelines.contract import RGB
from pipelines.errors import ModelError
from pipelines.families.svd import architecture
from pipelines.families.svd.addon import AddOn, recognise
from pipelines.families.svd.fitting import KOHYA, Shapes, deltas_in, layer_names, unet_sources
from pipelines.families.svd.folder import inspect_folder
from pipelines.families.svd.fusing import lay_on, shapes_of
from pipelines.families.svd.loading import check_add_on, load_svd
from pipelines.families.svd.single_file import Header
from pipelines.request import MotionRequest
from tests.tiny_svd import (
    LORA_NAMES,
    Halves,
    lora_file,
    make_tiny_svd,
    named_as,
    random_halves,
    stability_file,
    unet_file,
    unet_of,
)

LAYOUTS = ("diffusers", "unet.", "stability", "bare stability")

LAYERS = (
    "conv_in",
    "time_embedding.linear_1",
    "down_blocks.0.resnets.0.spatial_res_block.conv1",
    "down_blocks.0.resnets.0.temporal_res_block.conv2",
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q",
    "down_blocks.0.attentions.0.temporal_transformer_blocks.0.attn1.to_out.0",
    "up_blocks.1.resnets.0.spatial_res_block.conv_shortcut",
    "mid_block.attentions.0.temporal_transformer_blocks.0.ff.net.2",
)
"""Matrices, and convolutions over 3x3, 1x1 and three frames."""


@pytest.fixture
def halves(tiny: Path) -> Halves:
    return random_halves(unet_of(tiny), LAYERS)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint with other weights."""
    return make_tiny_svd(tmp_path_factory.mktemp("models") / "other", seed=1)


@pytest.fixture(scope="module")
def full() -> Shapes:
    """The shapes of the released UNet."""
    with torch.device("meta"):
        return shapes_of(architecture.unet())


def clip(model: Path, still: RGB, request: MotionRequest, add_on: Path | None = None) -> RGB:
    animator = load_svd(model, device="cpu", dtype="fp32", add_on=add_on)
    return np.concatenate([chunk.frames for chunk in animator.animate(still, request)])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_weight_of_the_released_unet_is_found(full: Shapes, layout: str) -> None:
    header = Header({named_as(layout, name): shape for name, shape in full.items()})
    sources = unet_sources(Path("unet.safetensors"), header, full)
    assert sources == {name: named_as(layout, name) for name in full}


def test_every_layer_of_the_released_unet_can_be_changed(full: Shapes) -> None:
    layers = [name.removesuffix(".weight") for name in full if name.endswith(".weight")]
    names = layer_names(full)
    for layer in layers:
        theirs = named_as("bare stability", f"{layer}.weight").removesuffix(".weight")
        for called in (layer, f"unet.{layer}", f"base_model.model.{layer}", theirs, f"diffusion_model.{theirs}"):
            assert names[called] == f"{layer}.weight"
        for flat in (layer, theirs):
            assert names[KOHYA + flat.replace(".", "_")] == f"{layer}.weight", "two layers share a flattened name"


def test_a_unet_alone_makes_the_clip_of_a_whole_checkpoint_with_it(
    tiny: Path, other: Path, tmp_path: Path, still: RGB, request_4: MotionRequest
) -> None:
    whole = Path(shutil.copytree(tiny, tmp_path / "whole"))
    shutil.copytree(other / "unet", whole / "unet", dirs_exist_ok=True)
    expected = clip(whole, still, request_4)
    assert _farthest(expected, clip(tiny, still, request_4)) > 5
    for layout in LAYOUTS:
        alone = unet_file(tmp_path / f"{layout}.safetensors", unet_of(other), layout)
        assert recognise(alone) == AddOn(alone, "unet")
        # One grey level: where a file has a weight decides how sums over it round.
        assert _farthest(expected, clip(tiny, still, request_4, alone)) <= 1, layout


def _farthest(a: RGB, b: RGB) -> int:
    return int(np.abs(a.astype(int) - b).max())


def test_fused_deltas_do_what_the_low_rank_path_does(tiny: Path, tmp_path: Path, halves: Halves) -> None:
    alpha = 3.0
    add_on = AddOn(lora_file(tmp_path / "lora.safetensors", halves, alpha=alpha), "deltas")
    fused, base = (UNetSpatioTemporalConditionModel.from_pretrained(tiny / "unet", variant="fp16") for _ in range(2))
    lay_on(fused, add_on, inspect_folder(tiny))
    plain = _output(base.double())
    for layer, (down, up) in halves.items():
        _branch(base.get_submodule(layer), down.double(), up.double() * (alpha / len(down)))
    expected, found = _output(base), _output(fused.double())
    assert (found - expected).norm() < 1e-6 * expected.norm()
    assert (plain - expected).norm() > 1e-2 * expected.norm(), "the deltas change nothing to speak of"


def _branch(layer: torch.nn.Module, down: torch.Tensor, up: torch.Tensor) -> None:
    """Adds the low-rank path beside a layer, as it is trained."""

    def beside(module: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        if isinstance(module, torch.nn.Linear):
            return output + F.linear(F.linear(inputs[0], down), up)
        conv = F.conv3d if isinstance(module, torch.nn.Conv3d) else F.conv2d
        return output + conv(conv(inputs[0], down, stride=module.stride, padding=module.padding), up)

    layer.register_forward_hook(beside)


@torch.no_grad()
def _output(unet: Any) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(1, 4, 8, 8, 8, generator=generator, dtype=torch.float64)
    context = torch.randn(1, 1, 32, generator=generator, dtype=torch.float64)
    return unet(x, torch.tensor(0.3), context, torch.tensor([[6.0, 127.0, 0.02]], dtype=torch.float64)).sample


@pytest.mark.parametrize("layout", LORA_NAMES)
def test_the_names_of_all_tools_mean_the_same(tiny: Path, tmp_path: Path, halves: Halves, layout: str) -> None:
    add_on = lora_file(tmp_path / "lora.safetensors", halves, layout, alpha=1.0)
    assert recognise(add_on) == AddOn(add_on, "deltas")
    unet = load_svd(tiny, device="cpu", dtype="fp32", add_on=add_on).pipeline.unet
    down, up = halves["conv_in"]
    expected = unet_of(tiny)["conv_in.weight"] + 0.5 * torch.einsum("or,rikl->oikl", up[:, :, 0, 0], down)
    assert torch.allclose(unet.conv_in.weight, expected, atol=1e-6)


def test_a_lora_of_attention_processors_means_the_same(tiny: Path, tmp_path: Path, halves: Halves) -> None:
    """As diffusers saved them first."""
    attention = {layer: pair for layer, pair in halves.items() if ".attn1." in layer}
    assert len(attention) == 2, "a projection and an output"
    tensors = {}
    for layer, pair in attention.items():
        owner, _, projection = layer.removesuffix(".0").rpartition(".")
        for side, half in zip(("down", "up"), pair, strict=True):
            tensors[f"unet.{owner}.processor.{projection}_lora.{side}.weight"] = half.clone()
    file = tmp_path / "older.safetensors"
    save_file(tensors, file)
    assert recognise(file) == AddOn(file, "deltas")
    plain = lora_file(tmp_path / "plain.safetensors", attention)
    unets = (load_svd(tiny, device="cpu", dtype="fp32", add_on=each).pipeline.unet for each in (file, plain, None))
    older, newer, bare = (list(unet.parameters()) for unet in unets)
    assert all(map(torch.equal, older, newer))
    assert not all(map(torch.equal, older, bare))


def test_two_adapters_in_one_file_are_refused(tiny: Path, tmp_path: Path, halves: Halves) -> None:
    file = lora_file(tmp_path / "two.safetensors", halves, "PEFT, named")
    both = load_file(file)
    save_file(both | {name.replace("my_adapter", "another"): half.clone() for name, half in both.items()}, file)
    with pytest.raises(ModelError, match="holds several LoRAs"):
        load_svd(tiny, device="cpu", dtype="fp32", add_on=file)


def test_alpha_in_the_header_counts(tiny: Path, tmp_path: Path, halves: Halves) -> None:
    weights = unet_of(tiny)
    unet = UNetSpatioTemporalConditionModel.from_pretrained(tiny / "unet", variant="fp16")
    about = {"lora_adapter_metadata": json.dumps({"unet.r": 2, "unet.lora_alpha": 6})}
    lay_on(unet, AddOn(lora_file(tmp_path / "lora.safetensors", halves, **about), "deltas"), inspect_folder(tiny))
    layer = "time_embedding.linear_1.weight"
    down, up = halves["time_embedding.linear_1"]
    assert torch.allclose(dict(unet.named_parameters())[layer], weights[layer] + 3.0 * up @ down, atol=1e-5)


def test_deltas_are_added_in_float32_and_rounded_once(tiny: Path, tmp_path: Path, halves: Halves) -> None:
    base = Path(shutil.copytree(tiny, tmp_path / "base"))
    file = next((base / "unet").glob("*.safetensors"))
    weights = {name: weight.half() for name, weight in unet_of(tiny).items()}
    save_file(weights, file)
    add_on = lora_file(tmp_path / "lora.safetensors", halves)
    unet = load_svd(base, device="cpu", dtype="bf16", add_on=add_on).pipeline.unet
    weight, (down, up) = weights["time_embedding.linear_1.weight"], halves["time_embedding.linear_1"]
    once, twice = (known.float() + up @ down for known in (weight, weight.bfloat16()))
    assert torch.equal(unet.time_embedding.linear_1.weight, once.bfloat16())
    assert not torch.equal(once.bfloat16(), twice.bfloat16())


def test_deltas_go_onto_a_single_file_too(tmp_path: Path) -> None:
    networks = {
        "unet": architecture.unet(32),
        "vae": architecture.vae(32),
        "image_encoder": architecture.image_encoder(80, 2),
    }
    base = stability_file(tmp_path / "svd_xt.safetensors", networks)
    weights = dict(networks["unet"].named_parameters())
    layer = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0"
    halves = random_halves(weights, (layer,))
    add_on = lora_file(tmp_path / "lora.safetensors", halves, "kohya")
    check_add_on(add_on, base)
    unet = load_svd(base, device="cpu", dtype="fp32", add_on=add_on).pipeline.unet
    down, up = halves[layer]
    assert torch.allclose(unet.get_parameter(f"{layer}.weight"), weights[f"{layer}.weight"] + up @ down, atol=1e-6)


SDXL = "down_blocks.1.attentions.0.transformer_blocks.1.attn1.to_q"


def bad_deltas(folder: Path, halves: Halves) -> dict[Path, str]:
    """Files of deltas that cannot be laid on, and what is said of each."""
    pair = halves["conv_in"]
    down, up = halves["time_embedding.linear_1"]

    def plain(name: str, **tensors: torch.Tensor) -> Path:
        save_file({key.replace("__", "."): tensor.clone() for key, tensor in tensors.items()}, folder / name)
        return folder / name

    return {
        lora_file(folder / "sdxl.safetensors", {SDXL: (down, up)}): "sdxl.safetensors is made for another model",
        lora_file(folder / "mixed.safetensors", {"conv_in": pair, SDXL: pair}): f"changes unet.{SDXL}, which the UNet",
        lora_file(folder / "shape.safetensors", {"conv_in": (down, up)}): "changes conv_in.weight by .* does not fit",
        lora_file(
            folder / "rank.safetensors", {"conv_in": (pair[0][:1], pair[1])}
        ): "conv_in.weight by 32x2x1x1 times 1x8x3x3",
        plain("half.safetensors", conv_in__lora_A__weight=pair[0]): "only a part of the delta of conv_in",
        plain("dora.safetensors", conv_in__lora_A__weight=pair[0], conv_in__dora_scale=down): "has conv_in.dora_scale",
        lora_file(
            folder / "rs.safetensors", halves, lora_adapter_metadata='{"unet.use_rslora": true}'
        ): "made with use_rslora",
        lora_file(folder / "about.safetensors", halves, lora_adapter_metadata="["): "settings in about.safetensors",
        lora_file(
            folder / "nan.safetensors", {"conv_in": (pair[0] * float("nan"), pair[1])}
        ): "makes conv_in.weight infinite",
    }


def test_deltas_that_do_not_fit_are_refused_in_one_sentence(tiny: Path, tmp_path: Path, halves: Halves) -> None:
    for file, words in bad_deltas(tmp_path, halves).items():
        with pytest.raises(ModelError, match=words):
            load_svd(tiny, device="cpu", dtype="fp32", add_on=file)


def test_unets_that_do_not_fit_are_refused_in_one_sentence(tiny: Path, other: Path, tmp_path: Path) -> None:
    weights = unet_of(other)
    mark = "down_blocks.0.resnets.0.temporal_res_block.conv1.weight"
    lacking = {name: weight for name, weight in weights.items() if name != "conv_out.bias"}
    for name, (tensors, words) in {
        "lacking": (lacking, "lacks conv_out.bias of the UNet"),
        "shape": (weights | {"conv_in.bias": torch.zeros(7)}, r"conv_in.bias is 7 in shape.safetensors, not 32"),
        "more": (weights | {"controlnet.weight": torch.zeros(7)}, "more.safetensors has controlnet.weight"),
        "infinite": (weights | {mark: weights[mark] / 0}, "makes .*temporal_res_block.conv1.weight infinite"),
    }.items():
        file = unet_file(tmp_path / f"{name}.safetensors", {}) if not tensors else tmp_path / f"{name}.safetensors"
        save_file(tensors, file)
        with pytest.raises(ModelError, match=words):
            load_svd(tiny, device="cpu", dtype="fp32", add_on=file)


def test_files_that_are_no_add_on_are_refused_by_their_header(tiny: Path, other: Path, tmp_path: Path) -> None:
    unet = unet_file(tmp_path / "unet.safetensors", unet_of(other))
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(unet.read_bytes()[:-1000])
    pickle = tmp_path / "lora.bin"
    pickle.write_bytes(b"\x80\x04.")
    foreign = tmp_path / "foreign.safetensors"
    save_file({"down_blocks.0.resnets.0.conv1.weight": torch.zeros(2)}, foreign)
    for file, words in {cut: "cut off", pickle: "is a pickle", foreign: "is not Stable Video Diffusion"}.items():
        with pytest.raises(ModelError, match=words):
            recognise(file)
    with pytest.raises(ModelError, match=r"There is no .*nowhere\.safetensors\. Check the path\."):
        recognise(tmp_path / "nowhere.safetensors")
    with pytest.raises(ModelError, match="is a whole model"):
        load_svd(tiny, device="cpu", dtype="fp32", add_on=tiny)


def test_the_same_layer_under_two_names_is_refused(tiny: Path, halves: Halves) -> None:
    unet = {name: tuple(weight.shape) for name, weight in unet_of(tiny).items()}
    down, up = (tuple(half.shape) for half in halves["conv_in"])
    names = {
        f"{layer}.lora_{side}.weight": shape
        for layer in ("conv_in", "unet.conv_in")
        for side, shape in (("A", down), ("B", up))
    }
    with pytest.raises(ModelError, match=r"changes conv_in\.weight twice"):
        deltas_in(Path("lora.safetensors"), Header(names), unet)
