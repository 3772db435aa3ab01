"""Frames between two frames: IFNet as RIFE 3.8 ("HDv3") has it.

Huang et al., "Real-Time Intermediate Flow Estimation for Video Frame Interpolation" (ECCV 2022, arXiv 2011.06294);
layout after hzwer/Practical-RIFE. Three blocks, coarse to fine, each mend the flows from the middle to both frames and
the mask that says which of the two shows a pixel; the frame is both of them, warped, and mixed by the mask.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipelines.contract import RGB
from pipelines.enhance.helpers import RIFE
from pipelines.enhance.network import convolution, opened, to_frame, to_tensor

CHANNELS = 90

SEEN = 11
"""Channels that a block looks at: both warped frames (6), the mask (1), and the flows so far (4)."""

SCALES = (4, 2, 1)
"""By how much the frames are shrunk for each block."""

FAR = 64.0
"""Pixels. Where anything moves farther, the blocks look at frames half as large: their sight is that much wider."""

ALIGNMENT = 32
"""Pixels. Sides are padded to a multiple: the widest sight shrinks by 8, and a block by another 4."""


class Interpolator:
    """RIFE 3.8, loaded. Takes 1.5 s of a CPU core for a frame of 1024x576."""

    def __init__(self) -> None:
        self.network = opened(FlowNetwork(), RIFE.weights)

    @torch.inference_mode()
    def middle(self, before: RGB, after: RGB) -> RGB:
        """The frame half-way between two neighbours; all are uint8 `[H, W, 3]`."""
        height, width = before.shape[:2]
        padding = (0, -width % ALIGNMENT, 0, -height % ALIGNMENT)
        first, second = (F.pad(to_tensor(frame), padding, mode="replicate") for frame in (before, after))
        return to_frame(self.network(first, second)[..., :height, :width])


class FlowNetwork(nn.Module):
    """Two pictures float32 `[1, 3, H, W]` in [0, 1] to the one between them; sides are multiples of `ALIGNMENT`.

    Flows and warps are computed in float32 whatever the weights are in: float16 has half-pixel steps at 1024 pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(FlowBlock() for _ in SCALES)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The picture in the middle, float32 `[1, 3, H, W]`."""
        mask = torch.zeros_like(first[:, :1])
        flows = mask.repeat(1, 4, 1, 1)
        wider = 2 if self._moves_far(first, second, flows, mask) else 1
        warped = first, second
        for block, scale in zip(self.blocks, SCALES, strict=True):
            more_flow, more_mask = block(torch.cat((*warped, mask), 1), flows, scale * wider)
            flows, mask = flows + more_flow, mask + more_mask
            warped = _warped(first, flows[:, :2]), _warped(second, flows[:, 2:])
        return torch.lerp(warped[1], warped[0], torch.sigmoid(mask))

    def _moves_far(self, first: Tensor, second: Tensor, flows: Tensor, mask: Tensor) -> bool:
        glance, _ = self.blocks[0](torch.cat((first, second, mask), 1), flows, SCALES[0] * 2)
        return bool(glance.abs().max() > FAR)


class FlowBlock(nn.Module):
    """One look at the two pictures: what has to be added to the flows and to the mask."""

    def __init__(self) -> None:
        super().__init__()
        self.shrink = nn.Sequential(convolution(SEEN, CHANNELS // 2, 2), convolution(CHANNELS // 2, CHANNELS, 2))
        self.residual = nn.ModuleList(
            nn.Sequential(convolution(CHANNELS, CHANNELS), convolution(CHANNELS, CHANNELS)) for _ in range(4)
        )
        self.flow, self.mask = _enlarging(4), _enlarging(1)

    def forward(self, pictures: Tensor, flows: Tensor, scale: int) -> tuple[Tensor, Tensor]:
        """`pictures` float32 `[1, 7, H, W]`, `flows` `[1, 4, H, W]` in pixels; looked at `scale` times smaller."""
        seen = _resized(torch.cat((pictures, flows / scale), 1), 1 / scale)
        features = self.shrink(seen.to(next(self.parameters()).dtype))
        for layer in self.residual:
            features = layer(features) + features
        return _resized(self.flow(features).float(), scale) * scale, _resized(self.mask(features).float(), scale)


def _enlarging(channels: int) -> nn.Sequential:
    half = CHANNELS // 2
    return nn.Sequential(
        nn.ConvTranspose2d(CHANNELS, half, 4, 2, 1), nn.PReLU(half), nn.ConvTranspose2d(half, channels, 4, 2, 1)
    )


def _resized(picture: Tensor, factor: float) -> Tensor:
    return picture if factor == 1 else F.interpolate(picture, scale_factor=factor, mode="bilinear", align_corners=False)


def _warped(picture: Tensor, flow: Tensor) -> Tensor:
    """The picture with each pixel taken from where the flow, in pixels, points; the edge goes on beyond the edge."""
    height, width = picture.shape[-2:]
    rows = torch.arange(height, device=picture.device, dtype=torch.float32)[:, None] + flow[0, 1]
    columns = torch.arange(width, device=picture.device, dtype=torch.float32) + flow[0, 0]
    places = torch.stack((columns * (2 / (width - 1)) - 1, rows * (2 / (height - 1)) - 1), -1)
    return F.grid_sample(picture, places[None], mode="bilinear", padding_mode="border", align_corners=True)
