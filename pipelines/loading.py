"""From a name to a loaded model; each family is imported when it is asked for, for that takes seconds."""

from __future__ import annotations

from pathlib import Path

from pipelines.catalogue import find, location
from pipelines.contract import Animator
from pipelines.errors import ModelError
from pipelines.model_spec import ModelSpec


def load_animator(model: str, device: str | None, dtype: str | None) -> Animator:
    """See `pipelines.load`."""
    spec = find(model)
    folder = location(spec)
    if folder is None:
        raise ModelError(f"The files of {spec.name} are not on this machine.", _how_to_get(spec))
    if spec.family == "pocket":
        return _open_pocket(folder)
    from pipelines.svd.loading import load_svd

    return load_svd(folder, device, dtype)


def _how_to_get(spec: ModelSpec) -> str:
    return (
        f"Fetch them on the Models page, or name a folder that has them: python app.py models add FOLDER ({spec.id})."
    )


def _open_pocket(folder: Path) -> Animator:
    from pipelines.pocket.animator import load_pocket

    try:
        return load_pocket(folder)
    except OSError as error:
        raise ModelError(
            "The built-in model's files are damaged or missing.", "Restore assets/models/pocket from the repository."
        ) from error
