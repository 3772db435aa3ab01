"""What becomes of a job and of its worker when an attempt fails."""

from __future__ import annotations

import pytest

from jobs.claims import Claim
from jobs.job import UNEXPECTED
from jobs.outcomes import Trouble, outcome_of
from pipelines.errors import BadFrames, Cancelled, ClipError, ModelError, OutOfMemory, StillError, StoreError
from pipelines.request import MotionRequest


def claim(attempt=1, chunk=0):
    return Claim("0" * 32, "lease", MotionRequest(decode_chunk_size=chunk), attempt)


def settle(error, attempt=1, chunk=0, has_sampling=False, trouble=None):
    return outcome_of(error, claim(attempt, chunk), has_sampling, trouble or Trouble())


@pytest.mark.parametrize(
    ("error", "is_spent"),
    [
        (ModelError("No weights."), False),
        (StillError("No picture."), False),
        (BadFrames("Not finite."), True),
        (ClipError("Not written."), True),
    ],
)
def test_a_failure_with_words_ends_the_job_with_them(error, is_spent):
    outcome = settle(error)
    assert (outcome.state, outcome.sentence, outcome.is_again, outcome.is_spent) == (
        "failed",
        str(error),
        False,
        is_spent,
    )


def test_what_nobody_has_thought_of_ends_the_job_and_the_worker():
    outcome = settle(KeyError("?"))
    assert (outcome.state, outcome.sentence, outcome.is_spent) == ("failed", UNEXPECTED, True)


def test_a_stopped_job_is_no_failure():
    outcome = settle(Cancelled())
    assert (outcome.state, outcome.sentence, outcome.is_spent) == ("cancelled", "", False)


def test_a_sticky_error_of_the_gpu_ends_the_worker_and_the_job_is_tried_once_more():
    sticky = RuntimeError("CUDA error: an illegal memory access was encountered")
    wrapped = ClipError("The frames stopped with an error of the model: RuntimeError.", "Make the clip again.")
    wrapped.__cause__ = sticky
    for error in (sticky, wrapped):
        assert settle(error, attempt=1).is_again and settle(error, attempt=1).is_spent
        last = settle(error, attempt=2)
        assert (last.state, last.is_again, last.is_spent) == ("failed", False, True)


def test_memory_that_ran_out_twice_ends_the_worker_and_once_does_not():
    trouble = Trouble()
    error = OutOfMemory("Not enough.", "Choose a smaller size.")
    first, second = (settle(error, trouble=trouble) for _ in range(2))
    assert (first.state, first.is_spent, second.is_spent) == ("failed", False, True)
    trouble = Trouble()
    settle(error, trouble=trouble)
    trouble.all_is_well()
    assert not settle(error, trouble=trouble).is_spent


def test_finished_sampling_is_decoded_in_smaller_chunks_until_there_are_none():
    error = OutOfMemory("Not enough.")
    chunks, chunk = [], 0
    while (outcome := settle(error, chunk=chunk, has_sampling=True)).is_again:
        assert outcome.is_spent
        chunk = outcome.decode_chunk
        chunks.append(chunk)
    assert chunks == [4, 2, 1]
    assert (outcome.state, outcome.sentence) == ("failed", "Not enough.")


def test_a_store_that_went_away_costs_no_job():
    outcome = settle(StoreError("Away."), attempt=2)
    assert outcome.is_again and outcome.is_spent
