"""Stable Video Diffusion as the studio sees it. Knows no torch until a model is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.contract import Animator
from pipelines.errors import RequestError
from pipelines.families.svd.comfy import settings_in
from pipelines.families.svd.controls import Controls
from pipelines.families.svd.cost import DRAFT_STEPS, ENDS, is_guided, sides
from pipelines.families.svd.found import TAESD, found_in
from pipelines.families.svd.plan import CUDA_CONTEXT_BYTES, choose, estimate, fitting_change, plans_for
from pipelines.families.svd.releases import RELEASES
from pipelines.machine import Gpu
from pipelines.models.family import MEGAPIXEL, Family, Found, Part, Places
from pipelines.models.fit import Fit, choose_built_in, fit_without_gpu, in_gb, largest_gpu, seconds_on
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest, asked

STEPS_OF_SPEED = {"fast": 10, "faster": 10, "turbo": 4}
"""Steps that a speed is made for; an `exact` run takes the model's."""

USUAL_SHARE = 0.34
"""Share of a card's peak that it reaches: 39.9 s per clip on an A100 (OneDiff's chart of diffusers)."""


class Svd(Family):
    """All three releases, and what stands on them, from safetensors only."""

    name = "svd"

    def specs(self) -> tuple[ModelSpec, ...]:
        """The releases."""
        return RELEASES

    def recognise(self, path: Path) -> Found | Part | None:
        """A diffusers folder, a single file, a UNet or deltas; or TAESD, which draws the previews."""
        return found_in(path)

    def check_fit(self, places: Places) -> None:
        """Looks at names and shapes only, within seconds."""
        from pipelines.families.svd.loading import check_add_on

        if places.base is not None:
            check_add_on(places.own, places.base)

    def defaults(self, spec: ModelSpec, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """A speed brings the number of steps that it is made for."""
        speed = str(asked.get("speed"))
        return {"num_inference_steps": STEPS_OF_SPEED[speed]} if speed in STEPS_OF_SPEED else {}

    def check(self, spec: ModelSpec, request: MotionRequest) -> None:
        """Turbo is for weights that were distilled; a clip ends with a still or comes by none; ends take no draft."""
        if request.direction.parts & ENDS and is_guided(request):
            how = "loops" if request.direction.loop else "ends with a picture"
            raise RequestError(
                f"{spec.name} {how}, or goes where it was told to; not both.", "Take one of the two out."
            )
        if [key.t for key in request.direction.stills] not in ([], [1]):
            raise RequestError(
                f"{spec.name} shows one further still, at the end of the clip.",
                f"Keep that one alone. {choose_built_in()}",
            )
        if asked(request, Controls).speed == "turbo" and not spec.is_distilled:
            raise RequestError(
                f"Turbo needs distilled weights, and those of {spec.name} are not.",
                "Choose fast or faster, or add AnimateLCM: python app.py models add AnimateLCM-SVD-xt.safetensors.",
            )

    def fit(self, spec: ModelSpec, request: MotionRequest) -> Fit:
        """Weights, the larger of sampling and decoding, and slack, as counted from tensors.

        The sentence names the plan that the run would take on the largest GPU.
        """
        gpu = largest_gpu()
        if gpu is None:
            return fit_without_gpu(estimate(plans_for(request, "gpu")[0], request).peak_bytes)
        return _fit_on(gpu, request)

    def work(self, request: MotionRequest) -> float:
        """A step works on every frame; a draft is drawn and encoded once."""
        megapixel_frames = request.width * request.height * request.num_frames / MEGAPIXEL
        return megapixel_frames * (request.num_inference_steps * sides(request) + DRAFT_STEPS * is_guided(request))

    def settings_in(self, nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Of its own nodes, and the sampler's."""
        return settings_in(nodes)

    def open(self, places: Places, device: str | None, dtype: str | None) -> Animator:
        """A release with what stands on it."""
        from pipelines.families.svd.loading import load_svd

        add_on = None if places.base is None else places.own
        return load_svd(places.base or places.own, device, dtype, add_on, places.parts.get(TAESD))


def _fit_on(gpu: Gpu, request: MotionRequest) -> Fit:
    free = gpu.total_bytes - CUDA_CONTEXT_BYTES
    plan = plans_for(request, "gpu")[choose(request, "gpu", free)]
    cost, total = estimate(plan, request), in_gb(gpu.total_bytes)
    needed = in_gb(cost.peak_bytes)
    if cost.peak_bytes > free:
        remedy = fitting_change(request, "gpu", free) or choose_built_in()
        return Fit(False, f"Needs about {needed} of GPU memory; the GPU has {total}. {remedy}")
    seconds = seconds_on(gpu, cost.flops, USUAL_SHARE)
    lasts = "" if seconds is None else f"; about {seconds:.0f} s"
    return Fit(True, f"Fits: about {needed} of {total} of GPU memory, {plan}{lasts}.")


FAMILY = Svd()
