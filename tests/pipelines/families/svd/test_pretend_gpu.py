"""Stable Video Diffusion on a pretended GPU: nothing mixes devices, no step waits, and the clip is the same.

What such a GPU cannot tell is in `pretend_gpu`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny

from benchmarks.svd_figures.models import enliven
from pipelines.contract import RGB, Checkpoint, StepEvent, ignore_steps
from pipelines.families.svd import architecture
from pipelines.families.svd.animator import SvdAnimator
from pipelines.families.svd.decoding import Decoding
from pipelines.families.svd.loading import load_svd
from pipelines.families.svd.network.decoder import Decoder, Waiting
from pipelines.families.svd.network.transformer import Shape
from pipelines.families.svd.network.unet import Inputs, Unet
from pipelines.families.svd.plan import Plan, plans_for
from pipelines.families.svd.sampling import FINITE_EVERY, Sampling
from pipelines.families.svd.taesd import taesd_in
from pipelines.families.svd.watch import Watch
from pipelines.request import MotionRequest
from tests.pipelines.families.svd.pretend_gpu import GPU, Diary, OnGpu, pretended_gpu

PLANS = plans_for(MotionRequest(num_frames=4, decode_chunk_size=3), "gpu")

TOGETHER, SPLIT = PLANS[:2]

LATENTS = 4 * 4 * 8 * 8
"""Numbers of the latents of four frames of 64x64."""

STEPS = 6


@pytest.fixture
def diary() -> Iterator[Diary]:
    """A GPU for as long as the test lasts."""
    with pretended_gpu() as kept:
        yield kept


@pytest.fixture
def on_gpu(tiny: Path, diary: Diary) -> SvdAnimator:
    """The tiny model there, in the format that a GPU gets."""
    return load_svd(tiny, device="cuda:0")


def six_steps(**changes: Any) -> MotionRequest:
    """Four frames in steps enough for the looks at whether all is well, and for each speed's kinds of steps."""
    size = {"num_frames": 4, "width": 64, "height": 64}
    return MotionRequest(model="tiny", num_inference_steps=STEPS, seed=7, **size, **changes)


def sampled(animator: SvdAnimator, still: RGB, request: MotionRequest, plan: Plan, on_step: Any = ignore_steps) -> Any:
    return Sampling(animator.networks, still, request, Watch(on_step)).run(plan)


def decoded(animator: SvdAnimator, latents: torch.Tensor, request: MotionRequest, plan: Plan) -> torch.Tensor:
    parts = Decoding(animator.networks, latents, request, Watch(ignore_steps)).run(plan)
    return torch.cat([frames.cpu() for _, frames in parts])


class Pages:
    """A page of the diary for each step of sampling, beside its event."""

    def __init__(self, diary: Diary) -> None:
        self.diary = diary
        self.steps: list[tuple[StepEvent, Diary]] = []
        diary.turn()

    def __call__(self, event: StepEvent) -> None:
        self.steps.append((event, self.diary.turn()))


def test_the_pretence_refuses_what_a_gpu_refuses_and_writes_the_rest_down(diary: Diary) -> None:
    here, there = torch.ones(3, device=GPU), torch.ones(3)
    with pytest.raises(RuntimeError, match="on the same device"):
        here + there
    with pytest.raises(RuntimeError, match="on the same device"):
        torch.nn.Linear(3, 3)(here)
    assert (here * torch.tensor(2.0)).device == GPU, "a single number may join in"
    diary.turn()
    waits = [lambda: here.sum().item(), lambda: bool(here.any()), lambda: float(here[0]), here.tolist]
    waits += [lambda: torch.equal(here, here), lambda: here[here > 0], here.nonzero]
    for wait in waits:
        wait()
        assert diary.turn().reads == 1
    assert here.cpu().device.type == "cpu"
    there.copy_(here)
    assert diary.turn().to_host == [(3,), (3,)]
    here.copy_(there)
    assert diary.turn().from_host == [(3,)]


@pytest.fixture(scope="module")
def clip_of_cpu(tiny: Path) -> Callable[[RGB, MotionRequest], torch.Tensor]:
    """The frames of a still and request, made once."""
    animator = load_svd(tiny, device="cpu", dtype="fp32")
    made: dict[MotionRequest, torch.Tensor] = {}

    def make(still: RGB, request: MotionRequest) -> torch.Tensor:
        if request not in made:
            made[request] = decoded(animator, sampled(animator, still, request, SPLIT), request, SPLIT)
        return made[request]

    return make


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_a_gpu_makes_the_clip_of_the_cpu(tiny: Path, clip_of_cpu: Any, still: RGB, plan: Plan) -> None:
    """Under every plan; the feature maps, which lie otherwise on a CPU, lie as on a GPU."""
    request = six_steps()
    wanted = clip_of_cpu(still, request)
    with pretended_gpu():
        there = load_svd(tiny, device="cuda:0", dtype="fp32")
        clip = decoded(there, sampled(there, still, request, plan), request, plan)
        weight = there.networks.unet.module.conv_in.weight
        assert weight.is_contiguous(memory_format=torch.channels_last)
        assert not weight.is_contiguous()
    assert (clip - wanted).abs().max() <= 1e-5


@pytest.mark.parametrize(
    ("plan", "changes"),
    [
        (TOGETHER, {}),
        (SPLIT, {}),
        (SPLIT, {"guidance_shape": "triangle", "guidance_sigma_low": 1.0, "guidance_sigma_high": 200.0}),
        (TOGETHER, {"speed": "fast", "solver": "dpm"}),
        (TOGETHER, {"speed": "faster"}),
        (SPLIT, {"speed": "faster", "solver": "dpm"}),
        (SPLIT, {"speed": "turbo"}),
    ],
    ids=str,
)
def test_no_step_waits_for_the_gpu(
    on_gpu: SvdAnimator, diary: Diary, still: RGB, plan: Plan, changes: dict[str, Any]
) -> None:
    """But to show the clip, once, and every few steps to see whether its numbers are finite."""
    pages = Pages(diary)
    sampled(on_gpu, still, six_steps(**changes), plan, pages)
    assert len(pages.steps) == STEPS
    for event, page in pages.steps:
        is_looked_at = event.step == STEPS or event.step % FINITE_EVERY == 0
        assert page.reads == is_looked_at
        assert event.preview is not None
        assert page.to_host == [event.preview.shape]
        assert torch.float64 not in page.largest
    colours, noise = (4, 3), (1, 4, 4, 8, 8)
    for _, page in pages.steps[1:]:
        assert page.from_host == ([noise] if changes.get("speed") == "turbo" else []) + [colours]
        assert page.largest[torch.float32] <= LATENTS < page.largest[torch.float16]


def test_a_look_by_taesd_is_one_copy(tiny: Path, still: RGB, request_4: MotionRequest, tmp_path: Path) -> None:
    AutoencoderTiny().save_pretrained(tmp_path / "taesd")
    request = request_4.model_copy(update={"num_inference_steps": 10, "num_frames": 2})
    with pretended_gpu() as diary:
        animator = load_svd(tiny, device="cuda:0", dtype="fp32", taesd=taesd_in(tmp_path / "taesd"))
        pages = Pages(diary)
        sampled(animator, still, request, TOGETHER, pages)
    shown = [None if event.preview is None else event.preview.shape for event, _ in pages.steps]
    assert {(2, 8, 8, 3), (2, 64, 64, 3), None} == set(shown)
    assert [page.to_host for _, page in pages.steps] == [[] if shape is None else [shape] for shape in shown]


@pytest.mark.parametrize(("place", "chunk"), [("whole", 3), ("frugal", 1), ("parked", 1)])
def test_decoding_waits_once_for_what_it_shows(
    on_gpu: SvdAnimator, diary: Diary, request_4: MotionRequest, place: str, chunk: int
) -> None:
    latents = torch.randn(1, 4, 4, 8, 8, generator=torch.Generator().manual_seed(0)).to(GPU)
    plan = Plan(chunk, frugal=place == "frugal", parked=place == "parked")
    diary.turn()
    pages = []
    for _, frames in Decoding(on_gpu.networks, latents, request_4, Watch(ignore_steps)).run(plan):
        assert frames.device == GPU
        pages.append(diary.turn())
    assert [page.reads for page in pages] == [1] * len(pages)
    one_part = 32 * chunk * 64 * 64
    for page in pages:
        assert torch.float64 not in page.largest
        assert page.largest[torch.float32] <= one_part
        assert len(page.to_host) == 0 or place == "parked"
    assert bool(pages[0].to_host) == (place == "parked")


@pytest.mark.parametrize(
    ("layer", "free_bytes"),
    [("unet", 10**12), ("unet", 0), ("vae", 0)],
    ids=["unet, the first plan", "unet, the cheapest plan", "decoder, the cheapest plan"],
)
def test_what_overflows_in_16_bit_is_finished_in_32(
    tiny: Path, clip_of_cpu: Any, still: RGB, layer: str, free_bytes: int
) -> None:
    request = six_steps()
    wanted = 255 * clip_of_cpu(still, request).permute(0, 2, 3, 1).numpy()
    with pretended_gpu(free_bytes):
        animator = load_svd(tiny, device="cuda:0", dtype="fp16")
        last = {"unet": animator.pipeline.unet.conv_out, "vae": animator.pipeline.vae.decoder.conv_out}[layer]
        last.register_forward_hook(lambda _, __, out: None if out.dtype == torch.float32 else out * float("inf"))
        clip = np.concatenate([chunk.frames for chunk in animator.animate(still, request)])
    assert np.abs(clip - wanted).mean() < 1
    # the weights may have been in main memory when they were converted
    networks = animator.networks
    assert networks.unet.layout == networks.decoder.layout == torch.channels_last


def test_weights_that_come_layer_by_layer_go_again(tiny: Path, still: RGB, request_4: MotionRequest) -> None:
    with pretended_gpu():
        animator = load_svd(tiny, device="cuda:0", dtype="fp16")
        unet = animator.pipeline.unet
        most: list[int] = []

        def count(*_: object) -> None:
            most.append(sum(weight.numel() for weight in unet.parameters() if isinstance(weight, OnGpu)))

        unet.conv_out.register_forward_pre_hook(count)
        unet.up_blocks[0].resnets[0].spatial_res_block.conv1.register_forward_pre_hook(count)
        sampled(animator, still, request_4, PLANS[-1])
        assert not any(isinstance(weight, OnGpu) for weight in unet.parameters())
        failing = unet.conv_out.register_forward_pre_hook(lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sampled(animator, still, request_4, PLANS[-1])
        failing.remove()
        assert not any(isinstance(weight, OnGpu) for weight in unet.parameters()), "a run that fails leaves none behind"
    assert max(most) <= max(sum(w.numel() for w in layer.parameters(recurse=False)) for layer in unet.modules())


def test_weights_that_come_layer_by_layer_are_not_compiled(
    tiny: Path, still: RGB, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STILLMOTION_COMPILE", "aot_eager")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    with pretended_gpu():
        animator = load_svd(tiny, device="cuda:0", dtype="fp32")
        assert animator.networks.unet.is_compiled
        sampled(animator, still, six_steps(), PLANS[-1])
        animator.networks.convert(torch.float32)
        assert not animator.networks.unet.is_compiled


def test_a_compiled_pass_is_one_graph_for_both_branches() -> None:
    """On tensors without numbers, which lie as on a GPU; what a compiler makes of it is not asked."""
    with torch.device("meta"), torch.no_grad():
        unet = Unet(architecture.unet(64, 2).half())
        context = unet.context(torch.empty(2, 1, architecture.VECTOR).half(), torch.empty(2, 3), 2)
        x, noise = torch.empty(2, 2, 8, 16, 8).half(), torch.empty(1)
    assert unet.layout == torch.channels_last
    graphs: list[torch.fx.GraphModule] = []

    def keep(graph: torch.fx.GraphModule, _: Any) -> Callable[..., Any]:
        graphs.append(graph)
        return graph.forward

    compiled = torch.compile(unet.full, fullgraph=True, backend=keep)
    for branch in (slice(0, 1), slice(1, 2)):
        with torch.no_grad():
            compiled(Inputs(x[branch], noise, context.of_branch(branch), Shape(2, rows=97)))
    assert len(graphs) == 1


def test_a_run_goes_on_from_a_checkpoint(on_gpu: SvdAnimator, still: RGB) -> None:
    request = six_steps(solver="dpm")
    kept: list[Checkpoint] = []
    wanted = on_gpu.sample(still, request, lambda event: kept.append(event.checkpoint()))
    assert torch.equal(on_gpu.sample(still, request, resume=kept[3]), wanted)


@pytest.mark.parametrize(
    ("size", "shape"), [((16, 8), Shape(5)), ((12, 7), Shape(5, rows=64, grid=7))], ids=["even", "odd and in parts"]
)
def test_the_algebra_of_a_pass_is_that_of_the_stock_one(size: tuple[int, int], shape: Shape) -> None:
    """With channels last, which a CPU's own passes never are; in float64."""
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        stock = enliven(architecture.unet(width=64, frames=5)).eval().double()
    x = torch.randn(2, 5, 8, *size, generator=generator, dtype=torch.float64)
    clip = torch.randn(2, 1, architecture.VECTOR, generator=generator, dtype=torch.float64)
    noise, controls = torch.tensor([1.3]), torch.tensor([[6.0, 127.0, 0.02]] * 2, dtype=torch.float64)
    with torch.no_grad():
        theirs = stock(x, noise[0], clip, controls, return_dict=False)[0]
        with pretended_gpu():
            ours = Unet(copy.deepcopy(stock).to(GPU))
            context = ours.context(clip.to(GPU), controls.to(GPU), 5)
            seen = ours.full(Inputs(x.to(GPU), noise.to(GPU), context, shape))
            assert seen.deep.is_contiguous(memory_format=torch.channels_last)
            velocity = seen.velocity.cpu()
    assert (velocity - theirs).norm() <= 1e-12 * theirs.norm()


@pytest.mark.parametrize("waiting", [Waiting(), Waiting(frugal=False), Waiting(torch.device("cpu"))], ids=str)
@pytest.mark.parametrize("chunk", [1, 3])
def test_the_algebra_of_a_decode_is_that_of_the_stock_one(waiting: Waiting, chunk: int) -> None:
    """With channels last; in float64."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        stock = enliven(architecture.vae(width=32)).eval().double()
    latents = torch.randn(7, 4, 6, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        theirs = stock.decode(latents, num_frames=7).sample
        with pretended_gpu():
            ours = Decoder(copy.deepcopy(stock).to(GPU))
            pictures = torch.cat([part.cpu() for part in ours.decode(latents.to(GPU), chunk, waiting)])
    assert (pictures - theirs).norm() <= 1e-11 * theirs.norm()
