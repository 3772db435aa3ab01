"""From a name to a loaded model; each family's own code is imported when it is asked for, for that takes seconds."""

from __future__ import annotations

from pathlib import Path

from pipelines.contract import RGB, Animator, Draft, Sketch
from pipelines.errors import ModelError
from pipelines.families import BUILT_IN, family
from pipelines.models.added import Added, forget, remember, remembered
from pipelines.models.catalogue import add_local, built_in, describe, find, models, named_models, places_of
from pipelines.models.family import Part
from pipelines.models.recognised import recognised
from pipelines.request import MotionRequest


def load_animator(model: str, device: str | None, dtype: str | None) -> Animator:
    """See `pipelines.load`."""
    spec = find(model)
    return family(spec.family).open(places_of(spec), device, dtype)


def looks_ahead(model: str) -> bool:
    """Whether a model has something to find out about a still before a clip is asked for; raises `ModelError`."""
    return find(model).looks_ahead


def look_ahead_for(model: str, still: RGB) -> None:
    """See `pipelines.look_ahead`."""
    spec = find(model)
    if spec.looks_ahead:
        family(spec.family).look_ahead(still)


def sketch_of(still: RGB, request: MotionRequest, is_whole: bool) -> Sketch:
    """See `pipelines.sketch`."""
    return family(BUILT_IN).sketch(places_of(find(built_in().id)), still, request, is_whole)


def draft_of(still: RGB, request: MotionRequest) -> Draft:
    """See `pipelines.draft`."""
    return family(BUILT_IN).draft(still, request)


def add(path: Path) -> str:
    """Makes a folder or file known as a model, or as what its family has a use for; returns a sentence about it.

    Imports torch for what stands on a model. Raises `ModelError` where it is nothing of the kind, or does not fit the
    model that it would stand on.
    """
    place = path.expanduser().resolve()
    its, found = recognised(place)
    if isinstance(found, Part):
        remember(Added(found.id, str(found.path), its.name, is_part=True), ())
        return f"{path.name} {found.told}."
    spec = describe(place)
    if spec.base is not None:
        its.check_fit(places_of(spec))
    known = add_local(place)
    on = f", on {find(known.base).name}" if known.base is not None else ""
    return f"{known.name} is known as {known.id}{on}."


def remove(model: str) -> str:
    """Forgets what was added by an id, and leaves its files where they are; returns a sentence about it.

    Raises `ModelError` where nothing was added by it, or something else stands on it.
    """
    standing = [spec.id for spec in models() if spec.base == model]
    if standing and model not in {spec.id for spec in named_models()}:
        first = standing[0]
        raise ModelError(f"{first} stands on {model}.", f"Remove that first: python app.py models remove {first}.")
    gone = forget(model)
    if gone is None:
        added = ", ".join(each.id for each in remembered()) or "none"
        raise ModelError(f"No model was added as {model[:60]}.", f"What was added: {added}.")
    return f"{model} is forgotten. Its files stay in {gone.path}."
