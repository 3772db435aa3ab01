"""What the call of a pipeline takes, read from diffusers' own source. Knows no torch: nothing is imported or run."""

from __future__ import annotations

import ast
import functools
import importlib.util
import inspect
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUIRED = inspect.Parameter.empty
"""The default of an argument that has none."""

CLASS = re.compile(r"^class (\w+Pipeline)\(", re.MULTILINE)
"""Where a pipeline is defined."""


@dataclass(frozen=True)
class Signature:
    """A pipeline class: `call` are the arguments of a run with their defaults, `parts` those it is built from, each
    with whether it may be left out. `hands_over` tells that a run ends in one decoding, of which nothing but pixels
    is made: it can be taken over. `room` is the folder of diffusers that it comes from."""

    name: str
    room: Path
    call: Mapping[str, Any]
    parts: Mapping[str, bool]
    hands_over: bool


@functools.cache
def pipeline_signature(name: str) -> Signature | None:
    """The signature of the pipeline with this name; None where this diffusers has none."""
    file = _files().get(name)
    if file is None:
        return None
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    methods = {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}
    if "__call__" not in methods or "__init__" not in methods:
        return None
    optional = _optional_parts(found)
    built_from = _arguments(methods["__init__"])
    parts = {part: part in optional or built_from[part] is not REQUIRED for part in built_from}
    return Signature(name, file.parent, _arguments(methods["__call__"]), parts, _hands_over(methods))


def beside(signature: Signature) -> list[Signature]:
    """The other pipelines of the same folder of diffusers, by name."""
    names = sorted(name for name, file in _files().items() if file.parent == signature.room and name != signature.name)
    return [found for name in names if (found := pipeline_signature(name)) is not None]


def is_room(name: str) -> bool:
    """Whether diffusers' pipelines have a folder of this name, whose classes a `model_index.json` may name."""
    return name.isidentifier() and (_pipelines() / name).is_dir()


def _pipelines() -> Path:
    found = importlib.util.find_spec("diffusers")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'diffusers'", name="diffusers")
    return Path(found.submodule_search_locations[0], "pipelines")


@functools.cache
def _files() -> dict[str, Path]:
    files = sorted(_pipelines().rglob("pipeline_*.py"))
    return {name: file for file in files for name in CLASS.findall(file.read_text(encoding="utf-8"))}


def _arguments(function: ast.FunctionDef) -> dict[str, Any]:
    names = [argument.arg for argument in function.args.args[1:]]
    defaults = [_literal(node) for node in function.args.defaults]
    filled = [REQUIRED] * (len(names) - len(defaults)) + defaults
    return dict(zip(names, filled, strict=True))


def _literal(node: ast.expr) -> Any:
    """The value of a default; its source where it is no plain value."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def _optional_parts(found: ast.ClassDef) -> frozenset[str]:
    for node in found.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_optional_components":
            return frozenset(_literal(node.value))
    return frozenset()


DECODES = re.compile(
    r"(\w+) = self\.(vae\.decode\(.*return_dict=False\)\[0\]|decode_latents\(\w+\))\n"
    r"\1 = self\.video_processor\.postprocess_video\((video=)?\1, output_type=output_type\)$",
    re.DOTALL,
)
"""Decoding, and nothing but pixels made of it, as the statements stand after `ast.unparse`."""

PLAIN_DECODING = re.compile(r"frames = self\.vae\.decode\(\w+\)\.sample\nreturn frames$")
"""How `decode_latents` ends where it decodes and does nothing else after."""


def _hands_over(methods: Mapping[str, ast.FunctionDef]) -> bool:
    call = methods["__call__"]
    loops = [node for node in ast.walk(call) if isinstance(node, ast.For | ast.While)]
    if any("decode(" in ast.unparse(loop) for loop in loops):
        return False
    found = [match for block in _blocks(call) if (match := _decoding_in(block))]
    if len(found) != 1:
        return False
    if found[0].group(2).startswith("vae."):
        return True
    own = methods.get("decode_latents")
    return own is not None and PLAIN_DECODING.search("\n".join(map(ast.unparse, own.body))) is not None


def _blocks(call: ast.FunctionDef) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(call):
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield block


def _decoding_in(block: list[ast.stmt]) -> re.Match[str] | None:
    """Two statements that follow each other; another one after them is about sound, if it knows no `video`."""
    for first, second in itertools.pairwise(block):
        match = DECODES.match(f"{ast.unparse(first)}\n{ast.unparse(second)}")
        if match is not None:
            after = "\n".join(map(ast.unparse, block[block.index(second) + 1 :]))
            return None if re.search(rf"\b{match.group(1)} =", after) else match
    return None
