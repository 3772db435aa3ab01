"""The library, the queue and the caretaker at 100,000 clips: `python -m benchmarks.library [--clips N] [--json FILE]`.

All clips are one person's, which is the worst case. On SQLite, and on PostgreSQL where `--postgres URL` names one.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from benchmarks.report import Figure, show
from jobs.caretaker import Caretaker
from jobs.forecast import Forecast
from jobs.job import Job, new_id
from jobs.ledger import Ledger
from jobs.pace import Pace
from jobs.schema import exclusively, jobs, open_database
from jobs.search import findable
from jobs.settings import JobSettings
from jobs.stores import open_store
from jobs.sweep import Sweep
from jobs.turns import count_waiting, enter, next_turn
from pipelines.request import MotionRequest

OWNER = "ada"

WAITING = 200
"""Jobs that wait, as many as may."""

REPEATS = 7
"""Of each measurement; the figure is the median."""

AT_ONCE = 2000
"""Rows written together."""

LATE = 10**8
"""A turn behind all others."""

APART_S = 60.0
"""Seconds between two clips."""

SEARCHES = {
    "that all match": "pocket",
    "that one matches": "seed 4711",
    "for one name": "wren 4711",
    "for a name in letters without spaces": "の寺",
    "that none matches": "svd 1999-12",
}

FACTS = {"width": 1024, "height": 576, "num_frames": 25, "fps": 7.0, "seconds": 3.571}


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    clips: Annotated[int, typer.Option(help="Clips in the library.")] = 100_000,
    folders: Annotated[int, typer.Option(help="Folders in the store.")] = 10_000,
    postgres: Annotated[str, typer.Option(help="An empty PostgreSQL database to measure too.")] = "",
) -> None:
    """Measure and print every figure with its bar and its goal."""
    with tempfile.TemporaryDirectory() as folder:
        figures = _figures("SQLite", f"sqlite:///{folder}/studio.sqlite", clips)
        figures += _store_figures(Path(folder), folders)
    if postgres:
        figures += _figures("PostgreSQL", JobSettings(database_url=postgres).url, clips)
    show(figures, json_file)


def _figures(name: str, url: str, clips: int) -> list[Figure]:
    with _filled(url, clips) as engine:
        ledger = Ledger(engine)
        timed = {"library page": lambda: ledger.finished(OWNER)}
        timed |= {f"search {words}": _search(ledger, text) for words, text in SEARCHES.items()}
        figures = [_figure(f"{name}: {what}", work, 100, 20) for what, work in timed.items()]
        figures.append(_figure(f"{name}: a turn, under the lock", _turn(engine), 10, 2))
        last = _wait(engine)
        forecast = Forecast(engine, ledger, Pace(engine))
        figures.append(
            _figure(f"{name}: a look at the {WAITING}th who waits", lambda: _look(forecast, ledger, last), 5, 2)
        )
    return figures


def _store_figures(root: Path, count: int) -> list[Figure]:
    """What the caretaker costs with so many clips in the store, all of them known."""
    settings = JobSettings(database_url=f"sqlite:///{root}/store.sqlite", store=str(root / "jobs"), warm=False)
    with _filled(settings.url, count) as engine:
        store = open_store(settings)
        for job_id in _ids(engine):
            (root / "jobs" / job_id).mkdir()
        keeper, sweep = Caretaker(settings, engine, store), Sweep(engine, store)
        return [
            _figure(f"caretaker: a round at {count} clips", keeper.round, 50, 10),
            _figure(f"caretaker: the daily sweep of {count} folders", sweep.run, 3000, 1000),
        ]


def _ids(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(jobs.c.id)).scalars())


def _figure(name: str, work: Callable[[], Any], bar: float, goal: float) -> Figure:
    return Figure(name, _milliseconds(work), "ms", bar, goal, True)


def _milliseconds(work: Callable[[], Any]) -> float:
    """The median, after one run that fills what is kept in memory."""
    work()
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return 1000 * statistics.median(seconds)


def _search(ledger: Ledger, text: str) -> Callable[[], Any]:
    return lambda: ledger.finished(OWNER, text)


def _turn(engine: sa.Engine) -> Callable[[], None]:
    def work() -> None:
        with exclusively(engine) as connection:
            count_waiting(connection, OWNER)
            next_turn(connection, OWNER)

    return work


def _wait(engine: sa.Engine) -> str:
    """So many jobs wait; the id of the last."""
    waiting = [Job(new_id(), MotionRequest(seed=number)) for number in range(WAITING)]
    for number, job in enumerate(waiting):
        with exclusively(engine) as connection:
            enter(connection, job, f"user {number}", LATE + number)
    return waiting[-1].id


def _look(forecast: Forecast, ledger: Ledger, job_id: str) -> Job:
    return forecast.of(ledger.get(job_id))


@contextmanager
def _filled(url: str, clips: int) -> Iterator[sa.Engine]:
    engine = open_database(url)
    try:
        for start in range(0, clips, AT_ONCE):
            with engine.begin() as connection:
                connection.execute(
                    jobs.insert(), [_row(number) for number in range(start, min(clips, start + AT_ONCE))]
                )
        if engine.dialect.name == "postgresql":
            # which it does by itself before long
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
        yield engine
    finally:
        engine.dispose()


def _row(number: int) -> dict[str, Any]:
    request, created = MotionRequest(seed=number), time.time() - number * APART_S
    told: dict[str, Any] = {
        "id": new_id(),
        "owner": OWNER,
        "request": request.model_dump_json(),
        "model": request.model,
    }
    told |= {"state": "done", "turn": number, "created": created, "started": created, "ended": created + 60}
    name = f"wren at the window {number}"
    return told | {"seconds": 60.0, "facts": FACTS, "name": name} | findable(request, created, name)


if __name__ == "__main__":
    typer.run(main)
