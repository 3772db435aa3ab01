"""An add-on laid onto the UNet of the release that it stands on, before anything is computed with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from safetensors import safe_open

from pipelines.errors import ModelError
from pipelines.families.svd.addon import AddOn
from pipelines.families.svd.fitting import Delta, Shapes, deltas_in, unet_sources
from pipelines.families.svd.folder import WEIGHTS, SvdFolder
from pipelines.families.svd.names import source_of
from pipelines.families.svd.single_file import read_header

Original = Callable[[str], torch.Tensor]
"""A weight of the release's UNet as its file has it, by diffusers' name."""


def lay_on(unet: Any, add_on: AddOn, base: SvdFolder) -> None:
    """Changes the weights of `unet`, a `UNetSpatioTemporalConditionModel` on the CPU, in place.

    A bare UNet takes the place of its weights. Deltas are added, W + alpha / rank * (up times down) as in LoRA (Hu et
    al. 2021, arXiv 2106.09685), in float32 to the weights as they are in the files of `base`, and rounded once.
    Raises `ModelError` before anything is changed where a weight does not fit, and where one is not finite.
    """
    header, shapes = read_header(add_on.path), shapes_of(unet)
    if add_on.kind == "unet":
        sources = unet_sources(add_on.path, header, shapes)
        with safe_open(add_on.path, framework="pt") as file:
            _put(unet, add_on, ((name, file.get_tensor(source)) for name, source in sources.items()))
        return
    deltas = deltas_in(add_on.path, header, shapes)
    with safe_open(add_on.path, framework="pt") as file, originals(base) as original:
        _put(unet, add_on, ((delta.weight, _fused(original(delta.weight), delta, file)) for delta in deltas))


def check_fit(unet: Any, add_on: AddOn) -> None:
    """Raises `ModelError` where the add-on does not fit `unet`, which needs no numbers."""
    fitting = unet_sources if add_on.kind == "unet" else deltas_in
    fitting(add_on.path, read_header(add_on.path), shapes_of(unet))


def shapes_of(unet: Any) -> Shapes:
    """The shapes of a network's weights by their names."""
    return {name: tuple(weight.shape) for name, weight in unet.named_parameters()}


@contextmanager
def originals(base: SvdFolder) -> Iterator[Original]:
    """Reads single weights of the UNet of a release, from its folder or single file."""
    if base.path.is_file():
        with safe_open(base.path, framework="pt") as file:
            yield lambda name: file.get_tensor(source_of("unet", name).name)
        return
    with ExitStack() as stack:
        files = [stack.enter_context(safe_open(file, framework="pt")) for file in _unet_files(base)]
        places = {name: file for file in files for name in file.keys()}  # noqa: SIM118 - it is no dictionary
        yield lambda name: places[name].get_tensor(name)


def _unet_files(base: SvdFolder) -> list[Any]:
    variant = f".{base.variant}" if base.variant else ""
    folder, name = base.path / "unet", WEIGHTS["unet"]
    whole = folder / f"{name}{variant}.safetensors"
    return [whole] if whole.is_file() else sorted(folder.glob(f"{name}*-of-*.safetensors"))


def _fused(weight: torch.Tensor, delta: Delta, file: Any) -> torch.Tensor:
    down, up = (file.get_tensor(name).float().flatten(1) for name in (delta.down, delta.up))
    alpha = file.get_tensor(delta.alpha).item() if isinstance(delta.alpha, str) else delta.alpha
    scale = 1.0 if alpha is None else alpha / len(down)
    return weight.float() + scale * (up @ down).reshape(weight.shape)


def _put(unet: Any, add_on: AddOn, weights: Iterator[tuple[str, torch.Tensor]]) -> None:
    places = dict(unet.named_parameters())
    for name, weight in weights:
        place = places[name]
        # A copy: what is read from a file lies wherever the file has it, which is slower and rounds differently.
        rounded = torch.empty_like(place, memory_format=torch.contiguous_format).copy_(weight)
        if not torch.isfinite(rounded).all():
            raise ModelError(f"{add_on.path.name} makes {name} infinite: it is damaged.", "Download it again.")
        place.data = rounded
