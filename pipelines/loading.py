"""From a name to a loaded model; each family is imported when it is asked for, for that takes seconds."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.contract import RGB, Animator, Sketch
from pipelines.errors import ModelError
from pipelines.families.svd.taesd import taesd_in
from pipelines.models.added import add_taesd, added_taesd
from pipelines.models.catalogue import POCKET, add_local, describe, find, location
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest

if TYPE_CHECKING:
    from pipelines.families.pocket.animator import PocketAnimator


def load_animator(model: str, device: str | None, dtype: str | None) -> Animator:
    """See `pipelines.load`."""
    spec = find(model)
    base = _place(spec if spec.base is None else find(spec.base))
    own = _place(spec)
    if spec.family == "pocket":
        return _open_pocket(own)
    from pipelines.families.svd.loading import load_svd

    return load_svd(base, device, dtype, None if spec.base is None else own, added_taesd())


def looks_ahead(model: str) -> bool:
    """Whether a model has something to find out about a still before a clip is asked for; raises `ModelError`."""
    return find(model).family == "pocket"


def look_ahead_for(model: str, still: RGB) -> None:
    """See `pipelines.look_ahead`."""
    if looks_ahead(model):
        from pipelines.families.pocket.animator import look_ahead

        look_ahead(still)


@functools.cache
def _pocket() -> PocketAnimator:
    return _open_pocket(_place(find(POCKET.id)))


def sketch_of(still: RGB, request: MotionRequest, is_whole: bool) -> Sketch:
    """See `pipelines.sketch`."""
    from pipelines.families.pocket.sketch import sketched

    return sketched(_pocket(), still, request, is_whole)


def add(path: Path) -> str:
    """Makes a folder or file known as a model, or as what draws the previews; returns a sentence about it.

    Imports torch for an add-on. Raises `ModelError` where it is nothing of the kind, or does not fit the release that
    it would stand on.
    """
    place = path.expanduser().resolve()
    taesd = taesd_in(place)
    if taesd is not None:
        add_taesd(taesd)
        return f"{path.name} draws the previews of Stable Video Diffusion from now on."
    spec = describe(place)
    if spec.base is not None:
        from pipelines.families.svd.loading import check_add_on

        check_add_on(place, _place(find(spec.base)))
    known = add_local(place)
    on = f", on {find(known.base).name}" if known.base is not None else ""
    return f"{known.name} is known as {known.id}{on}."


def _place(spec: ModelSpec) -> Path:
    place = location(spec)
    if place is None:
        raise ModelError(f"The files of {spec.name} are not on this machine.", _how_to_get(spec))
    return place


def _how_to_get(spec: ModelSpec) -> str:
    return (
        f"Fetch them on the Models page, or name a folder that has them: python app.py models add FOLDER ({spec.id})."
    )


def _open_pocket(folder: Path) -> PocketAnimator:
    from pipelines.families.pocket.animator import load_pocket

    try:
        return load_pocket(folder)
    except OSError as error:
        raise ModelError(
            "The built-in model's files are damaged or missing.", "Restore assets/models/pocket from the repository."
        ) from error
