"""From one database to another: `python -m jobs.carry_over FROM TO`, both SQLAlchemy URLs, with the studio stopped.

The store stays where it is and belongs to the new database. Waiting jobs are handed in again by the next start.
"""

from __future__ import annotations

import sys

import sqlalchemy as sa
import structlog

from jobs.log import configure_log
from jobs.schema import about, in_plain_words, jobs, open_database, tables, workers
from jobs.settings import JobSettings
from pipelines.errors import InputError, StillmotionError

log = structlog.get_logger("jobs")

AT_ONCE = 500
"""Rows read and written together: a few MB."""

LEFT = frozenset({workers})
"""Workers say by themselves that they are there."""


def carry_over(source: str, target: str) -> int:
    """Copy every row of ours; returns how many jobs. Raises `InputError` where the new database has jobs already."""
    old, new = (open_database(JobSettings(database_url=url).url) for url in (source, target))
    try:
        with in_plain_words(), old.connect() as reader, new.begin() as writer:
            if writer.execute(sa.select(jobs.c.id).limit(1)).first() is not None:
                raise InputError("The new database is not empty.", "Name one that no studio has used.")
            writer.execute(about.delete())
            for table in tables.sorted_tables:
                if table not in LEFT:
                    _copy(reader, writer, table)
            # nobody is at them any more
            waiting = {"state": "queued", "lease": "", "worker": ""}
            writer.execute(jobs.update().where(jobs.c.state == "running").values(**waiting))
            return int(writer.execute(sa.select(sa.func.count()).select_from(jobs)).scalar_one())
    finally:
        old.dispose()
        new.dispose()


def _copy(reader: sa.Connection, writer: sa.Connection, table: sa.Table) -> None:
    for rows in reader.execute(sa.select(table)).mappings().partitions(AT_ONCE):
        writer.execute(table.insert(), [dict(row) for row in rows])


def main() -> None:
    """Exits with 2 where something given is not usable."""
    configure_log()
    try:
        count = carry_over(*sys.argv[1:3])
    except (StillmotionError, TypeError) as error:
        log.error("nothing carried over", why=str(error))  # noqa: TRY400  # the sentence says it all
        sys.exit(2)
    log.info("carried over", jobs=count)


if __name__ == "__main__":
    main()
