"""Whose turn it is: one after another among people, however many jobs each of them has waiting."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from jobs.job import Job
from jobs.schema import jobs
from jobs.search import findable


@dataclass(frozen=True)
class Waiting:
    """How many jobs wait: of one person, and in all."""

    mine: int
    in_all: int


class Place(NamedTuple):
    """Where a job stands: lower turns first, those of one turn in the order in which they were asked for (seconds)."""

    turn: int
    asked: float


def count_waiting(connection: sa.Connection, user: str) -> Waiting:
    """Counts what waits now."""
    queued = jobs.c.state == "queued"
    mine = sa.func.count().filter(jobs.c.owner == user)
    row = connection.execute(sa.select(mine, sa.func.count()).select_from(jobs).where(queued)).one()
    return Waiting(*map(int, row))


def next_turn(connection: sa.Connection, user: str) -> int:
    """The turn of a person's new job: lower turns come first, equal ones in the order they were asked for.

    Start-time fair queueing (Goyal, Vin and Cheng, 1996) with jobs of equal size: nobody's job comes before the newest
    turn that has begun, and each further job of the same person one turn later.
    """
    now = connection.execute(sa.select(sa.func.max(jobs.c.turn)).where(jobs.c.started.is_not(None))).scalar() or 1
    last = connection.execute(sa.select(sa.func.max(jobs.c.turn)).where(jobs.c.owner == user)).scalar() or 0
    return max(int(now), int(last) + 1)


def enter(connection: sa.Connection, job: Job, user: str, turn: int) -> Place:
    """Write a new job down as waiting; returns where."""
    created = time.time()
    asked: dict[str, Any] = {
        "id": job.id,
        "owner": user,
        "request": job.request.model_dump_json(),
        "model": job.request.model,
    }
    asked |= {"has_sampling": job.has_sampling, "name": job.name} | findable(job.request, created, job.name)
    connection.execute(jobs.insert().values(**asked, state="queued", turn=turn, place=created, created=created))
    return Place(turn, created)
