"""Files made on demand leave by age, for room and with their job, and not under the hands of whoever asks."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from jobs.caretaker import UNDO_S, UPLOAD_S, UPLOADS, Caretaker
from jobs.exports import Exports
from jobs.files import forget_old
from jobs.job import CLIP
from jobs.kept_exports import IN_USE_S, KEPT_S, KeptExports
from jobs.schema import jobs
from jobs.shares import Shares, Wish
from jobs.wishes import NOTE, made_of
from media.export.formats import FORMATS
from media.export.order import Export
from media.finish.plan import Finish
from pipelines.errors import LinkEnded, UnknownJob
from tests.jobs.conftest import settings_in
from tests.jobs.watching import finished, in_threads

PLENTY = 1e12


@pytest.fixture
def shelf(tmp_path):
    """Puts a file of so many bytes there, that was asked for so many seconds ago."""

    def put(job, wish, size=10, age_s=0.0):
        folder = tmp_path / "exports" / job / wish
        folder.mkdir(parents=True)
        (folder / "stillmotion.gif").write_bytes(bytes(size))
        os.utime(folder, (time.time() - age_s,) * 2)
        return folder

    return put


def test_what_nobody_asked_for_in_a_day_goes(shelf, tmp_path):
    old, new = shelf("a", "1", age_s=KEPT_S + 60), shelf("b", "2", age_s=KEPT_S - 600)
    KeptExports(tmp_path).tidy(PLENTY)
    assert (old.parent.exists(), new.exists()) == (False, True)


def test_the_longest_unasked_goes_first_where_there_is_too_much(shelf, tmp_path):
    folders = [shelf("a", str(age), 1000, IN_USE_S + age) for age in (10, 20, 30)]
    now = shelf("b", "now", 1000)
    KeptExports(tmp_path).tidy(2500)
    assert [each.exists() for each in (*folders, now)] == [True, False, False, True]


def test_what_is_in_use_stays_however_little_room_there_is(shelf, tmp_path):
    long_ago, in_use = shelf("a", "1", 1000, IN_USE_S + 10), shelf("a", "2", 1000, IN_USE_S - 60)
    KeptExports(tmp_path).tidy(0)
    assert (long_ago.exists(), in_use.exists()) == (False, True)


def test_two_who_tidy_at_once_do_not_stumble(shelf, tmp_path):
    for number in range(200):
        shelf(f"job{number}", "wish", age_s=KEPT_S + 1)
    assert in_threads(4, lambda _: KeptExports(tmp_path).tidy(PLENTY)) == [None] * 4
    assert list((tmp_path / "exports").iterdir()) == []


def test_a_wish_is_fulfilled_while_old_ones_are_tidied(queue, still, small, tmp_path):
    job_id = finished(queue, still, small)
    exports = Exports(tmp_path, lambda wanted: queue.file(wanted, CLIP))
    kinds = [FORMATS[name] for name in ("gif", "webp", "mp4", "apng")]
    keeper = KeptExports(tmp_path)

    def work(index):
        if index % 2:
            return [keeper.tidy(PLENTY) for _ in range(50)] and True
        return exports.make(job_id, Export(kinds[index // 2])).is_file()

    assert in_threads(8, work) == [True] * 8


def test_what_was_made_of_a_clip_is_known_again_the_newest_first(queue, still, small, tmp_path):
    job_id = finished(queue, still, small)
    exports = Exports(tmp_path, lambda wanted: queue.file(wanted, CLIP))
    wishes = [Export(FORMATS["gif"], Finish(loop="ping-pong")), Export(finish=Finish(speed=2)), Export()]
    files = [exports.make(job_id, wanted) for wanted in wishes]
    # shown on the stage before it was saved
    shown = exports.make(job_id, replace(wishes[1], keep_recipe=False))
    for age_s, file in zip((20, 10, 0), files, strict=True):
        os.utime(file.parent, (time.time() - age_s,) * 2)
    found = made_of(exports.folder / job_id)
    # the clip itself is not among them
    assert [(each.kind.name, each.finish) for each in found] == [("mp4", Finish(speed=2)), ("gif", wishes[0].finish)]
    assert [exports.find(job_id, each.key) for each in found] == [files[1], files[0]]
    assert [each.size for each in found] == [file.stat().st_size for file in (files[1], files[0])]
    # one that is gone, and one of which nobody knows what it is, are not offered
    for each in (files[0], shown):
        each.unlink()
    (files[1].parent / NOTE).write_text('{"kind": "mov", "finish": {"warp": 9}}')
    assert made_of(exports.folder / job_id) == []


def test_with_its_job_every_file_is_gone_and_nothing_is_served_meanwhile(fake, still, small, tmp_path):
    queue = fake()
    job_id = finished(queue, still, small)
    exports = Exports(tmp_path, lambda wanted: queue.file(wanted, CLIP))
    made, share = exports.make(job_id, Export(FORMATS["gif"])), Shares(queue.engine).share(job_id, "ada", Wish())
    queue.delete(job_id, "ada")
    with pytest.raises(UnknownJob):
        exports.make(job_id, Export(FORMATS["gif"]))
    with pytest.raises(LinkEnded):
        Shares(queue.engine).open(share.id)
    with pytest.raises(UnknownJob, match="was deleted"):
        queue.decode_again(job_id, queue.get(job_id).request, "ada")
    with queue.engine.begin() as connection:
        connection.execute(jobs.update().values(deleted=time.time() - UNDO_S - 1))
    Caretaker(settings_in(tmp_path), queue.engine, queue._store).tend()
    assert not made.exists()
    assert not (tmp_path / "exports" / job_id).exists()


def test_uploads_leave_after_a_day_whoever_made_them(tmp_path):
    def upload(visitor, age_s):
        folder = tmp_path / UPLOADS / visitor / "upload"
        folder.mkdir(parents=True)
        (folder / "still.jpg").write_bytes(b"x")
        os.utime(folder, (time.time() - age_s,) * 2)
        return folder

    old, new = upload("a", UPLOAD_S + 60), upload("b", UPLOAD_S - 600)
    forget_old(tmp_path / UPLOADS, UPLOAD_S)
    assert (old.parent.exists(), (new / "still.jpg").exists()) == (False, True)
