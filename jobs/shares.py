"""Links that show one clip to whoever has them, and nothing else."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from jobs.ledger import Ledger
from jobs.schema import in_plain_words, shares
from pipelines.errors import InputError, LinkEnded, NotYours, UnknownJob

ID_BYTES = 16
"""128 random bits: nobody guesses a link."""

LONGEST_TITLE = 120
"""Letters of the title that chats show."""

LONGEST_DAYS = 3650

DAY_S = 86_400.0


@dataclass(frozen=True)
class Share:
    """A link: the clip it shows, whose it is, its title, and until when it is good (seconds since 1970, or None)."""

    id: str
    job: str
    owner: str
    title: str
    shows_settings: bool
    created: float
    expires: float | None
    revoked: bool = False

    @property
    def is_good(self) -> bool:
        """Whether it still shows the clip."""
        return not self.revoked and (self.expires is None or time.time() < self.expires)


@dataclass(frozen=True)
class Wish:
    """How a clip is to be shared; `days` is how long, 0 for ever."""

    title: str = ""
    shows_settings: bool = False
    days: float = 0


class Shares:
    """Makes, finds and takes back links. Every method raises `StoreError` where the database is away."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine, self._ledger = engine, Ledger(engine)

    def share(self, job_id: str, owner: str, wish: Wish) -> Share:
        """A new link to a finished clip. Raises `UnknownJob`, `NotYours`, and `InputError` for a wish without sense."""
        self._ledger.check_owner(job_id, owner)
        job = self._ledger.get(job_id)
        if job.state != "done" or job.is_deleted:
            raise UnknownJob("There is no finished clip to share.", "Wait until it is made.")
        if not _is_text(wish.title):
            raise InputError("This title holds what is no letter.", "Type it again.")
        if len(wish.title) > LONGEST_TITLE:
            raise InputError(f"A title has up to {LONGEST_TITLE} letters.", "Make it shorter.")
        if not 0 <= wish.days <= LONGEST_DAYS:
            raise InputError(f"A link is good for up to {LONGEST_DAYS} days.", "Choose 0 for ever.")
        now = time.time()
        expires = now + wish.days * DAY_S if wish.days else None
        made = Share(secrets.token_urlsafe(ID_BYTES), job_id, owner, wish.title, wish.shows_settings, now, expires)
        with in_plain_words(), self._engine.begin() as connection:
            connection.execute(shares.insert().values(**vars(made)))
        if wish.title:
            self._ledger.set_title(job_id, wish.title)
        return made

    def open(self, share_id: str) -> Share:
        """A good link. Raises `UnknownJob` for one that never was, `LinkEnded` for one that is no longer good."""
        found = self._get(share_id)
        if not found.is_good or self._ledger.get(found.job).is_deleted:
            raise LinkEnded("This link is no longer good.", "Ask whoever sent it for a new one.")
        return found

    def of_job(self, job_id: str, owner: str) -> Sequence[Share]:
        """The good links to somebody's clip, newest first."""
        mine = (shares.c.job == job_id, shares.c.owner == owner)
        with in_plain_words(), self._engine.connect() as connection:
            rows = connection.execute(sa.select(shares).where(*mine).order_by(shares.c.created.desc()))
            return [share for share in map(_share, rows) if share.is_good]

    def revoke(self, share_id: str, owner: str) -> None:
        """Takes a link back. Raises `UnknownJob` where there is none and `NotYours` where somebody else made it."""
        if self._get(share_id).owner != owner:
            raise NotYours("This link was made by somebody else.", "Only they can take it back.")
        with in_plain_words(), self._engine.begin() as connection:
            connection.execute(shares.update().where(shares.c.id == share_id).values(revoked=True))

    def _get(self, share_id: str) -> Share:
        row = None
        if re.fullmatch(r"[\w-]{22}", share_id):
            with in_plain_words(), self._engine.connect() as connection:
                row = connection.execute(sa.select(shares).where(shares.c.id == share_id)).one_or_none()
        if row is None:
            raise UnknownJob("There is nothing at this link.", "See that it is complete.")
        return _share(row)


def _is_text(title: str) -> bool:
    """Not so for half of a surrogate pair, which JSON can carry and no database keeps."""
    try:
        return bool(title.encode()) or not title
    except UnicodeEncodeError:
        return False


def _share(row: sa.Row[Any]) -> Share:
    return Share(**row._mapping)
