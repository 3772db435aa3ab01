"""The command line's options, made from `MotionRequest`, and short ones for what a direction mostly says."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer

from pipelines.direction import MOST_LETTERS, direction_of
from pipelines.errors import ClipError, InputError, RequestError
from pipelines.request import MotionRequest, control_schemas

Command = Callable[..., None]

SHORT: dict[str, tuple[Any, str]] = {
    "loop": (bool, "The clip's end is its beginning."),
    "only": (bool, "Nothing moves but what was said."),
    "arrow": (list[str], "What is under it flows along it: 'X,Y X,Y ...' in thousandths of the picture; repeatable."),
    "keep_still": (list[str], "A place that keeps still: 'X,Y' in thousandths of the picture; repeatable."),
    "like": (str, "An MP4 clip whose camera is followed."),
    "shake": (float, "How much a hand would shake the camera: 0 to 1."),
}
"""Options that stand for parts of a direction."""


def request_options(function: Command) -> Command:
    """Gives a command one option for every control in place of its `**controls`; those not given stay None."""
    signature = inspect.signature(function, eval_str=True)
    named = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    short = [_parameter(f"{name}", *SHORT[name], [f"--{name.replace('_', '-')}"]) for name in SHORT]

    @functools.wraps(function)
    def command(*args: Any, **given: Any) -> None:
        function(*args, **_joined(given))

    options = [_option(name) for name in MotionRequest.model_fields]
    command.__signature__ = signature.replace(parameters=[*named, *options, *short])  # type: ignore[attr-defined]
    return command


def _option(name: str) -> inspect.Parameter:
    field = MotionRequest.model_fields[name]
    usual = control_schemas()[name]["default"]
    words = f"{field.description} [default: the model's{'' if usual == '' else f', or {usual}'}]"
    if name == "direction":
        words = f"{field.description} A file, or the text itself."
    names = list(dict.fromkeys([f"--{name.replace('_', '-')}", f"--{name}"]))
    return _parameter(name, _kind(field.annotation), words, names)


def _parameter(name: str, kind: Any, words: str, names: list[str]) -> inspect.Parameter:
    annotation = Annotated[kind | None, typer.Option(*names, help=words)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _kind(annotation: Any) -> Any:
    """The type of an option: that of the values where there are only some."""
    values = get_args(annotation) if get_origin(annotation) is Literal else ()
    kind = type(values[0]) if values else annotation
    return kind if kind in (int, float) else str


def _joined(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, the short options within its direction; raises `typer.BadParameter`."""
    short = {name: given.pop(name) for name in SHORT}
    if given["direction"] is None and not any(value for value in short.values()):
        return given
    try:
        told = direction_of(_text(given["direction"] or "")).brief()
        added = {name: True for name in ("loop", "only") if short[name]}
        arrows = [{"path": _points(text)} for text in short["arrow"] or []]
        camera = told.get("camera", {}) | ({} if short["shake"] is None else {"shake": short["shake"]})
        if short["like"]:
            from media.camera_motion import camera_of

            camera |= {"keys": camera_of(Path(short["like"])), "ease": "linear"}
        lists = {
            "arrows": [*told.get("arrows", []), *arrows],
            "anchors": [*told.get("anchors", []), *(point for t in short["keep_still"] or [] for point in _points(t))],
        }
        return given | {"direction": direction_of(told | added | lists | {"camera": camera})}
    except (InputError, ClipError) as error:
        raise typer.BadParameter(str(error)) from error


def _text(given: str) -> str:
    """The JSON itself, or what is in the file that is named."""
    if given.lstrip()[:1] in ("{", "[", ""):
        return given
    try:
        with Path(given).open(encoding="utf-8") as file:
            return file.read(MOST_LETTERS + 1)
    except (OSError, ValueError) as error:
        raise RequestError(f"There is no direction in {given[:80]}.", "Name a JSON file, or give the JSON.") from error


def _points(text: str) -> list[list[float]]:
    try:
        return [[float(number) for number in pair.split(",")] for pair in text.split()]
    except ValueError as error:
        raise RequestError(f"{text[:40]} are no places.", "Give them like '200,500 400,480'.") from error
