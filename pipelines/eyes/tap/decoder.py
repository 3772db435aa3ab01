"""From what is seen and where the taps are to masks: Segment Anything's decoder (Kirillov et al., arXiv 2304.02643)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.eyes.tap.encoder import NORM_EPSILON, SEEN

MASKS = 4
"""What one tap can mean is drawn three times, part to whole; before them stands the one mask that several taps mean."""

HEADS = 8

DRAWN = SEEN // 8
"""Channels in which masks are drawn."""

FINER = 4
"""Places of a mask along one place of what is seen."""


class Decoder(nn.Module):
    """Masks and how good they are, from what is seen, where that is, and where the taps are."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = nn.Parameter(torch.zeros(1 + MASKS, SEEN))
        self.nothing_drawn = nn.Parameter(torch.zeros(SEEN))
        self.layers = nn.ModuleList([_TwoWay(is_first=True), _TwoWay(is_first=False)])
        self.last, self.last_norm = _Attention(SEEN // 2), nn.LayerNorm(SEEN)
        self.canvas = _Canvas()
        self.brushes = nn.ModuleList(_three_layers(DRAWN) for _ in range(MASKS))
        self.judge = _three_layers(MASKS)

    def forward(self, seen: Tensor, where: Tensor, taps: Tensor) -> tuple[Tensor, Tensor]:
        """Masks `[MASKS, 4 h, 4 w]` as logits and the IoU that each is thought to have, `[MASKS]`.

        `seen` is `[1, h, w, SEEN]`, `where` `[1, h * w, SEEN]` and `taps` `[1, n, SEEN]`.
        """
        tokens = torch.cat([self.asked[None], taps], 1)
        told, places = tokens, seen.flatten(1, 2) + self.nothing_drawn
        for layer in self.layers:
            told, places = layer(told, places, tokens, where)
        told = self.last_norm(told + self.last(told + tokens, places + where, places))
        strokes = torch.cat([brush(told[:, 1 + index]) for index, brush in enumerate(self.brushes)])
        return self.canvas(places.view_as(seen)[0], strokes), self.judge(told[0, 0])


class _Canvas(nn.Module):
    """Each place becomes 2 x 2 finer ones, twice; what strokes find there is a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.finer = nn.Sequential(
            nn.Linear(SEEN, 4 * 2 * DRAWN),
            nn.Unflatten(-1, (4, 2 * DRAWN)),
            nn.LayerNorm(2 * DRAWN, NORM_EPSILON),
            nn.GELU(),
            nn.Linear(2 * DRAWN, 4 * DRAWN),
            nn.Unflatten(-1, (4, DRAWN)),
            nn.GELU(),
        )

    def forward(self, places: Tensor, strokes: Tensor) -> Tensor:
        """Logits `[MASKS, 4 h, 4 w]` of places `[h, w, SEEN]` and strokes `[MASKS, DRAWN]`."""
        height, width = places.shape[:2]
        found = (self.finer(places) @ strokes.T).view(height, width, 2, 2, 2, 2, len(strokes))
        return found.permute(6, 0, 2, 4, 1, 3, 5).reshape(len(strokes), FINER * height, FINER * width)


class _TwoWay(nn.Module):
    """Tokens ask each other and the picture; then the picture asks the tokens."""

    def __init__(self, is_first: bool) -> None:
        super().__init__()
        self.is_first = is_first
        self.among, self.among_norm = _Attention(SEEN), nn.LayerNorm(SEEN)
        self.asking, self.asking_norm = _Attention(SEEN // 2), nn.LayerNorm(SEEN)
        self.own = nn.Sequential(nn.Linear(SEEN, 8 * SEEN), nn.ReLU(), nn.Linear(8 * SEEN, SEEN))
        self.own_norm = nn.LayerNorm(SEEN)
        self.answering, self.answering_norm = _Attention(SEEN // 2), nn.LayerNorm(SEEN)

    def forward(self, told: Tensor, places: Tensor, tokens: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
        """Both as they are after it; `tokens` and `where` say again which is which."""
        # the first layer is given nothing but the tokens: there is nothing to add to them
        again = 0 if self.is_first else tokens
        among = self.among(told + again, told + again, told)
        told = self.among_norm(among if self.is_first else told + among)
        told = self.asking_norm(told + self.asking(told + tokens, places + where, places))
        told = self.own_norm(told + self.own(told))
        return told, self.answering_norm(places + self.answering(places + where, told + tokens, told))


class _Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(SEEN, width) for _ in range(3))
        self.out = nn.Linear(width, SEEN)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        query, key, value = (_by_heads(x) for x in (self.query(query), self.key(key), self.value(value)))
        return self.out(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


def _by_heads(x: Tensor) -> Tensor:
    return x.unflatten(2, (HEADS, -1)).transpose(1, 2)


def _three_layers(out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(SEEN, SEEN), nn.ReLU(), nn.Linear(SEEN, SEEN), nn.ReLU(), nn.Linear(SEEN, out))
