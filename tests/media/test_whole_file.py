"""Files that two write at once: each of them whole."""

from __future__ import annotations

import stat

from media.whole_file import PRIVATE, write_whole
from tests.jobs.watching import in_threads


def test_two_who_write_one_file_leave_one_of_theirs(tmp_path):
    contents = [bytes([letter]) * 2_000_000 for letter in b"abcdefgh"]
    path = tmp_path / "file"
    for _ in range(5):
        in_threads(8, lambda index: write_whole(path, contents[index]))
        assert path.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_never_anybody_elses(tmp_path):
    write_whole(tmp_path / "key", b"secret", PRIVATE)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["key"]
