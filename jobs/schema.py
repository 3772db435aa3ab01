"""The database: what is kept of jobs, workers and their pace. SQLite on one machine, PostgreSQL on many."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text
from sqlalchemy.exc import SQLAlchemyError

from jobs.job import NAMELESS
from pipelines.errors import InputError, StoreError

VERSION = 4
"""Of these tables; a database that says more was made by a newer Stillmotion, one that says less is brought forward."""

BUSY_MS = 30_000
"""Milliseconds that a writer waits for another one in SQLite; a write takes a few of them."""

MAPPED = 256 * 1024 * 1024
"""Bytes of a SQLite file that are read without being copied: a search of 100,000 clips takes half as long."""

POOL, OVERFLOW = 10, 40
"""Connections kept, and those on top for a crowd: as many as FastAPI has threads."""

CONNECT_S = 10
"""Seconds to wait for a PostgreSQL that does not answer."""

LOCK = 5_711_001
"""Key of the advisory lock that orders submissions on PostgreSQL; any number that nobody else uses there."""

AWAY = "See that it can be reached; nothing is lost, and work goes on when it is back."

IN_LIBRARY = "state = 'done' AND deleted IS NULL"
"""Of the jobs that a library shows; spelled out, or no database would find the index for them."""

LIBRARY_COLUMNS = ("owner", "created", "favourite", "words", "marks", "id", "state", "deleted")
"""Everything that a search asks for: SQLite reads the rows for the last two, though they are the same in all."""


def _only(rows: str) -> dict[str, Any]:
    """An index of some rows alone."""
    return {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)}


tables = sa.MetaData()

about = Table("stillmotion_about", tables, Column("name", String, primary_key=True), Column("value", Text))

jobs = Table(
    "stillmotion_jobs",
    tables,
    Column("id", String(32), primary_key=True),
    Column("owner", String, nullable=False),
    Column("request", Text, nullable=False),
    # also within the request: here to be counted by
    Column("model", String, nullable=False),
    Column("state", String, nullable=False),
    Column("turn", Integer, nullable=False),
    # among those of the same turn: the time when it was asked for, until its owner changes the order
    Column("place", Float, nullable=False, server_default="0"),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("ended", Float),
    Column("stage", String, nullable=False, default=""),
    Column("step", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("previews", Integer, nullable=False, default=0),
    Column("remaining_s", Float),
    Column("seconds", Float, nullable=False, default=0.0),
    Column("sentence", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column("facts", sa.JSON, nullable=False, default=dict),
    Column("bytes", sa.BigInteger, nullable=False, default=0),
    # who is at it: a worker's name, and a lease that only the newest attempt holds
    Column("worker", String, nullable=False, default=""),
    Column("lease", String, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancel", Boolean, nullable=False, default=False),
    # a smaller chunk than asked for, after memory ran out; 0 for the request's own
    Column("decode_chunk", Integer, nullable=False, default=0),
    Column("has_sampling", Boolean, nullable=False, default=False),
    Column("favourite", Boolean, nullable=False, default=False),
    Column("deleted", Float),
    Column("purged", Boolean, nullable=False, default=False),
    # of the picture, see `jobs.names`; and the newest title that the clip was given
    Column("name", Text, nullable=False, server_default=NAMELESS),
    Column("title", Text, nullable=False, server_default=""),
    # what a search looks at, see `jobs.search`
    Column("words", Text, nullable=False, server_default=""),
    Column("marks", Text, nullable=False, server_default=""),
    # the queue, in its order
    Index("stillmotion_jobs_turn", "state", "turn", "place"),
    # whose turn is next: read while nobody else may hand in a job
    Index("stillmotion_jobs_last_turn", "owner", "turn"),
    Index("stillmotion_jobs_begun", "turn", **_only("started IS NOT NULL")),
    # the library, searched without reading the rows
    Index("stillmotion_jobs_library", *LIBRARY_COLUMNS, **_only(IN_LIBRARY)),
    # what leaves by age or for room
    Index("stillmotion_jobs_ended", "purged", "state", "ended", "bytes", "favourite"),
    Index("stillmotion_jobs_deleted", "deleted", "purged", **_only("deleted IS NOT NULL")),
)

workers = Table(
    "stillmotion_workers",
    tables,
    Column("id", String, primary_key=True),
    Column("beat", Integer, nullable=False, default=0),
    Column("state", String, nullable=False, default="starting"),
    Column("job", String, nullable=False, default=""),
    Column("memory", sa.BigInteger, nullable=False, default=0),
)

paces = Table(
    "stillmotion_paces",
    tables,
    Column("model", String, primary_key=True),
    Column("machine", String, primary_key=True),
    Column("pace", Float, nullable=False),
    Column("learned", Float, nullable=False, server_default="0"),
)

tallies = Table(
    "stillmotion_tallies",
    tables,
    # jobs whose rows have left: counters never count down
    Column("model", String, primary_key=True),
    Column("state", String, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("waited", Float, nullable=False),
    Column("ran", Float, nullable=False),
)


shares = Table(
    "stillmotion_shares",
    tables,
    Column("id", String, primary_key=True),
    Column("job", String(32), nullable=False),
    Column("owner", String, nullable=False),
    Column("title", Text, nullable=False, default=""),
    Column("shows_settings", Boolean, nullable=False, default=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
    Column("revoked", Boolean, nullable=False, default=False),
    Index("stillmotion_shares_job", "job", "owner"),
)


used_keys = Table(
    "stillmotion_used_keys",
    tables,
    # of keys that carry a library to another browser: what is used once is not used again, see `jobs.owners`
    Column("hash", String(64), primary_key=True),
    Column("until", Float, nullable=False),
)


def bring_forward(connection: sa.Connection, version: int) -> None:
    """Make a database of an older version one of this version; part of the transaction that found it."""
    from jobs.migrations import MIGRATIONS

    for number in range(version, VERSION):
        MIGRATIONS[number](connection)
        connection.execute(about.update().where(about.c.name == "version").values(value=str(number + 1)))


def open_database(url: str) -> sa.Engine:
    """The database with its tables in place.

    Raises `InputError` where a newer Stillmotion made it, and `StoreError` where it cannot be opened.
    """
    engine = _engine(url)
    with in_plain_words(), exclusively(engine) as connection:
        if _version(connection) is None:
            tables.create_all(connection)
            values = {"version": str(VERSION), "id": secrets.token_hex(16)}
            connection.execute(about.insert(), [{"name": name, "value": values[name]} for name in values])
        version = int(_version(connection) or VERSION)
        if version > VERSION:
            raise InputError(
                "The database was written by a newer Stillmotion.",
                "Install that version again, or set STILLMOTION_DATA to another folder.",
            )
        bring_forward(connection, version)
    return engine


def database_id(engine: sa.Engine) -> str:
    """What tells this database from every other one; a copy of it has the same."""
    with in_plain_words(), engine.connect() as connection:
        return str(connection.execute(sa.select(about.c.value).where(about.c.name == "id")).scalar_one())


@contextmanager
def exclusively(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that no other one of its kind overlaps: what it counts stays true until it has written."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        yield connection


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Database errors as `StoreError`."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise StoreError("The database of Stillmotion does not answer.", AWAY) from error


def _engine(url: str) -> sa.Engine:
    with in_plain_words():
        made = sa.make_url(url)
        options: dict[str, Any] = {"pool_size": POOL, "max_overflow": OVERFLOW, "pool_pre_ping": True}
        if made.get_backend_name() != "sqlite":
            return sa.create_engine(made, connect_args={"connect_timeout": CONNECT_S}, **options)
        _make_privately(Path(made.database or ""))
        engine = sa.create_engine(made, **options)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _make_privately(file: Path) -> None:
    """SQLite's own files beside it have its rights."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not file.is_file() or file.stat().st_mode & 0o077:
        file.touch(mode=0o600)
        file.chmod(0o600)


def _prepare_sqlite(connection: Any, record: object) -> None:
    """Readers and the one writer do not wait for each other, and what is committed outlives a power cut."""
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        f"mmap_size={MAPPED}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(about.name):
        return None
    return connection.execute(sa.select(about.c.value).where(about.c.name == "version")).scalar()
