"""A link shows one clip until it is taken back or runs out; nobody else can make, list or revoke it."""

import time

import pytest

from jobs.shares import Shares, Wish
from pipelines.errors import InputError, LinkEnded, NotYours, UnknownJob
from pipelines.request import MotionRequest
from tests.jobs.watching import finished

REQUEST = MotionRequest(width=256, height=128, num_frames=3, num_inference_steps=2, seed=1)


@pytest.fixture(scope="module")
def job_id(queue, still):
    return finished(queue, still, REQUEST)


@pytest.fixture
def shares(queue):
    return Shares(queue.engine)


def test_a_link_shows_its_clip_and_cannot_be_guessed(shares, job_id):
    made = shares.share(job_id, "ada", Wish(title="Otters", shows_settings=True))
    assert shares.open(made.id) == made
    assert (made.job, made.title, made.expires) == (job_id, "Otters", None)
    assert len(made.id) == 22, "128 bits"
    assert made.id not in job_id
    assert shares.share(job_id, "ada", Wish()).id != made.id


def test_a_revoked_link_has_ended_and_the_others_stay(shares, job_id):
    first, second = (shares.share(job_id, "ada", Wish()) for _ in range(2))
    shares.revoke(first.id, "ada")
    with pytest.raises(LinkEnded):
        shares.open(first.id)
    assert shares.open(second.id) == second
    assert first not in shares.of_job(job_id, "ada")
    assert second in shares.of_job(job_id, "ada")


def test_a_link_runs_out(shares, job_id, monkeypatch):
    made = shares.share(job_id, "ada", Wish(days=1))
    now = time.time()
    monkeypatch.setattr("jobs.shares.time.time", lambda: now + 2 * 86_400)
    with pytest.raises(LinkEnded):
        shares.open(made.id)


def test_others_cannot_share_list_or_revoke(shares, job_id):
    with pytest.raises(NotYours):
        shares.share(job_id, "bob", Wish())
    made = shares.share(job_id, "ada", Wish())
    with pytest.raises(NotYours):
        shares.revoke(made.id, "bob")
    assert shares.of_job(job_id, "bob") == []
    assert shares.open(made.id).is_good


@pytest.mark.parametrize("share_id", ["", "x" * 22, "../../etc/passwd", "0" * 21, "é" * 22, "x" * 10_000])
def test_what_was_never_a_link(shares, share_id):
    with pytest.raises(UnknownJob, match="nothing at this link"):
        shares.open(share_id)


@pytest.mark.parametrize("wish", [Wish(title="x" * 121), Wish(days=-1), Wish(days=1e9)])
def test_wishes_without_sense_are_refused(shares, job_id, wish):
    with pytest.raises(InputError):
        shares.share(job_id, "ada", wish)


def test_a_deleted_clip_is_no_longer_shown(queue, shares, still):
    job_id = finished(queue, still, REQUEST)
    made = shares.share(job_id, "ada", Wish())
    queue.delete(job_id, "ada")
    with pytest.raises(LinkEnded):
        shares.open(made.id)
    queue.restore(job_id, "ada")
    assert shares.open(made.id) == made
