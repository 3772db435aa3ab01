"""Keys that carry a library to another browser: signed, good for minutes, and for one use."""

from __future__ import annotations

import secrets

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from jobs.owners import UsedKeys
from pipelines.errors import InputError, LinkEnded, UnknownJob
from ui.door.visitors import has_cookie

GOOD_S = 15 * 60
"""Seconds for which a key is good: enough to walk to the other device."""

NONCE_BYTES = 16

ENDED = (
    "This key is no longer good.",
    "Make a new one at the end of the Library tab, in the browser that has the clips.",
)

NO_KEY = ("This is no key to a library.", "Copy the whole address again, from the end of the Library tab.")


class LibraryKeys:
    """Makes keys and opens them; `used` remembers those that were used. All raise `StoreError`."""

    def __init__(self, secret: str, used: UsedKeys) -> None:
        self._signer, self._used = URLSafeTimedSerializer(secret, salt="library"), used

    def make(self, visitor: str) -> str:
        """A new key to a visitor's library. Raises `InputError` for one who is known by nothing but an address."""
        if not has_cookie(visitor):
            raise InputError(
                "This browser keeps no cookies, so the library is not its own.", "Allow them for this page."
            )
        return str(self._signer.dumps([visitor, secrets.token_urlsafe(NONCE_BYTES)]))

    def owner(self, key: str) -> str:
        """Whose library it opens. Raises `UnknownJob` for what is no key, and `LinkEnded` for one that has ended."""
        visitor, nonce = self._read(key)
        if self._used.is_used(nonce):
            raise LinkEnded(*ENDED)
        return visitor

    def use(self, key: str) -> str:
        """The same, once: from then on it has ended."""
        visitor, nonce = self._read(key)
        if not self._used.use(nonce, GOOD_S):
            raise LinkEnded(*ENDED)
        return visitor

    def _read(self, key: str) -> tuple[str, str]:
        try:
            visitor, nonce = self._signer.loads(key, max_age=GOOD_S)
        except SignatureExpired as error:
            raise LinkEnded(*ENDED) from error
        except BadSignature as error:
            raise UnknownJob(*NO_KEY) from error
        return str(visitor), str(nonce)
