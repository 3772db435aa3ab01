"""What taps are answered from: TinyViT (Wu et al., arXiv 2207.10666) as in MobileSAM (Zhang et al., arXiv 2306.14289).

Every map is `[1, h, w, C]`. On a CPU most of the time would go into fetching new memory for large maps: those of many
channels are made strip by strip.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SEEN = 256
"""Channels of each place of what is seen."""

CELL = 16
"""Pixels of a side of one place of what is seen; the sides of a picture are multiples of it."""

HEAD_WIDTH = 32
"""Channels of one head of attention."""

EXPANSION = 4
"""Times as many channels inside a block as outside of it."""

STRIP = 16
"""Rows of a map that are worked on at once: 4 MB of the largest one."""


class Encoder(nn.Module):
    """From a picture `[1, 16 h, 16 w, 3]`, of mean 0 and deviation 1, to what is seen of it, `[1, h, w, SEEN]`."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            Neighbours(3, 32, stride=2),
            nn.GELU(),
            Neighbours(32, 64, stride=2),
            *(_Widened(64) for _ in range(2)),
            _merge(64, 128, stride=2),
            *(_Windowed(128, window=7) for _ in range(2)),
            _merge(128, 160, stride=2),
            *(_Windowed(160, window=14) for _ in range(6)),
            _merge(160, 320, stride=1),
            *(_Windowed(320, window=7) for _ in range(2)),
            nn.Linear(320, SEEN, bias=False),
            nn.LayerNorm(SEEN, NORM_EPSILON),
            Neighbours(SEEN, SEEN, bias=False),
            nn.LayerNorm(SEEN, NORM_EPSILON),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """What is seen."""
        return self.blocks(picture)


NORM_EPSILON = 1e-6
"""Of the normalisations that come from Segment Anything; TinyViT's have PyTorch's own."""


class Neighbours(nn.Conv2d):
    """A 3 x 3 convolution of a map `[1, h, w, C]`."""

    def __init__(self, inside: int, outside: int, stride: int = 1, groups: int = 1, bias: bool = True) -> None:
        super().__init__(inside, outside, 3, stride, 1, groups=groups, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """A map with `outside` channels."""
        return super().forward(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def _merge(inside: int, outside: int, stride: int) -> nn.Sequential:
    """Fewer places with more channels."""
    return nn.Sequential(
        nn.Linear(inside, outside),
        nn.GELU(),
        Neighbours(outside, outside, stride, groups=outside),
        nn.GELU(),
        nn.Linear(outside, outside),
    )


class _Widened(nn.Module):
    """Places mixed with their neighbours, in more channels than they have before and after."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        width = EXPANSION * channels
        self.widen = nn.Sequential(nn.Linear(channels, width), nn.GELU())
        self.mix = nn.Sequential(nn.Conv2d(width, width, 3, padding=(0, 1), groups=width), nn.GELU())
        self.narrow = nn.Linear(width, channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([F.gelu(rows + self._change(x, top)) for top, rows in _strips(x)], 1)

    def _change(self, x: Tensor, top: int) -> Tensor:
        """That of one strip. Beyond the map's edges, what is mixed is 0."""
        end = top + STRIP + 1
        wide = self.widen(x[:, max(0, top - 1) : end])
        wide = F.pad(wide, (0, 0, 0, 0, int(top == 0), int(end > x.shape[1])))
        return self.narrow(self.mix(wide.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))


class _Windowed(nn.Module):
    """Attention among the places of each window; then every place looks at its neighbours, and at itself."""

    def __init__(self, channels: int, window: int) -> None:
        super().__init__()
        self.attention = _WindowAttention(channels, window)
        self.local = Neighbours(channels, channels, groups=channels)
        self.own = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, EXPANSION * channels),
            nn.GELU(),
            nn.Linear(EXPANSION * channels, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.local(x + self.attention(x))
        return torch.cat([rows + self.own(rows) for _, rows in _strips(x)], 1)


def _strips(x: Tensor) -> list[tuple[int, Tensor]]:
    """The strips of a map, each with its first row."""
    return [(index * STRIP, rows) for index, rows in enumerate(x.split(STRIP, 1))]


class _WindowAttention(nn.Module):
    """Attention within windows of `window` x `window` places; how far two of them are apart counts, each way alike."""

    def __init__(self, channels: int, window: int) -> None:
        super().__init__()
        self.window, self.heads = window, channels // HEAD_WIDTH
        self.norm = nn.LayerNorm(channels)
        self.three = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.apart = nn.Parameter(torch.zeros(self.heads, window**2))
        self.pairs: Tensor
        self.register_buffer("pairs", _pairs(window), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """From `[1, h, w, C]` to the same."""
        height, width, side = x.shape[1], x.shape[2], self.window
        x = F.pad(x, (0, 0, 0, -width % side, 0, -height % side))
        rows, columns = x.shape[1] // side, x.shape[2] // side
        x = x.view(rows, side, columns, side, -1).transpose(1, 2).reshape(rows * columns, side * side, -1)
        x = self._attended(x).view(rows, columns, side, side, -1).transpose(1, 2)
        return x.reshape(1, rows * side, columns * side, -1)[:, :height, :width]

    def _attended(self, x: Tensor) -> Tensor:
        """Windows `[n, places, C]`."""
        three = self.three(self.norm(x)).view(*x.shape[:2], self.heads, 3, HEAD_WIDTH)
        query, key, value = three.permute(3, 0, 2, 1, 4)
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=self.apart[None, :, self.pairs])
        return self.out(seen.transpose(1, 2).flatten(2))


def _pairs(window: int) -> Tensor:
    """Which distance each pair of places of a window has, `[places, places]`, distances numbered as they are met."""
    places = list(itertools.product(range(window), repeat=2))
    apart = [(abs(a - c), abs(b - d)) for a, b in places for c, d in places]
    number = {each: index for index, each in enumerate(dict.fromkeys(apart))}
    return torch.tensor([number[each] for each in apart]).view(len(places), len(places))
