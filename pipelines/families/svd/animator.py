"""Stable Video Diffusion at work: a still and a request become latents, and the latents frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

import pipelines
from pipelines.contract import RGB, Checkpoint, Draft, FrameChunk, OnStep, StepEvent, ignore_steps
from pipelines.errors import RequestError
from pipelines.families.svd.clip_watch import ClipWatch
from pipelines.families.svd.cost import is_guided
from pipelines.families.svd.decoding import Decoding, Numbered
from pipelines.families.svd.dtype import DtypeChoice
from pipelines.families.svd.guide import GUIDED
from pipelines.families.svd.ladder import Ladder
from pipelines.families.svd.meeting import TWO_SIDED
from pipelines.families.svd.memory import decode_shortage, sampling_shortage
from pipelines.families.svd.networks import Networks
from pipelines.families.svd.plan import Plan
from pipelines.families.svd.sampling import Sampling
from pipelines.families.svd.watch import Watch
from pipelines.quiet import quiet_libraries
from pipelines.request import MotionRequest


class SvdAnimator:
    """A loaded release, ready to animate; made by `pipelines.families.svd.loading.load_svd`.

    `pipeline` is a `StableVideoDiffusionPipeline` in `choice.dtype`, whose parts are taken over: its own call no longer
    works. Implements `pipelines.contract.Animator`. Up to rounding, the frames equal those of the pipeline called with
    the same settings and all frames decoded together, whatever the decode chunk.
    """

    def __init__(self, pipeline: Any, choice: DtypeChoice, device: torch.device) -> None:
        self.pipeline = pipeline
        self.choice = choice
        self.networks = Networks(pipeline, device)
        self.told = ""
        """What a person must know of every run, or empty."""

    def animate(
        self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps, resume: Checkpoint | None = None
    ) -> Iterator[FrameChunk]:
        """Chunks in order, each as soon as it is decoded; see `Animator.animate`.

        `request.fps` is the frame rate as people count it; the model is told `fps - 1`, as it was in training.
        Raises `RequestError` for a still of another size, `BadFrames` for values that are not finite, `OutOfMemory`
        with the cheapest remedy, and whatever `on_step` raises: within one step of sampling, or about one frame of
        decoding.
        """
        if request.direction.loop:
            # one frame more, which is the first one again and left out
            whole = request.model_copy(update={"num_frames": request.num_frames + 1})
            sampling = self._ending(still, whole, on_step, last=still)
        else:
            sampling = self._sampling(still, request, on_step)
        yield from self._shown(sampling, request, on_step, resume)

    def meet(
        self,
        stills: Sequence[RGB],
        request: MotionRequest,
        on_step: OnStep = ignore_steps,
        resume: Checkpoint | None = None,
    ) -> Iterator[FrameChunk]:
        """From one still to another, which is the clip's end; see `pipelines.contract.Meets`, and `animate`."""
        still, last = stills
        _check_still(last, request)
        yield from self._shown(self._ending(still, request, on_step, last), request, on_step, resume)

    def _ending(self, still: RGB, request: MotionRequest, on_step: OnStep, last: RGB) -> Sampling:
        sampling = self._sampling(still, request, on_step)
        sampling.last = last
        sampling.watch.note(TWO_SIDED)
        return sampling

    def _sampling(self, still: RGB, request: MotionRequest, on_step: OnStep) -> Sampling:
        watch = Watch(on_step)
        if self.told:
            watch.note(self.told)
        return Sampling(self.networks, still, request, watch, _draft_of(still, request, watch))

    def _shown(
        self, sampling: Sampling, request: MotionRequest, on_step: OnStep, resume: Checkpoint | None
    ) -> Iterator[FrameChunk]:
        still, draft = sampling.still, sampling.draft
        latents = self._sampled(sampling, resume)[:, : request.num_frames]
        clip = ClipWatch(still, request, None if draft is None else draft.may_move)
        for start, pictures in self.decode(latents, request, on_step):
            chunk = FrameChunk(start, _to_bytes(pictures))
            if draft is not None:
                chunk = draft.kept(still, chunk)
            clip.see(chunk.frames)
            if start + len(chunk.frames) == request.num_frames:
                _tell(clip, on_step)
            yield chunk

    def sample(
        self, still: RGB, request: MotionRequest, on_step: OnStep = ignore_steps, resume: Checkpoint | None = None
    ) -> torch.Tensor:
        """Scaled latents of the clip, float32 `[1, F, 4, H/8, W/8]`, on the device; all finite."""
        watch = Watch(on_step)
        return self._sampled(Sampling(self.networks, still, request, watch, _draft_of(still, request, watch)), resume)

    @quiet_libraries()
    def _sampled(self, sampling: Sampling, resume: Checkpoint | None) -> torch.Tensor:
        self._recover()
        if resume is not None and self._goes_on(resume, sampling):
            sampling.resume(resume)

        def work(plan: Plan) -> Iterator[torch.Tensor]:
            yield sampling.run(plan)

        shortage = sampling_shortage(sampling.request, self.networks.device)
        return next(Ladder(self.networks, sampling.request, sampling.watch).climb(work, shortage))

    def decode(
        self, latents: torch.Tensor, request: MotionRequest, on_step: OnStep = ignore_steps
    ) -> Iterator[Numbered]:
        """Pairs of the first frame's number and the frames, float32 `[n, 3, H, W]` from 0 to 1, on the device.

        `n` is at most `request.decode_chunk_size`, or what suits the machine for 0.
        """
        watch = Watch(on_step)
        decoding = Decoding(self.networks, latents, request, watch)
        shortage = decode_shortage(request, self.networks.device)
        return Ladder(self.networks, request, watch).climb(decoding.run, shortage)

    def _goes_on(self, resume: Checkpoint, sampling: Sampling) -> bool:
        """Whether the frames would be those of an undisturbed run; what is drawn to its end needs no more steps."""
        if resume.step == sampling.steps or resume.made_by == self.networks.kind:
            return True
        sampling.watch.note(f"Begun again: what was kept of this run was made in {resume.made_by or 'another format'}.")
        return False

    def _recover(self) -> None:
        """A run whose numbers overflowed was finished in float32."""
        if self.networks.dtype != self.choice.dtype:
            self.networks.convert(self.choice.dtype)


def _draft_of(still: RGB, request: MotionRequest, watch: Watch) -> Draft | None:
    """What guides a run of which something was said."""
    _check_still(still, request)
    if not is_guided(request):
        return None
    watch.note(GUIDED)
    draft = pipelines.draft(still, request)
    if draft.told:
        watch.note(draft.told)
    return draft


def _tell(clip: ClipWatch, on_step: OnStep) -> None:
    total = clip.request.num_frames
    for note in clip.notes():
        on_step(StepEvent("decode", total, total, note=note))


def _check_still(still: RGB, request: MotionRequest) -> None:
    if still.shape != (request.height, request.width, 3) or still.dtype != "uint8":
        raise RequestError(
            f"The still is {still.dtype} {still.shape}, not uint8 [{request.height}, {request.width}, 3].",
            "Fit it to the request's width and height first.",
        )


def _to_bytes(pictures: torch.Tensor) -> RGB:
    """uint8 `[n, H, W, 3]`, rounded as diffusers rounds (`VaeImageProcessor.numpy_to_pil`)."""
    frames: RGB = (pictures.permute(0, 2, 3, 1).cpu().numpy() * 255).round().astype("uint8")
    return frames
