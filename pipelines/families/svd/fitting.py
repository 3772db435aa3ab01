"""Which weight of the UNet each weight of an add-on belongs to. Knows no torch: names and shapes are enough."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ModelError
from pipelines.families.svd.addon import UNET_PREFIXES, half_of, unet_prefix
from pipelines.families.svd.names import UNET, source_of
from pipelines.families.svd.single_file import Header

Shape = tuple[int, ...]

Shapes = Mapping[str, Shape]
"""The shapes of the UNet's weights, by diffusers' names."""

LAYER_PREFIXES = (*UNET_PREFIXES, "base_model.model.", "base_model.model.unet.")
"""What may stand in front of the name of a layer in a file of deltas; kohya's is another, for flattened names."""

KOHYA = "lora_unet_"

DOWN = {"A", "down"}
"""The half that comes first: from a layer's input to few numbers."""

ALPHA = ".alpha"

ADAPTER = "lora_adapter_metadata"
"""Where diffusers keeps the settings of a LoRA: as JSON, in the header."""

MORE_THAN_DELTAS = ("use_dora", "use_rslora", "alpha_pattern")
"""Settings with which the two halves alone do not tell the delta (PEFT, `LoraConfig`)."""

PLAIN = "Give a plain LoRA, of the UNet alone."

OURS = "Give one that was made for Stable Video Diffusion."


@dataclass(frozen=True)
class Delta:
    """A change of `weight` by `up` times `down`, both names in the file, times `alpha` over their rank.

    `alpha` is a name in the file, a number that holds for all of it, or None: the rank.
    """

    weight: str
    down: str
    up: str
    alpha: str | float | None = None


def unet_sources(file: Path, header: Header, unet: Shapes) -> dict[str, str]:
    """Where in the file of a bare UNet each weight of the UNet is.

    Raises `ModelError` naming the first weight that is missing, of another shape, or not known.
    """
    prefix = unet_prefix(header.shapes) or ""
    sources = {name: _find(name, prefix, header) for name in unet}
    for name, source in sources.items():
        if source is None:
            raise ModelError(f"{file.name} lacks {name} of the UNet.", "Give an unchanged download.")
        if header.shapes[source] != unet[name]:
            raise ModelError(
                f"{name} is {_words(header.shapes[source])} in {file.name}, not {_words(unet[name])}.", OURS
            )
    strangers = sorted(set(header.shapes) - set(sources.values()))
    if strangers:
        raise ModelError(f"{file.name} has {strangers[0]}, which the UNet has not.", OURS)
    return {name: source for name, source in sources.items() if source is not None}


def deltas_in(file: Path, header: Header, unet: Shapes) -> list[Delta]:
    """What a file of deltas changes; each weight at most once.

    Raises `ModelError` naming the first delta without a weight of its shape, and for files that hold more than deltas.
    """
    halves, layers = _halves(file, header), layer_names(unet)
    if not any(layer in layers for layer in halves):
        raise ModelError(f"{file.name} is made for another model: nothing that it changes is in this one.", OURS)
    alpha = _alpha_of_all(file, header)
    deltas: dict[str, Delta] = {}
    for layer, (down, up) in halves.items():
        weight = layers.get(layer)
        if weight is None:
            raise ModelError(f"{file.name} changes {layer}, which the UNet has not.", OURS)
        if weight in deltas:
            raise ModelError(f"{file.name} changes {weight} twice.", PLAIN)
        _check_shapes(file, (header.shapes[up], header.shapes[down]), (weight, unet[weight]))
        own = layer + ALPHA
        deltas[weight] = Delta(weight, down, up, own if own in header.shapes else alpha)
    return list(deltas.values())


def layer_names(unet: Shapes) -> dict[str, str]:
    """The weight of each layer of the UNet, by all names that files of deltas have for the layer."""
    names: dict[str, str] = {}
    for weight in unet:
        if weight.endswith(".weight"):
            theirs = source_of("unet", weight).name.removeprefix(UNET)
            for layer in (weight.removesuffix(".weight"), theirs.removesuffix(".weight")):
                names |= dict.fromkeys((prefix + layer for prefix in LAYER_PREFIXES), weight)
                names[KOHYA + layer.replace(".", "_")] = weight
    return names


def _find(name: str, prefix: str, header: Header) -> str | None:
    theirs = source_of("unet", name).name.removeprefix(UNET)
    return next((prefix + known for known in (name, theirs) if prefix + known in header.shapes), None)


def _halves(file: Path, header: Header) -> dict[str, tuple[str, str]]:
    """The names of the halves of each delta, down and up, by the layer as the file calls it."""
    halves: dict[str, dict[bool, str]] = {}
    alphas = set()
    for name, shape in header.shapes.items():
        half = half_of(name)
        if half is not None:
            layer, side = half
            if (side in DOWN) in halves.setdefault(layer, {}):
                raise ModelError(f"{file.name} holds several LoRAs: it changes {layer} twice.", PLAIN)
            halves[layer][side in DOWN] = name
        elif name.endswith(ALPHA) and math.prod(shape) == 1:
            alphas.add(name.removesuffix(ALPHA))
        else:
            raise ModelError(f"{file.name} has {name}, which is no low-rank delta.", PLAIN)
    lame = next((layer for layer in [*halves, *alphas] if len(halves.get(layer, ())) < 2), None)
    if lame is not None:
        raise ModelError(f"{file.name} has only a part of the delta of {lame}.", "Download it again.")
    return {layer: (sides[True], sides[False]) for layer, sides in halves.items()}


def _check_shapes(file: Path, halves: tuple[Shape, Shape], target: tuple[str, Shape]) -> None:
    (up, down), (weight, shape) = halves, target
    is_pair = len(up) >= 2 and down[:1] == (math.prod(up[1:]),)
    if not is_pair or up[0] != shape[0] or _trimmed(down[1:]) != _trimmed(shape[1:]):
        raise ModelError(
            f"{file.name} changes {weight} by {_words(up)} times {_words(down)}, which does not fit {_words(shape)}.",
            OURS,
        )


def _alpha_of_all(file: Path, header: Header) -> float | None:
    """The alpha that diffusers wrote into the header; files have it there, at each layer, or nowhere."""
    try:
        settings = json.loads(header.about.get(ADAPTER, "{}"))
        plain = {name.removeprefix("unet."): value for name, value in settings.items()}
        more = next((name for name in MORE_THAN_DELTAS if plain.get(name)), None)
        alpha = plain.get("lora_alpha")
        found = None if alpha is None else float(alpha)
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ModelError(f"The settings in {file.name} cannot be read.", "Download it again.") from error
    if more is not None:
        raise ModelError(f"{file.name} was made with {more}, which goes beyond low-rank deltas.", PLAIN)
    return found


def _trimmed(shape: Shape) -> Shape:
    """Without the ones at its end: a convolution over one cell is a matrix."""
    while shape and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _words(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "a single number"
