"""Whose clips are whose: a person may come with another browser, and keys that let them in are good once."""

from __future__ import annotations

import hashlib
import time

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from jobs.schema import in_plain_words, jobs, shares, used_keys


def has_any(engine: sa.Engine, user: str) -> bool:
    """Whether a person has any job that is not deleted. Raises `StoreError`."""
    query = sa.select(jobs.c.id).where(jobs.c.owner == user, jobs.c.deleted.is_(None)).limit(1)
    with in_plain_words(), engine.connect() as connection:
        return connection.execute(query).first() is not None


def hand_over(engine: sa.Engine, user: str, other: str) -> None:
    """Make all jobs and links of a person another one's. Raises `StoreError`."""
    with in_plain_words(), engine.begin() as connection:
        for table in (jobs, shares):
            connection.execute(table.update().where(table.c.owner == user).values(owner=other))


class UsedKeys:
    """Keys that were used, by their hashes, for as long as they would be good. Raises `StoreError`."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def is_used(self, key: str) -> bool:
        """Whether this key was used before."""
        query = sa.select(used_keys.c.hash).where(used_keys.c.hash == _hash(key))
        with in_plain_words(), self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def use(self, key: str, good_s: float) -> bool:
        """Use a key, which is good for `good_s` seconds at most; False where somebody has used it before."""
        now = time.time()
        with in_plain_words():
            try:
                with self._engine.begin() as connection:
                    connection.execute(used_keys.delete().where(used_keys.c.until < now))
                    connection.execute(used_keys.insert().values(hash=_hash(key), until=now + good_s))
            except IntegrityError:
                return False
        return True


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
