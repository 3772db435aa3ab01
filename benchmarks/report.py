"""The frame of every benchmark: figures with a bar and a goal, one table, one JSON file."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import typer

from pipelines.machine import GIB, gpus


@dataclass(frozen=True)
class Figure:
    """One measured claim. `bar` must be met, `goal` is where it should end; both are in `unit`.

    `value` is None where it could not be measured, and `note` says why; such a figure never holds. Otherwise `note` is
    what a reader needs beside the number, or empty.
    """

    name: str
    value: float | None
    unit: str
    bar: float
    goal: float
    lower_is_better: bool
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the value meets its bar."""
        if self.value is None:
            return False
        return self.value <= self.bar if self.lower_is_better else self.value >= self.bar

    def to_json(self) -> dict[str, object]:
        """The figure as `--json` writes it."""
        names = ("name", "value", "unit", "bar", "goal", "holds", "note")
        return {name: getattr(self, name) for name in names}


HEAD = ("figure", "value", "bar", "goal", "holds")


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table, and below it the notes that any of them carry."""
    rows = [HEAD, *(_cells(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    notes = [f"- {figure.name}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _cells(figure: Figure) -> tuple[str, ...]:
    sign = "<=" if figure.lower_is_better else ">="
    value = "not measured" if figure.value is None else _number(figure.value, figure.unit)
    wanted = (f"{sign} {_number(limit, figure.unit)}" for limit in (figure.bar, figure.goal))
    return (figure.name, value, *wanted, "yes" if figure.holds else "NO")


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}".strip()


def machine() -> dict[str, object]:
    """What the figures were measured on, without any name of it."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / GIB, 1),
        "gpu": ", ".join(gpu.name for gpu in gpus()) or None,
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch"),
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def show(figures: Sequence[Figure], json_file: Path | None) -> None:
    """Print the machine and the table, and write the JSON file where one is asked for."""
    facts = machine()
    typer.echo(", ".join(f"{name} {value}" for name, value in facts.items() if value is not None) + "\n")
    typer.echo(table(figures))
    if json_file is not None:
        write(figures, json_file)


def write(figures: Sequence[Figure], json_file: Path) -> None:
    """The figures as JSON, beside the machine."""
    content = {"machine": machine(), "figures": [figure.to_json() for figure in figures]}
    json_file.write_text(json.dumps(content, indent=2) + "\n")
