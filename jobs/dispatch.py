"""The durable queue: which waiting job goes to which worker, and back again when the worker dies.

The only place that knows DBOS. It carries ids: each reaches one worker at a time, lower turns first, and at least once.
What is to be done with a job, and whether it has ended, stands in the job table alone (`jobs.claims`).
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer

from jobs.job import ID_BYTES
from jobs.schema import in_plain_words
from jobs.turns import Place

APP = "stillmotion"

QUEUE = "clips"

WORK = "make-clip"

PROTOCOL = "1"
"""What DBOS takes for the application's version: a worker takes only jobs of its own. It changes when what is carried
does, and not with every release, or jobs that wait during an update would wait for ever."""

POLL_S = 0.2
"""Seconds between an idle worker's looks at the queue: not felt by a person, 2 % of a core."""

CARRIED = ["ENQUEUED", "PENDING", "DELAYED"]
"""States in which DBOS will still bring a job to a worker, or has just brought it."""

ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
"""States in which it will not."""

AT_ONCE = 500
"""Entries of the queue that are removed together."""

CARRIED_S = 7 * 86_400.0
"""Seconds for which entries that have ended are kept: the job table says all that matters of them."""

AGAIN = "-again-"
"""Parts a job's id from what makes a further handing in of it unique."""

ENTRY = ("workflow_uuid", "name", "status", "priority", "created_at")
"""Columns of DBOS's table of what is carried."""

MS = 1000
"""In which DBOS counts time, rounded to seconds on SQLite."""

_QUIET = logging.WARNING


class Dispatch:
    """The server's end: hands jobs in."""

    def __init__(self, engine: sa.Engine) -> None:
        logging.getLogger("dbos").setLevel(_QUIET)
        with in_plain_words():
            DBOS.migrate(engine.url.render_as_string(hide_password=False))
            self._client = DBOSClient(
                system_database_engine=engine,
                serializer=DBOSPortableJSONSerializer(),
                application_name=APP,
                retry_connection_errors=False,
            )
            self._client.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=POLL_S)
        # DBOS has no public name for a change of priority; the version is pinned
        self._entries = sa.table("workflow_status", *map(sa.column, ENTRY), schema=self._client._sys_db.schema)

    def hand_in(self, connection: sa.Connection, job_id: str, place: Place) -> None:
        """Part of the transaction that enters the job in the table: both happen, or neither."""
        self._client.enqueue_in_transaction(connection, _options(job_id, place.turn), job_id)  # type: ignore[arg-type]
        # to the millisecond: of two jobs of one turn and one second, the table's first is the first
        self.move(connection, job_id, place)

    def hand_in_forgotten(self, waiting: Mapping[str, int]) -> list[str]:
        """Of waiting jobs (id to turn), those that the queue carries no longer; they are carried again.

        A job that has ended meanwhile may be among them: who takes it finds that in the table, and that is all.
        """
        with in_plain_words():
            found = self._client.list_workflows(status=CARRIED, name=WORK, load_input=False, load_output=False)
            carried = {each.workflow_id.partition(AGAIN)[0] for each in found}
            forgotten = [job_id for job_id in waiting if job_id not in carried]
            for job_id in forgotten:
                name = f"{job_id}{AGAIN}{secrets.token_hex(4)}"
                self._client.enqueue(_options(name, waiting[job_id]), job_id)  # type: ignore[arg-type]
        return forgotten

    def not_given(self, connection: sa.Connection, ids: Sequence[str]) -> set[str]:
        """Those of these jobs that no worker has been given yet; until the transaction ends, none is given them."""
        query = sa.select(self._entries.c.workflow_uuid).where(_is_of(ids, self._entries)).with_for_update()
        return {name.partition(AGAIN)[0] for name in connection.execute(query).scalars()}

    def move(self, connection: sa.Connection, job_id: str, place: Place) -> None:
        """Another place for a job that no worker has been given yet; part of the transaction that writes it down."""
        changed = {"priority": place.turn, "created_at": round(place.asked * MS)}
        connection.execute(self._entries.update().where(_is_of([job_id], self._entries)).values(**changed))

    def withdraw(self, job_id: str) -> None:
        """A job that has ended need not reach a worker."""
        with in_plain_words():
            self._client.cancel_workflow(job_id)

    def forget(self, before: float) -> int:
        """Remove what was carried and has ended before that time (seconds since 1970); returns how many were."""
        time_text = dt.datetime.fromtimestamp(before, dt.UTC).isoformat()
        told = {"status": ENDED, "name": WORK, "load_input": False, "load_output": False, "limit": AT_ONCE}
        count = 0
        with in_plain_words():
            while found := self._client.list_workflows(end_time=time_text, **told):  # type: ignore[arg-type]
                self._client.delete_workflows([each.workflow_id for each in found])
                count += len(found)
        return count

    def close(self) -> None:
        """Let go of the database's connections that are its own."""
        self._client.destroy()


class Inbox:
    """The worker's end: takes jobs, one at a time."""

    def __init__(self, engine: sa.Engine, worker: str) -> None:
        config = DBOSConfig(
            name=APP,
            system_database_url=str(engine.url),
            system_database_engine=engine,
            application_version=PROTOCOL,
            executor_id=worker,
            serializer=DBOSPortableJSONSerializer(),
            log_level="WARNING",
            use_listen_notify=False,
            enable_otlp=False,
        )
        DBOS(config=config)

    def open(self, work: Callable[[str], None]) -> None:
        """From now on `work(job_id)` is called in a thread; what an earlier worker of this name had comes first."""

        # how often a job may be tried is counted in the job table, where an orderly hand-back does not count
        @DBOS.workflow(name=WORK, max_recovery_attempts=None)
        def make_clip(job_id: str) -> None:
            work(job_id)

        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=1, polling_interval_sec=POLL_S)

    def take_from(self, worker: str) -> None:
        """What a worker that is dead or about to end had taken goes to the next free one; others may say so as well."""
        # DBOS has no public name for this without its own hosted service; the version is pinned
        DBOS._recover_pending_workflows([worker])


def _is_of(ids: Sequence[str], entries: sa.TableClause) -> sa.ColumnElement[bool]:
    """The entries of these jobs that wait, handed in again or not."""
    job = sa.func.substr(entries.c.workflow_uuid, 1, 2 * ID_BYTES)
    return sa.and_(entries.c.status == "ENQUEUED", entries.c.name == WORK, job.in_(ids))


def _options(name: str, turn: int) -> dict[str, Any]:
    told = {"workflow_name": WORK, "queue_name": QUEUE, "app_version": PROTOCOL}
    return {**told, "workflow_id": name, "priority": turn}
