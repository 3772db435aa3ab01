"""What becomes of a job, and of its worker, when an attempt fails."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.claims import MAX_ATTEMPTS, Claim
from jobs.job import UNEXPECTED, State
from pipelines.errors import (
    BadFrames,
    Cancelled,
    ClipError,
    InputError,
    ModelError,
    OutOfMemory,
    StillmotionError,
    StoreError,
)

MOST_SHORTAGES = 2
"""Times that memory may run out before a worker is replaced: what the first one left behind fragments the rest."""

HARMLESS = (InputError, ModelError, Cancelled)
"""Failures that leave nothing behind in memory."""

STICKY = ("cuda error", "cudnn_status", "device-side assert", "unspecified launch failure")
"""In the words of an error after which every further call to the GPU fails, until the process ends."""


@dataclass(frozen=True)
class Outcome:
    """`is_again`: the job waits for another attempt, with a decode chunk of `decode_chunk` unless that is 0.

    The queue hands it out again only when this worker has ended, so then it `is_spent` too.
    """

    state: State
    sentence: str = ""
    is_again: bool = False
    decode_chunk: int = 0
    is_spent: bool = False
    is_worth_a_trace: bool = True


class Trouble:
    """How often memory has run out in this worker since a clip was last made."""

    def __init__(self) -> None:
        self._shortages = 0

    def all_is_well(self) -> None:
        """A clip was made."""
        self._shortages = 0

    def count_shortage(self) -> bool:
        """Whether this was one too many."""
        self._shortages += 1
        return self._shortages >= MOST_SHORTAGES


def outcome_of(error: Exception, claim: Claim, has_sampling: bool, trouble: Trouble) -> Outcome:
    """What to do about an error of an attempt."""
    if isinstance(error, Cancelled):
        return Outcome("cancelled", is_worth_a_trace=False)
    if is_sticky(error):
        return _fault_of_the_worker(error, claim)
    if isinstance(error, OutOfMemory):
        return _shortage(error, claim, has_sampling, trouble)
    if isinstance(error, StoreError):
        return Outcome("queued", str(error), is_again=True, is_spent=True)
    if isinstance(error, StillmotionError):
        is_spent = isinstance(error, BadFrames | ClipError) and not isinstance(error, HARMLESS)
        return Outcome("failed", str(error), is_spent=is_spent)
    return Outcome("failed", UNEXPECTED, is_spent=True)


def is_sticky(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, leaves the GPU unusable for this process."""
    while error is not None:
        if isinstance(error, RuntimeError) and any(words in str(error).lower() for words in STICKY):
            return True
        error = error.__cause__
    return False


def _fault_of_the_worker(error: Exception, claim: Claim) -> Outcome:
    """A GPU that has failed may do the same job well in a new process: it is tried once more."""
    words = str(error) if isinstance(error, StillmotionError) else UNEXPECTED
    return Outcome("failed", words, is_again=claim.attempt < MAX_ATTEMPTS, is_spent=True)


def _shortage(error: OutOfMemory, claim: Claim, has_sampling: bool, trouble: Trouble) -> Outcome:
    """Finished sampling is never lost: what could not be decoded is decoded again in smaller chunks."""
    is_spent = trouble.count_shortage()
    chunk = _smaller(claim.request.decode_chunk_size)
    if has_sampling and chunk:
        return Outcome("queued", str(error), is_again=True, decode_chunk=chunk, is_spent=True)
    return Outcome("failed", str(error), is_spent=is_spent)


def _smaller(chunk: int) -> int:
    """Half the chunk; 4 after one that the machine chose; 0 where it cannot be smaller."""
    return FIRST_SMALLER if chunk == 0 else chunk // 2


FIRST_SMALLER = 4
"""Frames: a third of what is chosen where memory is plenty, at no cost in speed."""
