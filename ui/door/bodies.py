"""Bodies of requests: no longer than their address takes, whatever they declare."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Message, Receive

TOO_LARGE = ("This is larger than what can be sent here: {} MB.", "Scale the picture down or save it as a JPEG.")


class BodyTooLarge(Exception):
    """Raised into the application in the middle of a body that goes over the limit."""


def declares_too_much(headers: Mapping[str, str], most_bytes: int) -> bool:
    """Whether the declared length is none or too much, before anything of it is read."""
    declared = headers.get("content-length", "0")
    return not (declared.isascii() and declared.isdigit()) or int(declared) > most_bytes


class Counted:
    """A `receive` that raises `BodyTooLarge` once more than `most_bytes` have come; `is_too_large` says so afterwards.

    Parsers of forms turn any error in the middle of a body into one of their own: the door asks here what it was.
    """

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self._receive, self._left = receive, most_bytes
        self.is_too_large = False

    async def __call__(self) -> Message:
        """The next message of the request."""
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.is_too_large = True
            raise BodyTooLarge
        return message
