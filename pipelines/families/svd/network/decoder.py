"""The temporal decoder, a few frames at a time, with the result of decoding the whole clip at once.

What ties the frames of a clip together in the decoder are group norms, whose mean and variance run over all frames, and
convolutions over three frames. So every layer over time takes two passes: one that only measures, and one that
computes with what was measured, three frames at a time. Between the layers each frame waits in one tensor of its own.
Cutting a clip into chunks instead, as is usual, gives each chunk norms of its own and seams between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.nn import functional as F

from pipelines.families.svd.network.blocks import spatial_residual, spatial_share
from pipelines.families.svd.network.layout import as_clips, as_frames, lay_out, layout_for
from pipelines.families.svd.network.statistics import OverSpace, Statistics

Parts = Iterable[torch.Tensor]
"""Consecutive frames `[n, C, H, W]`, in order."""

OnPart = Callable[[float], None]
"""Told the share of all work that is done, from 0 to 1, often. May raise to stop."""


@dataclass
class Places:
    """Frames are computed `at` one device and `rest` on another; clips of more than `most_kept` numbers are not kept.

    `work` in all is told to `on_part` as it gets done; a part counts `weight`, as large as its pictures are.
    """

    at: torch.device
    rest: torch.device
    most_kept: float
    on_part: OnPart
    work: float
    weight: float = 1.0
    done: float = 0.0

    def come(self, part: torch.Tensor) -> torch.Tensor:
        """A part that has waited, where it is computed."""
        self.done += self.weight
        self.on_part(min(1.0, self.done / self.work))
        return part.to(self.at)


PASSES = 4
"""Times that every stage goes through a clip: over space, to measure, over time and to mix."""


@dataclass(frozen=True)
class Stage:
    """Layers over space, then one `TemporalResnetBlock` `over_time` that leaves `share` of its input as it is.

    `weight` is the area of its pictures in latent cells.
    """

    over_space: tuple[OverSpace, ...]
    over_time: Any
    share: float
    weight: int


@dataclass(frozen=True)
class Waiting:
    """Where frames wait between two layers: on `device`, or where the latents are.

    A layer over time has two halves, and what is between them has to wait too, or to be computed a second time. A
    `frugal` decoder computes it again at its largest size: a fortieth more work, for half of the waiting frames.
    """

    device: torch.device | None = None
    frugal: bool = True


class Decoder:
    """The decoder of an `AutoencoderKLTemporalDecoder` with its weights laid out for speed.

    It computes on `device`, which its weights may come to later; None is where they are.
    """

    def __init__(self, vae: Any, device: torch.device | None = None) -> None:
        device = device or vae.device
        lay_out(vae, device)
        self.module = vae.decoder
        self.layout = layout_for(device)
        self.stages = tuple(_stages(vae.decoder))

    def decode(
        self, latents: torch.Tensor, chunk: int, waiting: Waiting, on_part: OnPart = lambda _: None
    ) -> Iterator[torch.Tensor]:
        """Pictures `[n, 3, H, W]` from -1 to 1, in order, for unscaled latents `[F, 4, h, w]`; n is at most `chunk`.

        Each is made as it is asked for; all but the last layer run before the first. Any `chunk` gives the same
        pictures up to rounding; more frames at once only need more memory.
        """
        parts = list(latents.contiguous(memory_format=self.layout).split(chunk))
        rest = waiting.device or latents.device
        work = PASSES * len(parts) * sum(stage.weight for stage in self.stages)
        places = Places(latents.device, rest, self._most_kept(latents, waiting.frugal), on_part, work)
        for stage in self.stages[:-1]:
            for index, moved in enumerate(_through(stage, parts, places)):
                parts[index] = moved.to(rest)
        yield from self._pictures(_through(self.stages[-1], parts, places))

    def _most_kept(self, latents: torch.Tensor, frugal: bool) -> float:
        """Numbers per clip that a frugal decoder keeps: half of what waits in the end, which has to fit anyway."""
        if not frugal:
            return float("inf")
        cells = latents[:, 0].numel() * 4 ** (len(self.module.up_blocks) - 1)
        return cells * self.module.conv_norm_out.num_channels / 2

    def _pictures(self, parts: Parts) -> Iterator[torch.Tensor]:
        return over_three(self.module.time_conv_out, map(self._picture, parts))

    def _picture(self, part: torch.Tensor) -> torch.Tensor:
        decoder = self.module
        return decoder.conv_out(F.silu(decoder.conv_norm_out(part), inplace=True))


def _stages(decoder: Any) -> Iterator[Stage]:
    """All stages, from the latents to the last layer over time."""
    middle = decoder.mid_block
    yield _stage(1, middle.resnets[0], decoder.conv_in)
    for attention, block in zip(middle.attentions, middle.resnets[1:], strict=False):
        yield _stage(1, block, attention)
    before: tuple[OverSpace, ...] = ()
    for level, up in enumerate(decoder.up_blocks):
        for block in up.resnets:
            yield _stage(4**level, block, *before)
            before = ()
        before = tuple(up.upsamplers or ())


def _stage(weight: int, block: Any, *before: OverSpace) -> Stage:
    def over_space(x: torch.Tensor) -> torch.Tensor:
        return spatial_residual(block.spatial_res_block, x)

    return Stage((*before, over_space), block.temporal_res_block, spatial_share(block.time_mixer), weight)


def _through(stage: Stage, parts: list[torch.Tensor], places: Places) -> Iterator[torch.Tensor]:
    """The parts behind the stage, in order. Consumes `parts`: each is freed as soon as nothing needs it any more."""
    block = stage.over_time
    places.weight = stage.weight
    first = _over_space(stage, parts, places)
    second, kept = Statistics(), []
    keep = sum(part.numel() for part in parts) <= places.most_kept
    for hidden in _first_half(block, parts, first, places):
        second.see(hidden)
        if keep:
            kept.append(hidden.to(places.rest))
    del hidden
    again = map(places.come, _taken(kept)) if keep else _first_half(block, parts, first, places)
    changes = over_three(block.conv2, map(second.activation(block.norm2), again))
    # `map` holds on to no frame, as a loop would. The convolutions read ahead of what is taken: they come first.
    return map(partial(_mixed, stage.share, places), changes, _taken(parts))


def _mixed(share: float, places: Places, change: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    return places.come(part).add_(change, alpha=1 - share)


def _over_space(stage: Stage, parts: list[torch.Tensor], places: Places) -> Statistics:
    """Replaces each part by what the layers over space make of it; returns the statistics for the first norm."""
    statistics = Statistics()
    for index in range(len(parts)):
        moved = places.come(parts[index])
        for layer in stage.over_space:
            moved = layer(moved)
        statistics.see(moved)
        parts[index] = moved.to(places.rest)
    return statistics


def _first_half(block: Any, parts: list[torch.Tensor], seen: Statistics, places: Places) -> Iterator[torch.Tensor]:
    return over_three(block.conv1, map(seen.activation(block.norm1), map(places.come, parts)))


def _taken(parts: list[torch.Tensor]) -> Iterator[torch.Tensor]:
    """The parts one after the other, leaving nothing of them in the list."""
    for index in range(len(parts)):
        yield _take(parts, index)


def _take(parts: list[torch.Tensor], index: int) -> torch.Tensor:
    part, parts[index] = parts[index], _NOTHING
    return part


_NOTHING = torch.empty(0)


def over_three(conv: Any, parts: Parts) -> Iterator[torch.Tensor]:
    """A convolution over three frames, `conv` from `lay_out`: reads one part ahead; beyond the ends all is 0."""
    source = iter(parts)
    part = next(source)
    before = torch.zeros_like(part[:1])
    for following in source:
        # in a list: whoever waits at a `yield` keeps what it has names for
        window = [torch.cat([before, part, following[:1]])]
        before, part = part[-1:], following
        del following
        yield _inner(conv, window.pop())
    yield _inner(conv, torch.cat([before, part, torch.zeros_like(part[:1])]))


def _inner(conv: Any, window: torch.Tensor) -> torch.Tensor:
    """All frames of `[n + 2, C, H, W]` but the outer two, convolved with their neighbours."""
    inside = F.conv2d(as_clips(window, len(window)), conv.weight, conv.bias)
    return as_frames(inside, window)
