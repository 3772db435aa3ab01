"""The benchmark of Stable Video Diffusion: what it keeps when it is stopped, and what it refuses to call a figure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from typer.testing import CliRunner

import benchmarks.svd
from benchmarks.report import Figure
from benchmarks.svd_figures.bench import TRUTH, open_bench
from benchmarks.svd_figures.exactness import whole_float32
from benchmarks.svd_figures.questions import answers
from benchmarks.svd_figures.speed import race

SMALL = replace(
    TRUTH,
    request=TRUTH.request.model_copy(update={"num_frames": 2, "num_inference_steps": 1, "width": 64, "height": 64}),
)


@pytest.fixture
def program() -> typer.Typer:
    app = typer.Typer()
    app.command()(benchmarks.svd.main)
    return app


def test_a_benchmark_that_is_stopped_keeps_its_figures(
    program: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> Iterator[Figure]:
        yield Figure("first", 1.0, "x", 1, 1, True)
        raise KeyboardInterrupt

    monkeypatch.setattr(benchmarks.svd, "measure", stopped)
    CliRunner().invoke(program, ["--device", "cpu", "--json", str(tmp_path / "figures.json")])
    kept = json.loads((tmp_path / "figures.json").read_text())
    assert [figure["name"] for figure in kept["figures"]] == ["first"]


def test_only_what_is_asked_for_is_measured(program: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(benchmarks.svd, "measure", lambda _, __, kinds: asked.append(list(kinds)) or iter(()))
    for options in ([], ["--only", "speed", "--only", "memory"]):
        assert CliRunner().invoke(program, ["--device", "cpu", *options]).exit_code == 0
    assert asked == [["exactness", "counted", "speed", "overhead", "memory"], ["speed", "memory"]]


def test_a_race_runs_stock_and_every_way_of_ours_in_turn() -> None:
    bench = open_bench(replace(SMALL, pairs=2), torch.device("cpu"), torch.float32)
    exact, slow = race(bench, {}, {"num_inference_steps": 3})
    assert exact.stock == slow.stock
    assert len(exact.ours) == len(slow.ours) == len(exact.stock) == 2


def test_an_overflow_is_no_figure() -> None:
    bench = open_bench(SMALL, torch.device("cpu"), torch.bfloat16)
    layer = bench.ours.pipeline.vae.decoder.conv_out
    layer.register_forward_hook(lambda _, __, out: None if out.dtype == torch.float32 else out * float("inf"))
    with pytest.raises(RuntimeError, match="overflowed"):
        bench.run_ours()


def test_float32_is_whole_while_it_is_judged() -> None:
    before = torch.backends.cudnn.allow_tf32
    with whole_float32():
        assert torch.backends.cudnn.enabled
        assert not torch.backends.cudnn.allow_tf32
    assert torch.backends.cudnn.allow_tf32 == before


def test_questions_are_answered_one_by_one() -> None:
    bench = open_bench(SMALL, torch.device("cpu"), torch.float32)
    rows = answers(bench)
    assert next(rows).startswith("| way |")
    assert {row.split(":")[0] for row in rows} == {"| step", "| decode"}
