"""Files that stand on a release: a UNet in place of the release's, or low-rank deltas of its weights. Knows no torch.

What is published as `AnimateLCM-SVD-xt.safetensors` is the first kind, what is called a LoRA the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.errors import ModelError
from pipelines.families.svd.folder import XT_1_1, SvdFolder, inspect_folder
from pipelines.families.svd.names import UNET
from pipelines.families.svd.single_file import MARKS, XT_FRAMES, Header, read_header, whole_in
from pipelines.models.files import check_no_pickle
from pipelines.models.spec import ModelSpec

Kind = Literal["unet", "deltas"]

LOW_RANK = re.compile(r"^(?P<layer>.+?)\.lora[._](?P<side>A|B|down|up)(?:\.(?P<adapter>[^.]+))?\.weight$")
"""The names of the two halves of a delta: PEFT's, with or without an adapter's name, and diffusers' (`lora_A`,
`lora.down`), kohya's (`lora_down`)."""

OF_A_PROCESSOR = re.compile(
    r"^(?P<owner>.+?)\.processor\.(?P<projection>to_[qkv]|to_out)_lora\.(?P<side>down|up)\.weight$"
)
"""The same as diffusers had them first, at the attention's processor."""

UNET_PREFIXES = ("", "unet.", UNET, "diffusion_model.")
"""What a file of a UNet alone may have in front of its names."""

UNET_MARKS = (
    "down_blocks.0.resnets.0.temporal_res_block.conv1.weight",
    MARKS["the UNet"].removeprefix(UNET),
)
"""A weight that no UNet for single pictures has, in diffusers' words and in Stability's."""


@dataclass(frozen=True)
class AddOn:
    """A file that has to stand on a release."""

    path: Path
    kind: Kind

    @property
    def says_xt(self) -> bool:
        """Whether it was made for an XT release; nothing inside of it would tell."""
        return "xt" in self.path.stem.lower()


def recognise(path: Path) -> SvdFolder | AddOn:
    """What a folder or file is, by its settings or header alone; opens no weights.

    Raises `ModelError` where it is no Stable Video Diffusion and nothing that stands on one.
    """
    if not path.exists():
        raise ModelError(f"There is no {path}.", "Check the path.")
    if path.is_dir():
        return inspect_folder(path)
    check_no_pickle(path)
    header = read_header(path)
    kind = _kind(header)
    return whole_in(path, header) if kind is None else AddOn(path, kind)


def base_of(add_on: AddOn, here: Sequence[ModelSpec]) -> ModelSpec:
    """The release that an add-on stands on, of those that are `here`, in the order they are preferred in.

    One that says XT goes on 25 frames only; the very release that it names comes first. Raises `ModelError` if none is.
    """
    fitting = [spec for spec in here if not add_on.says_xt or spec.max_frames == XT_FRAMES]
    if not fitting:
        wanted = "Stable Video Diffusion XT" if add_on.says_xt else "a release of Stable Video Diffusion"
        raise ModelError(
            f"{add_on.path.name} stands on {wanted}, which is not on this machine.",
            "Download it on the Models page, or add it first: python app.py models add PATH.",
        )
    named = XT_1_1.search(add_on.path.name.lower()) is not None
    return next((spec for spec in fitting if named and spec.id == "svd-xt-1-1"), fitting[0])


def is_add_on(header: Header) -> bool:
    """Whether a file with this header has to stand on a release."""
    return _kind(header) is not None


def half_of(name: str) -> tuple[str, str] | None:
    """The layer that a half of a delta belongs to, and its side; None for any other name."""
    match = LOW_RANK.match(name)
    if match is not None:
        return match["layer"], match["side"]
    match = OF_A_PROCESSOR.match(name)
    if match is None:
        return None
    projection = "to_out.0" if match["projection"] == "to_out" else match["projection"]
    return f"{match['owner']}.{projection}", match["side"]


def unet_prefix(names: Iterable[str]) -> str | None:
    """What a file has in front of the names of its UNet; None where it has no UNet of this kind."""
    known = set(names)
    return next((prefix for prefix in UNET_PREFIXES for mark in UNET_MARKS if prefix + mark in known), None)


def _kind(header: Header) -> Kind | None:
    if any(half_of(name) is not None for name in header.shapes):
        return "deltas"
    is_more = any(mark in header.shapes for part, mark in MARKS.items() if part != "the UNet")
    return None if is_more or unet_prefix(header.shapes) is None else "unet"
