"""Signs of life: each worker counts up a number; who sees a number stand still knows that its worker is gone.

Every watcher times that with a clock of its own that nobody can set, so neither a jump of the system's time nor two
hosts that disagree about it make a living worker look dead.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from jobs.claims import released
from jobs.schema import in_plain_words, workers

BEAT_S = 2.0
"""Seconds between two signs of life."""

STALE_S = 25.0
"""Seconds without one after which a worker counts as dead: loading a model on a busy machine can hold up a thread for
ten; the next worker has the job well within a minute."""


STARTING, SLEEPING, WAKING = "starting", "asleep", "waking"
"""States of a worker that can do nothing yet: one that is new, one that is started when a job waits, and one that is
being started for that. The last two count as ready, for a job that is handed in will be made."""


@dataclass(frozen=True)
class Sign:
    """A worker as it last was: `state` is one of those above, or idle or working; `memory` in bytes is its GPU's."""

    worker: str
    beat: int
    state: str
    job: str
    memory: int


class Heart:
    """A worker's own signs of life. Raises `StoreError`."""

    def __init__(self, engine: sa.Engine, worker: str) -> None:
        self._engine, self._worker = engine, worker

    def beat(self, state: str, job: str, memory: int) -> None:
        """Say that this worker lives, and what it does."""
        now = {"state": state, "job": job, "memory": memory}
        mine = workers.update().where(workers.c.id == self._worker).values(beat=workers.c.beat + 1, **now)
        with in_plain_words(), self._engine.begin() as connection:
            if connection.execute(mine).rowcount == 0:
                connection.execute(workers.insert().values(id=self._worker, beat=1, **now))

    def stop(self) -> None:
        """This worker ends in good order: nobody need wait for it."""
        strike_off(self._engine, self._worker)


class Watch:
    """Whose signs of life have stopped. Belongs to one thread; raises `StoreError`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._seen: Mapping[str, tuple[int, float]] = {}

    def stale(self) -> dict[str, float]:
        """Seconds since each worker was last seen to live, by its id; new ones count as alive."""
        now = time.monotonic()
        try:
            signs = all_signs(self._engine)
        except Exception:
            # nobody could give a sign that this watcher would have seen: it begins anew
            self._seen = {}
            raise
        before, self._seen = self._seen, {}
        for sign in signs:
            beat, since = before.get(sign.worker, (sign.beat, now))
            self._seen = {**self._seen, sign.worker: (sign.beat, since if beat == sign.beat else now)}
        return {worker: now - since for worker, (_, since) in self._seen.items()}

    def living(self) -> list[str]:
        """Workers that are ready or at work, as far as is known."""
        stale = self.stale()
        ready = {sign.worker for sign in all_signs(self._engine) if sign.state != STARTING}
        return [worker for worker, seconds in stale.items() if worker in ready and seconds <= STALE_S]

    def dead(self) -> list[str]:
        """Workers that count as dead."""
        return [worker for worker, seconds in self.stale().items() if seconds > STALE_S]


def all_signs(engine: sa.Engine) -> list[Sign]:
    """Every worker that has not ended in good order."""
    with in_plain_words(), engine.connect() as connection:
        rows = connection.execute(sa.select(workers).order_by(workers.c.id))
        return [Sign(row.id, row.beat, row.state, row.job, row.memory) for row in rows]


def release(engine: sa.Engine, worker: str) -> None:
    """The jobs of a worker that is gone wait again."""
    with in_plain_words(), engine.begin() as connection:
        connection.execute(released(worker))


def begin_again(engine: sa.Engine, worker: str) -> None:
    """A new process takes this worker's name: what the last one said of itself does not speak for it.

    The row stays: should the new one never come up, others see it dead and take over what it had.
    """
    with in_plain_words(), engine.begin() as connection:
        connection.execute(
            workers.update().where(workers.c.id == worker, workers.c.state != WAKING).values(state=STARTING)
        )


def strike_off(engine: sa.Engine, worker: str) -> None:
    """Nobody waits for signs of this worker any more; only once the queue has taken its jobs back."""
    with in_plain_words(), engine.begin() as connection:
        connection.execute(workers.delete().where(workers.c.id == worker))
