"""Single files in Stability's layout: their names, what is loaded from them, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
from safetensors.torch import save_file

from benchmarks.svd_figures.models import enliven
from pipelines.errors import ModelError
from pipelines.families.svd import architecture
from pipelines.families.svd.file_loading import PARTS
from pipelines.families.svd.loading import load_svd
from pipelines.families.svd.names import source_of
from pipelines.families.svd.network.layout import lay_out
from pipelines.families.svd.single_file import inspect
from pipelines.request import MotionRequest
from tests.tiny_svd import release, stability_file

KNOWN = {
    "unet": {
        "time_embedding.linear_2.bias": "time_embed.2.bias",
        "add_embedding.linear_1.weight": "label_emb.0.0.weight",
        "conv_in.weight": "input_blocks.0.0.weight",
        "down_blocks.0.resnets.0.spatial_res_block.norm1.weight": "input_blocks.1.0.in_layers.0.weight",
        "down_blocks.0.resnets.1.temporal_res_block.time_emb_proj.bias": (
            "input_blocks.2.0.time_stack.emb_layers.1.bias"
        ),
        "down_blocks.0.downsamplers.0.conv.weight": "input_blocks.3.0.op.weight",
        "down_blocks.1.resnets.0.spatial_res_block.conv_shortcut.weight": "input_blocks.4.0.skip_connection.weight",
        "down_blocks.1.resnets.0.time_mixer.mix_factor": "input_blocks.4.0.time_mixer.mix_factor",
        "down_blocks.2.attentions.1.transformer_blocks.0.ff.net.0.proj.weight": (
            "input_blocks.8.1.transformer_blocks.0.ff.net.0.proj.weight"
        ),
        "down_blocks.2.attentions.1.temporal_transformer_blocks.0.norm1.bias": (
            "input_blocks.8.1.time_stack.0.norm1.bias"
        ),
        "down_blocks.3.resnets.1.temporal_res_block.conv2.weight": "input_blocks.11.0.time_stack.out_layers.3.weight",
        "mid_block.resnets.1.spatial_res_block.conv1.bias": "middle_block.2.in_layers.2.bias",
        "mid_block.attentions.0.time_pos_embed.linear_2.weight": "middle_block.1.time_pos_embed.2.weight",
        "up_blocks.0.upsamplers.0.conv.weight": "output_blocks.2.1.conv.weight",
        "up_blocks.1.upsamplers.0.conv.weight": "output_blocks.5.2.conv.weight",
        "up_blocks.1.attentions.2.temporal_transformer_blocks.0.attn2.to_out.0.bias": (
            "output_blocks.5.1.time_stack.0.attn2.to_out.0.bias"
        ),
        "up_blocks.3.resnets.2.spatial_res_block.norm2.bias": "output_blocks.11.0.out_layers.0.bias",
        "up_blocks.3.attentions.2.proj_out.weight": "output_blocks.11.1.proj_out.weight",
        "conv_norm_out.weight": "out.0.weight",
        "conv_out.bias": "out.2.bias",
    },
    "vae": {
        "decoder.conv_in.weight": "decoder.conv_in.weight",
        "decoder.mid_block.resnets.0.spatial_res_block.conv1.weight": "decoder.mid.block_1.conv1.weight",
        "decoder.mid_block.resnets.1.temporal_res_block.norm1.bias": "decoder.mid.block_2.time_stack.in_layers.0.bias",
        "decoder.mid_block.resnets.0.time_mixer.mix_factor": "decoder.mid.block_1.mix_factor",
        "decoder.mid_block.attentions.0.to_q.weight": "decoder.mid.attn_1.q.weight",
        "decoder.mid_block.attentions.0.group_norm.weight": "decoder.mid.attn_1.norm.weight",
        "decoder.mid_block.attentions.0.to_out.0.bias": "decoder.mid.attn_1.proj_out.bias",
        "decoder.up_blocks.0.resnets.2.temporal_res_block.conv2.weight": (
            "decoder.up.3.block.2.time_stack.out_layers.3.weight"
        ),
        "decoder.up_blocks.2.resnets.0.spatial_res_block.conv_shortcut.bias": "decoder.up.1.block.0.nin_shortcut.bias",
        "decoder.up_blocks.1.upsamplers.0.conv.weight": "decoder.up.2.upsample.conv.weight",
        "decoder.conv_norm_out.bias": "decoder.norm_out.bias",
        "decoder.conv_out.weight": "decoder.conv_out.weight",
        "decoder.time_conv_out.weight": "decoder.conv_out.time_mix_conv.weight",
        "encoder.down_blocks.0.downsamplers.0.conv.bias": "encoder.down.0.downsample.conv.bias",
        "encoder.down_blocks.1.resnets.0.conv_shortcut.weight": "encoder.down.1.block.0.nin_shortcut.weight",
        "encoder.mid_block.attentions.0.to_v.bias": "encoder.mid.attn_1.v.bias",
        "quant_conv.weight": "quant_conv.weight",
    },
    "image_encoder": {
        "vision_model.embeddings.class_embedding": "class_embedding",
        "vision_model.embeddings.patch_embedding.weight": "conv1.weight",
        "vision_model.embeddings.position_embedding.weight": "positional_embedding",
        "vision_model.pre_layrnorm.bias": "ln_pre.bias",
        "vision_model.encoder.layers.31.self_attn.k_proj.weight": "transformer.resblocks.31.attn.in_proj_weight",
        "vision_model.encoder.layers.7.self_attn.out_proj.bias": "transformer.resblocks.7.attn.out_proj.bias",
        "vision_model.encoder.layers.0.mlp.fc2.weight": "transformer.resblocks.0.mlp.c_proj.weight",
        "vision_model.encoder.layers.0.layer_norm2.weight": "transformer.resblocks.0.ln_2.weight",
        "vision_model.post_layernorm.weight": "ln_post.weight",
        "visual_projection.weight": "proj",
    },
}
"""Names of diffusers, and what generative-models and OpenCLIP call them, below their prefixes."""

PREFIXES = {
    "unet": ("model.diffusion_model.",),
    "vae": ("first_stage_model.", "conditioner.embedders.3.encoder."),
    "image_encoder": ("conditioner.embedders.0.open_clip.model.visual.",),
}


@pytest.mark.parametrize("part", PARTS)
def test_known_names(part: str) -> None:
    for name, theirs in KNOWN[part].items():
        assert source_of(part, name).name in {prefix + theirs for prefix in PREFIXES[part]}


@pytest.fixture(scope="module")
def full() -> dict[str, Any]:
    """The networks as released, without numbers."""
    with torch.device("meta"):
        vae, clip = architecture.vae(), architecture.image_encoder()
        return {"unet": architecture.unet(), "vae": vae, "image_encoder": clip}


@pytest.mark.parametrize(("part", "millions"), [("unet", 1524.6), ("vae", 97.7), ("image_encoder", 632.1)])
def test_the_networks_are_as_large_as_the_released_ones(full: dict[str, Any], part: str, millions: float) -> None:
    assert sum(weight.numel() for weight in full[part].parameters()) / 1e6 == pytest.approx(millions, abs=0.06)


def test_every_weight_of_the_full_configuration_has_a_place_of_its_own(full: dict[str, Any]) -> None:
    sources = [source_of(part, name) for part in PARTS for name, _ in full[part].named_parameters()]
    assert len({(source.name, source.change) for source in sources}) == len(sources)
    diffusers_words = ("resnets", "attentions", "spatial_res", "temporal_res", "linear_", "down_blocks", "layer_norm")
    assert not [source.name for source in sources if any(word in source.name for word in diffusers_words)]
    for blocks in ("input_blocks", "output_blocks"):
        numbers = {
            source.name.split(f"{blocks}.")[1].split(".")[0] for source in sources if f".{blocks}." in source.name
        }
        assert numbers == {str(number) for number in range(12)}


def test_names_of_the_vae_are_those_of_the_public_conversion(full: dict[str, Any]) -> None:
    """diffusers converts the frame-wise VAE of Stable Diffusion, whose layers over space are the same."""
    names = [name for name, _ in full["vae"].named_parameters() if "temporal" not in name and "time_" not in name]
    theirs = {_frame_wise(source_of("vae", name).name): torch.tensor([n]) for n, name in enumerate(names)}
    blocks = {"down_block_types": [""] * 4, "up_block_types": [""] * 4}
    converted = convert_ldm_vae_checkpoint(theirs, blocks)
    assert {name.replace("spatial_res_block.", ""): n for n, name in enumerate(names)} == {
        name: int(number) for name, number in converted.items()
    }


def _frame_wise(name: str) -> str:
    return "first_stage_model." + name.removeprefix("first_stage_model.").removeprefix(
        "conditioner.embedders.3.encoder."
    )


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return {
            "unet": enliven(architecture.unet(32)),
            "vae": enliven(architecture.vae(32)),
            "image_encoder": architecture.image_encoder(80, 2),
        }


@pytest.fixture(scope="module")
def file(networks: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stability_file(tmp_path_factory.mktemp("single") / "svd_xt.safetensors", networks)


def test_a_single_file_is_loaded_weight_by_weight(file: Path, networks: dict[str, Any]) -> None:
    pipeline = load_svd(file, device="cpu", dtype="fp32").pipeline
    for part in PARTS:
        loaded, wanted = dict(getattr(pipeline, part).named_parameters()), copy.deepcopy(networks[part])
        lay_out(wanted, wanted.device)
        for name, weight in wanted.named_parameters():
            assert torch.equal(loaded[name], weight), name
    assert pipeline.unet.config.num_frames == 25


def test_it_makes_a_clip(file: Path, still: Any) -> None:
    request = MotionRequest(num_frames=2, num_inference_steps=1, width=64, height=64, seed=1)
    chunks = list(load_svd(file, device="cpu", dtype="bf16").animate(still, request))
    assert sum(len(chunk.frames) for chunk in chunks) == 2


def test_the_name_tells_the_frames(file: Path, tmp_path: Path) -> None:
    assert inspect(file).num_frames == 25
    short = tmp_path / "svd.safetensors"
    short.hardlink_to(file)
    assert inspect(short).num_frames == 14


def test_a_catalogue_of_single_files(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.models import catalogue

    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path))
    release(monkeypatch, file, "svd-xt")
    spec = catalogue.add_local(file)
    assert (spec.id, spec.path, spec.max_frames) == ("svd-xt", file, 25)
    assert catalogue.location(spec) == file
    assert catalogue.find(str(file)).size_bytes == file.stat().st_size


def header_of(tensors: dict[str, torch.Tensor], path: Path) -> Path:
    save_file(tensors, path)
    return path


def cut(file: Path, path: Path) -> Path:
    path.write_bytes(file.read_bytes()[:-1000])
    return path


def flip(file: Path, path: Path, position: int) -> Path:
    content = bytearray(file.read_bytes())
    content[position] ^= 0x80
    path.write_bytes(content)
    return path


def test_bad_files_are_refused_in_one_sentence(file: Path, tmp_path: Path) -> None:
    for bad, words in {
        cut(file, tmp_path / "cut.safetensors"): "it is cut off or damaged",
        flip(file, tmp_path / "length.safetensors", 4): "no safetensors file",
        flip(file, tmp_path / "header.safetensors", 40): "no safetensors file|lacks|cut off|damaged",
        header_of({"a": torch.zeros(2)}, tmp_path / "other.safetensors"): "is not Stable Video Diffusion",
        header_of(
            {"model.diffusion_model.input_blocks.1.0.time_stack.in_layers.2.weight": torch.zeros(2)},
            tmp_path / "unet.safetensors",
        ): "lacks the decoder, the VAE's encoder, the image encoder",
    }.items():
        with pytest.raises(ModelError, match=words):
            load_svd(bad, device="cpu", dtype="fp32")


@pytest.mark.parametrize("name", ["svd.ckpt", "svd_xt.bin", "svd.pt"])
def test_pickles_are_refused_unopened(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match="is a pickle, which can run any code"):
        load_svd(tmp_path / name)


def test_a_bit_that_makes_a_weight_infinite_is_found(file: Path, tmp_path: Path) -> None:
    raw = file.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    entry = json.loads(raw[8 : 8 + length])["model.diffusion_model.out.0.weight"]
    place = 8 + length + entry["data_offsets"][0]
    (tmp_path / "svd.safetensors").write_bytes(raw[:place] + b"\x00\x00\x80\x7f" + raw[place + 4 :])
    with pytest.raises(ModelError, match="not finite: it is damaged"):
        load_svd(tmp_path / "svd.safetensors", device="cpu", dtype="fp32")
