"""Figures about the queue for Prometheus, read from the database when asked for: they outlive every process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from jobs.beats import all_signs
from jobs.job import ENDS
from jobs.schema import in_plain_words, jobs, tallies


def metrics_text(engine: sa.Engine) -> Callable[[], bytes]:
    """A function that answers with all figures in Prometheus' text format; it raises `StoreError`."""
    registry = CollectorRegistry()
    registry.register(_Queue(engine))
    return lambda: generate_latest(registry)


class _Queue(Collector):
    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def describe(self) -> list[Metric]:
        """Nothing is asked of the database before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Queue length, outcomes, waits and run times by model, workers and their GPU memory."""
        yield from self._states()
        yield from self._times()
        yield from self._workers()

    def _states(self) -> Iterator[Metric]:
        length = GaugeMetricFamily("stillmotion_jobs", "Jobs under way by state.", labels=["state"])
        ended = CounterMetricFamily("stillmotion_jobs_ended", "Jobs that have ended.", labels=["model", "outcome"])
        counts = self._rows(sa.select(jobs.c.model, jobs.c.state, sa.func.count()).group_by(jobs.c.model, jobs.c.state))
        for state in ("queued", "running"):
            length.add_metric([state], sum(count for _, found, count in counts if found == state))
        # with those whose rows have left
        gone = self._rows(sa.select(tallies.c.model, tallies.c.state, tallies.c.count))
        for (model, state), count in _summed(counts, gone).items():
            if state in ENDS:
                ended.add_metric([model, state], count)
        yield from (length, ended)

    def _times(self) -> Iterator[Metric]:
        wait = SummaryMetricFamily("stillmotion_wait_seconds", "From the submission to the turn.", labels=["model"])
        run = SummaryMetricFamily("stillmotion_run_seconds", "From the turn to the clip.", labels=["model"])
        waited = sa.func.sum(jobs.c.started - jobs.c.created)
        columns = sa.select(jobs.c.model, sa.func.count(), waited, sa.func.sum(jobs.c.seconds))
        here = self._rows(columns.where(jobs.c.state == "done").group_by(jobs.c.model))
        figures = (tallies.c.model, tallies.c.count, tallies.c.waited, tallies.c.ran)
        gone = self._rows(sa.select(*figures).where(tallies.c.state == "done"))
        for model in sorted({row[0] for row in (*here, *gone)}):
            count, waits, runs = (sum(row[at] for row in (*here, *gone) if row[0] == model) for at in (1, 2, 3))
            wait.add_metric([model], count, waits)
            run.add_metric([model], count, runs)
        yield from (wait, run)

    def _workers(self) -> Iterator[Metric]:
        alive = GaugeMetricFamily("stillmotion_workers", "Workers by state.", labels=["state"])
        memory = GaugeMetricFamily("stillmotion_gpu_memory_bytes", "Memory taken on its GPU.", labels=["worker"])
        signs = all_signs(self._engine)
        for state in ("starting", "idle", "working", "asleep", "waking"):
            alive.add_metric([state], sum(sign.state == state for sign in signs))
        for sign in signs:
            memory.add_metric([sign.worker], sign.memory)
        yield from (alive, memory)

    def _rows(self, query: sa.Executable) -> list[Any]:
        with in_plain_words(), self._engine.connect() as connection:
            return list(connection.execute(query))


def _summed(*tables: list[Any]) -> Counter[tuple[str, str]]:
    """How many jobs of each model ended how, of rows of all three."""
    sums: Counter[tuple[str, str]] = Counter()
    for model, state, count in chain(*tables):
        sums[model, state] += count
    return sums
