"""The denoising UNet, from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch.nn import functional as F

from pipelines.families.svd.network.blocks import residual
from pipelines.families.svd.network.layout import lay_out, layout_for
from pipelines.families.svd.network.one_key import Folded, fold, shares
from pipelines.families.svd.network.transformer import Shape, transformer

Layer = tuple[Any, int]
"""A block, and the number of one of its residual blocks."""


@dataclass(frozen=True)
class Context:
    """All that a clip's steps have in common: the folded constants, and the embedding `[B, E]` of its controls."""

    folded: dict[Any, Folded]
    controls: torch.Tensor

    def of_branch(self, branch: slice) -> Context:
        """That of some of the B clips only."""
        folded = {block: constants.of_branch(branch) for block, constants in self.folded.items()}
        return Context(folded, self.controls[branch])


class Inputs(NamedTuple):
    """What a pass starts from: `x` `[B, F, 8, h, w]` of unit variance, and `noise` `[1]`, how noisy it is."""

    x: torch.Tensor
    noise: torch.Tensor
    context: Context
    shape: Shape


class Seen(NamedTuple):
    """What a pass saw: `velocity` `[B, F, 4, h, w]`, and `deep` `[B*F, C, h, w]`, the input of the last layer."""

    velocity: torch.Tensor
    deep: torch.Tensor


class _Pass(NamedTuple):
    """What the blocks of one forward pass share; `step` `[B, E]` is the activated embedding."""

    step: torch.Tensor
    context: Context
    shape: Shape


class Unet:
    """A `UNetSpatioTemporalConditionModel` with its weights laid out for speed; `module` is the diffusers module.

    It computes on `device`, which its weights may come to later; None is where they are.
    """

    is_compiled = False

    def __init__(self, module: Any, device: torch.device | None = None) -> None:
        device = device or module.device
        lay_out(module, device)
        self.module = module
        self.layout = layout_for(device)
        self._shares = shares(module)

    def context(self, clip: torch.Tensor, controls: torch.Tensor, frames: int) -> Context:
        """For CLIP vectors `[B, 1, D]` and the controls `[B, 3]` (fps - 1, motion bucket, noise on the still)."""
        unet = self.module
        folded = {
            block: fold(block, clip, frames, share)
            for block, share in self._shares.items()
            if hasattr(block, "transformer_blocks")
        }
        told = unet.add_time_proj(controls.flatten()).reshape(len(controls), -1).to(clip.dtype)
        return Context(folded, unet.add_embedding(told))

    def full(self, inputs: Inputs) -> Seen:
        """One whole pass."""
        unet, run = self.module, self._begin(inputs)
        hidden = self._enter(inputs)
        skips = [hidden]
        for block in unet.down_blocks:
            hidden = self._down(block, hidden, skips, run)
        hidden = self._middle(hidden, run)
        last = unet.up_blocks[-1]
        for block in unet.up_blocks[:-1]:
            hidden = self._up(_layers(block), hidden, skips, run)
            for upsampler in block.upsamplers or ():
                hidden = upsampler(hidden, skips[-1].shape[2:] if _odd(inputs.x, unet) else None)
        deep = self._up(_layers(last)[:-1], hidden, skips, run)
        return Seen(self._finish(deep, skips, run), deep)

    def shallow(self, inputs: Inputs, deep: torch.Tensor) -> torch.Tensor:
        """The velocity from the first and the last layer only, around the `deep` features of an earlier pass."""
        return self._finish(deep, [self._enter(inputs)], self._begin(inputs))

    def _enter(self, inputs: Inputs) -> torch.Tensor:
        return self.module.conv_in(inputs.x.flatten(0, 1).contiguous(memory_format=self.layout))

    def _begin(self, inputs: Inputs) -> _Pass:
        embedding = self.module.time_embedding(self.module.time_proj(inputs.noise).to(inputs.x.dtype))
        return _Pass(F.silu(embedding + inputs.context.controls), inputs.context, inputs.shape)

    def _layer(self, block: Any, index: int, hidden: torch.Tensor, run: _Pass) -> torch.Tensor:
        """Residual block `index` of a block, and its transformer if it has one."""
        layer = block.resnets[index]
        hidden = residual(layer, hidden, run.shape.frames, run.step, self._shares[layer])
        if not hasattr(block, "attentions"):
            return hidden
        return self._transform(block.attentions[index], hidden, run)

    def _transform(self, block: Any, hidden: torch.Tensor, run: _Pass) -> torch.Tensor:
        return transformer(block, hidden, run.context.folded[block], run.shape)

    def _down(self, block: Any, hidden: torch.Tensor, skips: list[torch.Tensor], run: _Pass) -> torch.Tensor:
        for index in range(len(block.resnets)):
            hidden = self._layer(block, index, hidden, run)
            skips.append(hidden)
        for downsampler in block.downsamplers or ():
            hidden = downsampler(hidden)
            skips.append(hidden)
        return hidden

    def _middle(self, hidden: torch.Tensor, run: _Pass) -> torch.Tensor:
        block = self.module.mid_block
        first, *others = block.resnets
        hidden = residual(first, hidden, run.shape.frames, run.step, self._shares[first])
        for attention, layer in zip(block.attentions, others, strict=True):
            hidden = self._transform(attention, hidden, run)
            hidden = residual(layer, hidden, run.shape.frames, run.step, self._shares[layer])
        return hidden

    def _up(self, layers: list[Layer], hidden: torch.Tensor, skips: list[torch.Tensor], run: _Pass) -> torch.Tensor:
        for block, index in layers:
            hidden = self._layer(block, index, torch.cat([hidden, skips.pop()], dim=1), run)
        return hidden

    def _finish(self, deep: torch.Tensor, skips: list[torch.Tensor], run: _Pass) -> torch.Tensor:
        unet, last = self.module, self.module.up_blocks[-1]
        hidden = self._up(_layers(last)[-1:], deep, skips, run)
        hidden = unet.conv_out(F.silu(unet.conv_norm_out(hidden), inplace=True))
        return hidden.unflatten(0, (-1, run.shape.frames))


def _layers(block: Any) -> list[Layer]:
    return [(block, index) for index in range(len(block.resnets))]


def _odd(x: torch.Tensor, unet: Any) -> bool:
    """Whether halving the size loses a row or a column on the way down."""
    return any(side % 2**unet.num_upsamplers for side in x.shape[-2:])
