"""Clips that come by further pictures: their files go with the job, into another take, and nowhere without them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jobs.further import on_the_way, sha256_of
from jobs.job import CLIP
from pipelines.errors import NotYours, StillError
from pipelines.request import parse_request
from tests.jobs.watching import ended
from tests.media.clips import decoded


@pytest.fixture(scope="module")
def blue(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "blue.png"
    picture = np.zeros((90, 120, 3), np.uint8)
    picture[..., 2] = 200
    Image.fromarray(picture).save(path)
    return path


def test_the_end_picture_is_in_the_clip_and_in_another_take(queue, still, small, blue):
    wanted = parse_request(on_the_way(small.model_dump(), [blue]))
    job = ended(queue, queue.submit(still, wanted, "ada", further=[blue]))
    assert job.state == "done", job.sentence
    frames, _ = decoded(queue.file(job.id, CLIP))
    assert np.abs(frames[-1].reshape(-1, 3).mean(0) - (0, 0, 200)).max() < 12
    assert np.abs(frames[0].reshape(-1, 3).mean(0) - (0, 0, 200)).max() > 40
    assert [sha256_of(path) for path in queue.further(job.id, "ada")] == [sha256_of(blue)]
    with pytest.raises(NotYours):
        queue.further(job.id, "bob")
    take = ended(queue, queue.again(job.id, job.request.model_copy(update={"seed": 5}), "ada"))
    assert take.state == "done", take.sentence
    assert np.abs(decoded(queue.file(take.id, CLIP))[0][-1] - frames[-1].astype(int)).mean() < 3


def test_a_picture_that_is_not_there_is_told_before_anything_is_made(queue, still, small, blue):
    wanted = parse_request(on_the_way(small.model_dump(), [blue]))
    for given in ([], [still], [blue.with_name("gone.png")]):
        with pytest.raises(StillError, match="One of the pictures on the way is not here"):
            queue.submit(still, wanted, "ada", further=given)
