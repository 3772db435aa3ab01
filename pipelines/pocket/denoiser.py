"""The networks of the built-in model: eyes that look at the still, and the UNet that draws motion."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin, UNet2DConditionModel
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from pipelines.pocket.grid import cell_centres

FEATURES = 20
"""Channels that the encoder gives the UNet for each cell."""

CUES = 4
"""Channels given to the UNet without the encoder: subject, relief, x, y."""

EYES = 5
"""Channels of what the model looks at: red, green, blue, subject, relief, each in [0, 1]."""

TOKEN = 128
"""Width of a conditioning token."""

WAVES = 16
"""Sine and cosine pairs that describe one number to the network, as in the transformer's position code."""


class Sight(NamedTuple):
    """What the denoiser knows of the still: `maps [B, FEATURES + CUES, h, w]` and `tokens [B, 4, TOKEN]`."""

    maps: Tensor
    tokens: Tensor


class StillEncoder(ModelMixin, ConfigMixin):
    """Looks at a still, its subject and its relief; also embeds the three motion controls."""

    @register_to_config
    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        c = channels
        self.look = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * EYES, c, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(c, c * 2, 3, stride=2, padding=1),
            nn.GroupNorm(8, c * 2),
            nn.SiLU(),
            nn.Conv2d(c * 2, c * 3, 3, stride=2, padding=1),
            nn.GroupNorm(8, c * 3),
            nn.SiLU(),
            nn.Conv2d(c * 3, c * 3, 3, stride=2, padding=1),
            nn.GroupNorm(8, c * 3),
            nn.SiLU(),
            nn.Conv2d(c * 3, c * 3, 3, padding=1),
            nn.SiLU(),
        )
        self.to_features = nn.Conv2d(c * 3, FEATURES, 1)
        self.to_token = nn.Linear(c * 3, TOKEN)
        self.controls = nn.ModuleList(
            nn.Sequential(nn.Linear(2 * WAVES, TOKEN), nn.SiLU(), nn.Linear(TOKEN, TOKEN)) for _ in range(3)
        )

    def forward(self, eyes: Tensor, controls: Tensor) -> Sight:
        """`eyes` is float `[B, EYES, H, W]` in [0, 1]; `controls [B, 3]` is from `control_values`."""
        seen = self.look(eyes * 2 - 1)
        outlines = F.interpolate(eyes[:, 3:], seen.shape[-2:], mode="area") * 2 - 1
        centres = cell_centres(*seen.shape[-2:]).permute(2, 0, 1).to(eyes).expand(len(eyes), -1, -1, -1)
        maps = torch.cat([self.to_features(seen), outlines, centres], 1)
        tokens = [self.to_token(seen.mean((2, 3)))]
        tokens += [embed(_waves(controls[:, i])) for i, embed in enumerate(self.controls)]
        return Sight(maps, torch.stack(tokens, 1))


def control_values(seconds: Tensor, bucket: Tensor, noise_aug_strength: Tensor) -> Tensor:
    """The controls as the encoder wants them, `[B, 3]`: log seconds of clip, bucket / 64, log of the noise."""
    return torch.stack([seconds.log(), bucket / 64, (noise_aug_strength + QUIET).log()], 1)


QUIET = 1e-3
"""Added to the noise strength before its logarithm: less than a grey level, so nothing is lost at 0."""


def _waves(value: Tensor) -> Tensor:
    """`[B]` to `[B, 2 * WAVES]`: periods from 60 down to 0.6, wider and finer than any control's range."""
    frequency = torch.exp(torch.linspace(math.log(0.1), math.log(10.0), WAVES)).to(value)
    angle = value[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], 1)


def new_unet(channels: int) -> UNet2DConditionModel:
    """An untrained UNet over latents of this many channels, 8.6 million parameters."""
    return UNet2DConditionModel(
        sample_size=(9, 16),
        in_channels=channels + FEATURES + CUES,
        out_channels=channels,
        block_out_channels=(64, 112, 160),
        layers_per_block=1,
        norm_num_groups=16,
        cross_attention_dim=TOKEN,
        attention_head_dim=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    )


def denoise(unet: UNet2DConditionModel, noisy: Tensor, sigma: Tensor, sight: Sight) -> Tensor:
    """The clean latents `[B, C, h, w]` that the UNet sees in `noisy = clean + sigma * noise`, `sigma [B]` > 0.

    v-prediction with EDM's preconditioning at sigma_data 1 (Karras et al. 2022, arXiv 2206.00364), as in SVD.
    """
    s = sigma[:, None, None, None]
    scaled = noisy / (s**2 + 1).sqrt()
    velocity = unet(torch.cat([scaled, sight.maps], 1), 0.25 * sigma.log(), sight.tokens).sample
    clean: Tensor = noisy / (s**2 + 1) - velocity * s / (s**2 + 1).sqrt()
    return clean
