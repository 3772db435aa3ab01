"""The families of models, one folder each: what animates a still, in its own way.

To add one, put its folder here and its name into `FAMILIES`. The folder has `face.py`, whose `FAMILY` is a
`pipelines.models.family.Family`, and, where it has controls that no other family has, `controls.py` with a pydantic
model `Controls`. Neither imports torch. Nothing else in the studio knows a family by its name.
"""

from __future__ import annotations

import functools
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pydantic import BaseModel

    from pipelines.models.family import Family

FAMILIES = (
    "pocket",
    "svd",
    "stock",
)
"""In the order in which they are listed, and asked whether a folder or file is theirs."""

BUILT_IN = FAMILIES[0]
"""The family of the model that is always here; they have the same name."""


@functools.cache
def family(name: str) -> Family:
    """The family with this name; raises `KeyError` if there is none."""
    if name not in FAMILIES:
        raise KeyError(name)
    return cast("Family", import_module(f"{__name__}.{name}.face").FAMILY)


def families() -> list[Family]:
    """All of them."""
    return [family(name) for name in FAMILIES]


@functools.cache
def own_controls(name: str) -> type[BaseModel] | None:
    """The controls that a family adds to those that every family has; None where it adds none."""
    module = f"{__name__}.{name}.controls"
    return None if find_spec(module) is None else cast("type[BaseModel]", import_module(module).Controls)


def foreign_controls(name: str) -> frozenset[str]:
    """The controls that other families have added and this one has not."""
    added = {each: _fields(each) for each in FAMILIES}
    return frozenset().union(*added.values()) - added[name]


def _fields(name: str) -> frozenset[str]:
    controls = own_controls(name)
    return frozenset() if controls is None else frozenset(controls.model_fields)
