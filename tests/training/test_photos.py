"""The split never shifts, masks are found, and what cannot be used is named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.training.scenery import photo
from training.photos import ALWAYS_HELD_OUT, SHORT_SIDE, horizon_row, is_held_out, photo_files, read_photo

SHIPPED_STILLS = Path(__file__).parents[2] / "assets" / "stills"

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


def test_photos_come_in_the_order_of_their_names_without_masks(tmp_path):
    for name in ("b.JPG", "a.png", "c.webp", "a.mask.png", "index.json"):
        (tmp_path / name).touch()
    assert [file.name for file in photo_files(tmp_path)] == ["a.png", "b.JPG", "c.webp"]


def test_a_damaged_photo_is_named(tmp_path):
    (tmp_path / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(FileNotFoundError, match=r"torn\.jpg cannot be read"):
        read_photo(tmp_path / "torn.jpg")


def test_the_mask_beside_a_photo_is_used(tmp_path):
    made = photo()
    cv2.imwrite(str(tmp_path / "made.png"), made.rgb[..., ::-1])
    cv2.imwrite(str(tmp_path / "made.mask.png"), cv2.resize(made.mask, (114, 64)))
    read = read_photo(tmp_path / "made.png")
    assert np.array_equal(read.rgb, made.rgb)
    assert np.abs(read.mask.astype(int) - made.mask).mean() < 3


def test_without_a_mask_the_studios_eyes_look():
    read = read_photo(SHIPPED_STILLS / "cat.jpg")
    assert min(read.rgb.shape[:2]) == SHORT_SIDE
    assert read.mask.shape == read.relief.shape == read.rgb.shape[:2]
    assert 0.1 < (read.mask > 127).mean() < 0.8


def test_a_whole_subject_is_a_cut_out_and_a_cropped_or_hazy_one_is_not():
    made = photo()
    cropped, hazy = made.mask.copy(), made.mask // 2
    cropped[:, :200] = 255
    assert made.is_cut_out
    assert not photo(subject=False).is_cut_out
    assert not type(made)("", made.rgb, cropped, made.relief, 0.5).is_cut_out
    assert not type(made)("", made.rgb, hazy, made.relief, 0.5).is_cut_out


def test_the_ground_begins_where_the_sky_ends():
    assert horizon_row(photo(subject=False).rgb) == pytest.approx(120 / 256, abs=0.03)
