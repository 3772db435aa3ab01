"""How guidance is spread over frames and noise levels."""

from __future__ import annotations

import pytest
import torch

from pipelines.errors import RequestError
from pipelines.families.svd.guidance import Guidance, guidance_for
from pipelines.request import MotionRequest, parse_request

CPU = torch.device("cpu")


def scales(**controls) -> list[float]:
    request = MotionRequest(num_frames=5, min_guidance_scale=1, max_guidance_scale=3, **controls)
    return guidance_for(request, CPU).scale.flatten().tolist()


def test_linear_rises_and_triangle_comes_back() -> None:
    assert scales() == [1, 1.5, 2, 2.5, 3]
    assert scales(guidance_shape="triangle") == [1, 2, 3, 2, 1]


def test_guidance_of_one_is_the_model_and_of_zero_the_model_without_the_still() -> None:
    without, with_still = torch.full((1, 2, 1, 1, 1), 4.0), torch.full((1, 2, 1, 1, 1), 6.0)
    scale = torch.tensor([0.0, 1.0])[:, None, None, None]
    assert Guidance(scale, True, 0, 700).guided(without, with_still).flatten().tolist() == [4, 6]


def test_where_it_acts() -> None:
    guidance = guidance_for(MotionRequest(guidance_sigma_low=1, guidance_sigma_high=50), CPU)
    assert [guidance.acts_at(sigma) for sigma in (700, 50, 7, 1, 0.5)] == [False, True, True, True, False]
    assert not guidance_for(MotionRequest(min_guidance_scale=1, max_guidance_scale=1), CPU).acts_at(7)
    assert not guidance_for(MotionRequest(speed="turbo"), CPU).acts_at(7), "distilled weights have theirs built in"


@pytest.mark.parametrize(
    "fields",
    [
        {"guidance_sigma_low": 50, "guidance_sigma_high": 1},
        {"min_guidance_scale": 3, "max_guidance_scale": 1},
    ],
)
def test_what_contradicts_itself_is_refused(fields) -> None:
    with pytest.raises(RequestError, match="Lower"):
        parse_request(fields)
