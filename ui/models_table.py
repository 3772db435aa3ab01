"""The models as a table for the terminal."""

from __future__ import annotations

from pipelines.enhance.helpers import HELPERS
from pipelines.models.asking import usual_fit
from pipelines.models.catalogue import location, models
from ui.cards import file_size

HEADER = ("id", "family", "licence", "size", "here", "fits this machine")


def models_table() -> str:
    """One line per model and helper, columns aligned; raises `ModelError` where the list of added models is damaged."""
    rows = [HEADER]
    for spec in models():
        here = "yes" if location(spec) is not None else "no"
        fit = usual_fit(spec)
        rows.append((spec.id, spec.family, spec.licence, file_size(spec.size_bytes), here, fit.sentence))
    for helper in HELPERS:
        told = f"Works on the frames of every model: --{helper.control}."
        rows.append((helper.id, "helper", helper.licence, file_size(helper.size_bytes), "yes", told))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
