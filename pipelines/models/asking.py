"""What may be asked of a model, and what that costs. Knows no torch, and families only by their face."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.direction import PART_NAMES
from pipelines.errors import ModelError, RequestError, StillmotionError
from pipelines.families import family
from pipelines.models.catalogue import built_in, default_model, family_of, known
from pipelines.models.family import Family
from pipelines.models.fit import Fit
from pipelines.models.spec import ModelSpec
from pipelines.request import SIZE_STEP, MotionRequest, parse_request


def request_for(fields: Mapping[str, Any], find_model: Callable[[str], ModelSpec] = known) -> MotionRequest:
    """A request for the model that `fields` names, or for the default one, with its defaults for what is missing.

    `find_model` is `find` where whoever asks may name a folder of this machine.

    None counts as missing; controls that the model ignores are left at their defaults. Raises `ModelError` for an
    unknown model and `RequestError` for a value that the model cannot follow.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    spec = find_model(str(given.get("model") or default_model()))
    request = parse_request(_filled(spec, given))
    _check_limits(spec, request)
    return request


def unheeded(fields: Mapping[str, Any], find_model: Callable[[str], ModelSpec] = known) -> list[str]:
    """A sentence for each control that was set to something and that the model does not have; raises `ModelError`."""
    spec = find_model(str(fields.get("model") or default_model()))
    usual = {name: MotionRequest.model_fields[name].default for name in spec.ignores}
    lost = [name for name, default in usual.items() if fields.get(name) not in (None, default)]
    return [f"{spec.name} has no {name}: it was left out." for name in sorted(lost)]


def default_of(spec: ModelSpec, name: str, asked: Mapping[str, Any]) -> Any:
    """What a control is where it is not asked for, but other things are."""
    return family(spec.family).defaults(spec, asked).get(name, spec.defaults[name])


def fits(spec: ModelSpec, request: MotionRequest) -> Fit:
    """Whether a request fits this machine: an estimate, no promise."""
    return family(spec.family).fit(spec, request)


def usual_fit(spec: ModelSpec) -> Fit:
    """The same of a run with the model's own settings; what stands in the way of one is its sentence."""
    try:
        return fits(spec, request_for({"model": spec.id}))
    except StillmotionError as error:
        return Fit(False, str(error))


def work(request: MotionRequest) -> float:
    """What the time of a request's run grows in proportion to, on one machine with one model."""
    try:
        its = family_of(request.model)
    except ModelError:  # the list of added models is damaged: the time of a run is not the place to say so
        its = None
    return Family.usual_work(request) if its is None else its.work(request)


def _filled(spec: ModelSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in given.items() if name not in spec.ignores}
    filled = {**spec.defaults, **family(spec.family).defaults(spec, asked), **asked, "model": spec.id}
    low, high = filled["min_guidance_scale"], filled["max_guidance_scale"]
    if not (isinstance(low, int | float) and isinstance(high, int | float)):
        return filled
    # A default that nobody chose gives way to what somebody did.
    if "min_guidance_scale" not in asked:
        filled["min_guidance_scale"] = min(low, high)
    elif "max_guidance_scale" not in asked:
        filled["max_guidance_scale"] = max(low, high)
    return filled


def _check_limits(spec: ModelSpec, request: MotionRequest) -> None:
    deaf_to = sorted(request.direction.parts - spec.obeys)
    if deaf_to:
        raise RequestError(
            f"{spec.name} does not follow {' and '.join(map(PART_NAMES.__getitem__, deaf_to))}.",
            f"Choose {built_in().name}, or take that out of the direction.",
        )
    if request.num_frames > spec.max_frames:
        raise RequestError(
            f"{spec.name} makes at most {spec.max_frames} frames.", f"Set num_frames to {spec.max_frames} or less."
        )
    count = len(request.direction.stills)
    if count >= request.num_frames:
        raise RequestError(
            f"A clip of {request.num_frames} frames cannot come by {count} further stills.", "Make it longer."
        )
    pixels = request.width * request.height
    if pixels > spec.max_pixels:
        scale = math.sqrt(spec.max_pixels / pixels) / SIZE_STEP
        width, height = (int(side * scale) * SIZE_STEP for side in (request.width, request.height))
        raise RequestError(
            f"{request.width}x{request.height} is too large for {spec.name}.", f"Choose {width}x{height} or less."
        )
    family(spec.family).check(spec, request)
