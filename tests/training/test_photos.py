"""The split never shifts, masks are found, and what cannot be used is named."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.photos import ALWAYS_HELD_OUT, is_held_out, mask_beside, photo_files

NAMES = [f"photo-{index}.jpg" for index in range(2000)]


def test_a_tenth_is_held_out():
    assert 0.08 < sum(map(is_held_out, NAMES)) / len(NAMES) < 0.12


def test_the_split_hangs_on_the_name_alone():
    assert [is_held_out(name) for name in NAMES] == [is_held_out(name) for name in NAMES]
    held = [name for name in ("photo-1.jpg", "photo-2.jpg", "photo-31.jpg", "photo-32.jpg") if is_held_out(name)]
    assert held == ["photo-31.jpg"], "a shifted split would let weights train on what they are measured on"


def test_patterns_hold_out_whole_collections():
    assert is_held_out("budgie_otters.jpg", ALWAYS_HELD_OUT)
    assert all(is_held_out(name, ["photo-*"]) for name in NAMES)
    assert not is_held_out("photo-1.jpg", ["other-*"])


def test_a_folder_without_photos_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    (tmp_path / "cat.mask.png").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match=f"no photos in {tmp_path}. Name a folder of"):
        photo_files(tmp_path)


def test_the_mask_beside_a_photo_is_found(tmp_path):
    mask = np.full((4, 6), 200, np.uint8)
    cv2.imwrite(str(tmp_path / "cat.mask.png"), mask)
    assert np.array_equal(mask_beside(tmp_path / "cat.jpg"), mask)
    assert mask_beside(tmp_path / "dog.jpg") is None
