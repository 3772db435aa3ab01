"""How a database of an older version becomes one of the next: by its number, one step after another."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping

import sqlalchemy as sa

from jobs.job import NAMELESS
from jobs.schema import about, jobs, paces, tables
from jobs.search import findable, heard
from pipelines.request import MotionRequest


def _to_2(connection: sa.Connection) -> None:
    """An id that the store knows the database by; words to search by; indexes; what leaves by age; no secret."""
    for table, column in (("jobs", "words TEXT"), ("jobs", "marks TEXT"), ("paces", "learned FLOAT")):
        empty = "''" if column.endswith("TEXT") else "0"
        connection.execute(sa.text(f"ALTER TABLE stillmotion_{table} ADD COLUMN {column} NOT NULL DEFAULT {empty}"))
    connection.execute(sa.text("DROP INDEX IF EXISTS stillmotion_jobs_owner"))
    # brings what is not there yet
    tables.create_all(connection)
    for index in jobs.indexes:
        index.create(connection, checkfirst=True)
    _fill_words(connection)
    connection.execute(paces.update().values(learned=time.time()))
    connection.execute(about.delete().where(about.c.name == "secret"))
    connection.execute(about.insert().values(name="id", value=secrets.token_hex(16)))


def _fill_words(connection: sa.Connection) -> None:
    for row in connection.execute(sa.select(jobs.c.id, jobs.c.request, jobs.c.created)).all():
        found_by = findable(MotionRequest.model_validate_json(row.request), row.created)
        connection.execute(jobs.update().where(jobs.c.id == row.id).values(**found_by))


def _to_3(connection: sa.Connection) -> None:
    """The name of the picture, which nobody knows of what was made before, and a title; places that can change."""
    for column, value in (("name TEXT", f"'{NAMELESS}'"), ("title TEXT", "''"), ("place FLOAT", "0")):
        connection.execute(sa.text(f"ALTER TABLE stillmotion_jobs ADD COLUMN {column} NOT NULL DEFAULT {value}"))
    # where it stands among the words does not matter, and for all rows at once it takes seconds
    connection.execute(jobs.update().values(words=jobs.c.words + heard(NAMELESS), place=jobs.c.created))
    connection.execute(sa.text("DROP INDEX IF EXISTS stillmotion_jobs_turn"))
    for index in jobs.indexes:
        index.create(connection, checkfirst=True)


def _to_4(connection: sa.Connection) -> None:
    """A table of used keys."""
    tables.create_all(connection)


MIGRATIONS: Mapping[int, Callable[[sa.Connection], None]] = {1: _to_2, 2: _to_3, 3: _to_4}
"""From the version of that number to the next."""
