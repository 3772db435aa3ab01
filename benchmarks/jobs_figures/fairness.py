"""One person floods the queue: what the others notice of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa

from benchmarks.jobs_figures.bench import STILL, Effort, fake_queue, small_request
from benchmarks.jobs_figures.fake_model import Speed
from benchmarks.report import Figure
from jobs.durable_queue import DurableQueue
from jobs.schema import jobs

SPEED = Speed(step_s=0.02)

WORKERS = 2

OTHERS = 9

EACH = 4
"""Jobs of each other person in the second run, where nobody is out of work while shares are counted."""


def fairness_figures(folder: Path, effort: Effort) -> list[Figure]:
    """The place of the last of the others, and Jain's index."""
    order = _order(folder / "one-each", effort.flood, 1)
    last = 1 + max(order.index(f"user {number}") for number in range(OTHERS))
    shares = _shares(_order(folder / "four-each", effort.flood, EACH))
    counts = ", ".join(map(str, sorted(shares, reverse=True)))
    note = f"{effort.flood} jobs of one, then {EACH} each of {OTHERS}; until the first has none left: {counts}"
    return [
        Figure("the last of nine others behind a flood, place among the finished", last, "", 20, 12, True),
        Figure("Jain's index of the shares", jain(shares), "", 0.95, 0.98, False, note),
    ]


def jain(shares: Iterable[int]) -> float:
    """1 where all shares are equal, 1 / n where one has all (Jain, Chiu and Hawe, 1984)."""
    listed = list(shares)
    return sum(listed) ** 2 / (len(listed) * sum(share**2 for share in listed))


def _order(folder: Path, flood: int, each: int) -> list[str]:
    """Whose jobs were finished, in order."""
    folder.mkdir()
    with fake_queue(folder, SPEED, WORKERS) as queue:
        ids = [queue.submit(STILL, small_request(seed=1), "flood") for _ in range(flood)]
        for _ in range(each):
            ids += [queue.submit(STILL, small_request(seed=1), f"user {number}") for number in range(OTHERS)]
        for job in ids:
            list(queue.watch(job))
        return _finished(queue)


def _finished(queue: DurableQueue) -> list[str]:
    with queue.engine.connect() as connection:
        return list(connection.execute(sa.select(jobs.c.owner).order_by(jobs.c.ended)).scalars())


def _shares(order: list[str]) -> list[int]:
    """How many jobs each had finished when the first of the others had finished all."""
    done: Counter[str] = Counter()
    # what was begun before the others came is nobody's share
    for owner in order[WORKERS:]:
        done[owner] += 1
        if owner != "flood" and done[owner] == EACH:
            break
    return [done["flood"], *(done[f"user {number}"] for number in range(OTHERS))]
