"""The same clip under every plan, and the table of costs against what is counted."""

from __future__ import annotations

import pytest
import torch

from benchmarks.svd_figures import memory
from pipelines.contract import RGB, ignore_steps
from pipelines.families.svd import architecture, cost
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.decoding import Decoding
from pipelines.families.svd.network.decoder import Waiting
from pipelines.families.svd.network.layout import lay_out
from pipelines.families.svd.plan import SIXTEEN_BIT, Plan, decode_bytes, plans_for
from pipelines.families.svd.sampling import Sampling
from pipelines.families.svd.watch import Watch
from pipelines.request import MotionRequest

PLANS = plans_for(MotionRequest(num_frames=4, decode_chunk_size=3), "gpu")

TRAINED, FRUGAL = MotionRequest(num_frames=25, width=1024, height=576), Plan(1, frugal=True)


def clip_under(plan: Plan, animator: SvdAnimator, still: RGB, request: MotionRequest) -> torch.Tensor:
    watch = Watch(ignore_steps)
    latents = Sampling(animator.networks, still, request, watch).run(plan)
    return torch.cat([frames for _, frames in Decoding(animator.networks, latents, request, watch).run(plan)])


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_the_same_clip_under_every_plan(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest, plan: Plan
) -> None:
    """Where the device is the CPU, what waits elsewhere waits beside it; the ways there are the same."""
    request = request_4.model_copy(update={"num_inference_steps": 5})
    wanted = clip_under(PLANS[0], animator, still, request)
    assert (clip_under(plan, animator, still, request) - wanted).abs().max() <= 1e-5


def test_a_streamed_model_goes_on_working(animator: SvdAnimator, still: RGB, request_4: MotionRequest) -> None:
    before = clip_under(PLANS[0], animator, still, request_4)
    clip_under(PLANS[-1], animator, still, request_4)
    assert torch.equal(clip_under(PLANS[0], animator, still, request_4), before)


def test_a_streamed_run_leaves_no_weight_on_its_way(
    animator: SvdAnimator, still: RGB, request_4: MotionRequest
) -> None:
    unet = animator.pipeline.unet
    clip_under(PLANS[-1], animator, still, request_4)
    assert any(layer._forward_hooks for layer in unet.modules()), "the plan streams nothing"
    clip_under(PLANS[0], animator, still, request_4)
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in unet.modules())


def test_the_weights_are_as_large_as_the_table_says() -> None:
    with torch.device("meta"):
        network = architecture.unet()
    lay_out(network, network.device)
    held = sum(weight.numel() for weight in network.parameters()) * SIXTEEN_BIT
    assert held == pytest.approx(cost.UNET_BYTES, rel=0.01)


def test_the_table_of_costs_is_what_is_counted() -> None:
    sampling = memory.sampling_count()
    assert sampling.peak_bytes == pytest.approx(cost.SAMPLING_BYTES, rel=0.01)
    assert sampling.flops == pytest.approx(cost.SAMPLING_FLOPS, rel=0.01)
    frugal, quick = memory.decode_count(Waiting()), memory.decode_count(Waiting(frugal=False))
    assert frugal.peak_bytes == pytest.approx(decode_bytes(FRUGAL, TRAINED), rel=0.02)
    assert quick.peak_bytes == pytest.approx(decode_bytes(Plan(1), TRAINED), rel=0.02)
    assert frugal.flops == pytest.approx(cost.FRUGAL_DECODE_FLOPS, rel=0.01)
    assert quick.flops == pytest.approx(cost.DECODE_FLOPS, rel=0.01)
    encoding = memory.encode_count()
    assert encoding.peak_bytes == pytest.approx(cost.ENCODE_BYTES, rel=0.01)
    assert encoding.flops == pytest.approx(cost.ENCODE_FLOPS, rel=0.01)
