"""What is shipped is the average, at half the size, and moves as the average does."""

from __future__ import annotations

import torch

from pipelines.pocket.codec import MotionCodec
from pipelines.pocket.denoiser import StillEncoder, new_unet
from pipelines.pocket.pipeline import save_networks
from pipelines.pocket.sampling import Conditions, Networks, draw_latents
from pipelines.pocket.weights import open_networks
from training.ship import ship


def test_shipped_weights_take_half_the_room_and_draw_the_same(tmp_path):
    torch.manual_seed(0)
    codec = MotionCodec()
    save_networks(Networks(new_unet(codec.channels), StillEncoder(), codec), tmp_path / "run" / "averaged")
    ship(tmp_path / "run", tmp_path / "shipped")
    sizes = [sum(f.stat().st_size for f in (tmp_path / name).rglob("*.safetensors")) for name in ("run", "shipped")]
    assert sizes[1] < 0.51 * sizes[0]
    drawn = [first_guess(open_networks(tmp_path / name)) for name in ("run/averaged", "shipped")]
    assert torch.allclose(*drawn, atol=0.05)


def first_guess(networks: Networks) -> torch.Tensor:
    noise = torch.randn(1, networks.codec.channels, 9, 16, generator=torch.Generator().manual_seed(1))
    conditions = Conditions(torch.full((5, 144, 256), 0.3), 3.0, 127, 0.02, 2.0)
    return draw_latents(networks, conditions, noise, 2)
