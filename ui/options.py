"""The command line's options, made from `MotionRequest`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from pipelines.request import MotionRequest


def request_options(function: Callable[..., None]) -> Callable[..., None]:
    """Gives a command one option for every control in place of its `**controls`; those not given stay None."""
    signature = inspect.signature(function, eval_str=True)
    named = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [_option(name) for name in MotionRequest.model_fields]
    function.__signature__ = signature.replace(parameters=[*named, *options])  # type: ignore[attr-defined]
    return function


def _option(name: str) -> inspect.Parameter:
    field = MotionRequest.model_fields[name]
    kind: Any = _kind(field.annotation)
    words = f"{field.description} [default: the model's, or {field.default}]"
    names = dict.fromkeys([f"--{name.replace('_', '-')}", f"--{name}"])
    annotation = Annotated[kind | None, typer.Option(*names, help=words)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _kind(annotation: Any) -> Any:
    """The type of an option: that of the values where there are only some."""
    values = get_args(annotation) if get_origin(annotation) is Literal else ()
    kind = type(values[0]) if values else annotation
    return kind if kind in (int, float) else str
