"""How long things take, learned from past runs: of each machine by itself, kept in the database."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from jobs.schema import in_plain_words, paces
from pipelines.models.asking import work
from pipelines.request import MotionRequest

SETTLE = 0.5
"""Share of the newest run in the kept pace: two or three runs forget a machine that was busy once."""

MEGAPIXEL = 1e6

TELLING_SHARE = 0.15
"""Of a first run, before which nothing is said about its end."""


HELPERS = "(helpers)"
"""Stands for the helpers where the table has a model: no model has brackets for an id."""

UPSCALING_PER_INTERPOLATION = 2.5
"""Time for a pixel that is made larger, over that for a pixel in between, on a CPU; x2 and x4 are all the same."""


@dataclass(frozen=True)
class Paces:
    """Seconds per megapixel-frame by model."""

    of: Mapping[str, float]

    def estimate(self, request: MotionRequest) -> float | None:
        """See `Pace.estimate`."""
        parts = [self.seconds(request.model, work(request))]
        if request.is_enhanced:
            parts.append(self.seconds(HELPERS, _helpers_work(request)))
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def seconds(self, worker: str, work: float) -> float | None:
        """Seconds for so much work of one model, or of the helpers; None where that is not known."""
        return self.of[worker] * work if worker in self.of else None


class Pace:
    """Seconds per megapixel-frame of each model, and of the helpers. Raises `StoreError`."""

    def __init__(self, engine: sa.Engine, machine: str = "") -> None:
        self._engine, self._machine = engine, machine

    def estimate(self, request: MotionRequest) -> float | None:
        """Seconds that a clip will take with its model loaded; None before the first run of all that it needs.

        On `machine`, or on the mean of all where this one is none of those that work.
        """
        return self.known().estimate(request)

    def known(self) -> Paces:
        """What is known now, for many estimates."""
        query = sa.select(paces.c.model, sa.func.avg(paces.c.pace)).group_by(paces.c.model)
        if self._machine:
            query = query.where(paces.c.machine == self._machine)
        with in_plain_words(), self._engine.connect() as connection:
            return Paces({model: float(pace) for model, pace in connection.execute(query)})

    def learn(self, request: MotionRequest, seconds: float) -> None:
        """Take note of a finished run on this machine.

        Model and helpers work by turns: of a run with both, what the model is known to take alone is the model's, and
        the rest is the helpers'. Where that is not known, nothing is learned.
        """
        if not request.is_enhanced:
            self._settle(request.model, seconds / work(request))
            return
        models_own = self.known().seconds(request.model, work(request))
        if models_own is not None and seconds > models_own:
            self._settle(HELPERS, (seconds - models_own) / _helpers_work(request))

    def _settle(self, worker: str, new: float) -> None:
        here = (paces.c.model == worker, paces.c.machine == self._machine)
        with in_plain_words(), self._engine.begin() as connection:
            settled = paces.c.pace + SETTLE * (new - paces.c.pace)
            now = time.time()
            if connection.execute(paces.update().where(*here).values(pace=settled, learned=now)).rowcount == 0:
                fresh = {"model": worker, "machine": self._machine, "pace": new, "learned": now}
                connection.execute(paces.insert().values(**fresh))


def remaining(expected: float | None, elapsed_s: float, share: float) -> float | None:
    """Seconds still to go for a run of which `share` is done, where past runs let `expected` seconds be thought of.

    What past runs took counts at the beginning, what this one has taken so far counts towards the end.
    """
    if expected is None and share < TELLING_SHARE:
        return None
    from_progress = elapsed_s * (1 - share) / max(share, TELLING_SHARE)
    from_past = from_progress if expected is None else max(0.0, expected - elapsed_s)
    return share * from_progress + (1 - share) * from_past


def _helpers_work(request: MotionRequest) -> float:
    """Megapixels in between, and those that are made larger by what they cost more."""
    megapixels = request.width * request.height / MEGAPIXEL
    larger = request.clip_frames * UPSCALING_PER_INTERPOLATION if request.upscaling > 1 else 0.0
    return megapixels * (request.clip_frames - request.num_frames + larger)
