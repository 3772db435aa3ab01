"""A finished clip in any format, made once and kept; the clip itself is never touched."""

import json

import c2pa
import pytest

from jobs.exports import Exports
from jobs.job import CLIP
from jobs.recipe import request_of_recipe
from jobs.wishes import contents_of
from media.export.formats import FORMATS
from media.export.order import Export
from media.finish.plan import Finish
from media.probe import probe_clip
from media.recipe import read_recipe
from pipelines.errors import ClipError, InputError, UnknownJob
from pipelines.request import MotionRequest
from tests.jobs.watching import finished, in_threads

REQUEST = MotionRequest(width=256, height=128, num_frames=5, seed=11, num_inference_steps=4)


@pytest.fixture(scope="module")
def job_id(queue, still):
    return finished(queue, still, REQUEST)


@pytest.fixture
def exports(queue, tmp_path):
    return Exports(tmp_path, lambda job_id: queue.file(job_id, CLIP))


def test_the_mp4_is_the_clip_with_credentials(queue, exports, job_id):
    before = queue.file(job_id, CLIP).read_bytes()
    path = exports.make(job_id, Export())
    with path.open("rb") as file, c2pa.Reader("video/mp4", file) as reader:
        assert reader.get_validation_state() == "Valid"
        assert '"seed": 11' in reader.json() or '"seed":11' in reader.json()
    assert probe_clip(path).num_frames == 5
    assert queue.file(job_id, CLIP).read_bytes() == before


def test_one_switch_strips_everything(exports, job_id):
    path = exports.make(job_id, Export(keep_recipe=False))
    assert probe_clip(path).num_frames == 5
    assert b"Stillmotion" not in path.read_bytes()
    with pytest.raises(ClipError, match="no Stillmotion recipe"):
        read_recipe(path)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_request_back(exports, job_id, name):
    path = exports.make(job_id, Export(FORMATS[name], Finish(loop="ping-pong")))
    if FORMATS[name].carries_recipe:
        assert request_of_recipe(read_recipe(path)) == REQUEST


def test_the_same_wish_is_made_once_however_many_ask(exports, job_id):
    wish = Export(FORMATS["gif"], Finish(smoother=2))
    paths = in_threads(6, lambda _: exports.make(job_id, wish))
    assert len(set(paths)) == 1
    stamp = paths[0].stat().st_ino
    assert exports.make(job_id, wish).stat().st_ino == stamp
    assert exports.make(job_id, Export(FORMATS["gif"])) != paths[0]


def test_a_size_holds_with_the_credentials_inside_and_what_became_of_the_clip_is_noted(exports, job_id):
    larger = Finish(larger=4)
    whole = exports.make(job_id, Export(FORMATS["webp"], larger))
    most = whole.stat().st_size - 500
    path = exports.make(job_id, Export(FORMATS["webp"], larger, most_bytes=most))
    assert path.stat().st_size <= most
    with path.open("rb") as file, c2pa.Reader("image/webp", file) as reader:
        assert reader.get_validation_state() == "Valid"
    assert (contents_of(whole.parent).width, contents_of(whole.parent).num_frames) == (1024, 5)


def test_the_recipe_tells_how_to_make_it_again(queue, job_id, still):
    import hashlib

    recipe = read_recipe(queue.file(job_id, CLIP))
    assert recipe["still_sha256"] == hashlib.sha256(still.read_bytes()).hexdigest()
    assert recipe["revision"].startswith("sha256:")
    assert set(recipe["versions"]) >= {"torch", "diffusers"}
    assert json.dumps(recipe).isascii()


def test_two_runs_of_one_recipe_give_the_same_frames(queue, job_id, still):
    again = finished(queue, still, request_of_recipe(read_recipe(queue.file(job_id, CLIP))))
    assert queue.file(again, CLIP).read_bytes() == queue.file(job_id, CLIP).read_bytes()


def test_what_fails_leaves_no_file(exports, job_id, tmp_path):
    with pytest.raises(InputError):
        exports.make(job_id, Export(finish=Finish(first=99)))
    assert [file for file in tmp_path.rglob("*") if file.suffix == ".mp4"] == []


def test_a_clip_that_is_not_there_is_not_exported(exports):
    with pytest.raises(UnknownJob):
        exports.make("0" * 32, Export())
