"""How a control is described: a field of a pydantic model that carries all that the page, the command line, the REST
schema and a recipe tell of it."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def control(default: Any, label: str, help: str, **bounds: Any) -> Any:
    """A field with its label, one sentence of help, and pydantic's bounds (`ge`, `le`, `multiple_of`, `pattern`).

    `unit` and `step` are told along. `told` is told as it is: `words`, what a person reads for each value of a menu;
    `in_front`, on the page among the first; `brings`, the controls that get other defaults with it; `lines`, of a text.
    """
    extra = {"label": label, "unit": bounds.pop("unit", ""), "step": bounds.pop("step", 1)}
    extra |= bounds.pop("told", {})
    return Field(default, description=help, json_schema_extra=extra, **bounds)
