"""Hundreds of damaged files: each gives a `StillError` or a clean picture, never anything else, never slowly."""

import time

import numpy as np
import pytest
from PIL import Image

from media.decode import MAX_PIXELS
from media.kinds import kind_of
from media.stills import open_still
from pipelines.errors import StillError
from tests.media.pictures import every_format, exif, icc_profile, saved

ROUNDS = 200
SLOWEST = 5.0


def _seed_files():
    noise = np.random.default_rng(5).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    rgb = np.kron(noise, np.ones((4, 4, 1), np.uint8))
    files = {name: content for name, (content, _) in every_format(rgb).items()}
    image = Image.fromarray(rgb)
    profile = icc_profile(((0.5, 0.2, 0.0), (0.3, 0.7, 0.1), (0.1, 0.1, 0.7)))
    files["tagged JPEG"] = saved(image, "JPEG", exif=exif(6), icc_profile=profile)
    files["palette PNG"] = saved(image.quantize(16), "PNG", exif=exif(8), icc_profile=profile, transparency=3)
    files["animated GIF"] = saved(image, "GIF", save_all=True, append_images=[image.rotate(90)], transparency=1)
    files["MPO"] = saved(image, "MPO", save_all=True, append_images=[image.rotate(90)])
    return files


SEEDS = _seed_files()


def _flipped(content, random):
    damaged = bytearray(content)
    for place in random.integers(0, len(damaged), random.integers(1, 12)):
        damaged[place] ^= 1 << int(random.integers(0, 8))
    return bytes(damaged)


def _early_flip(content, random):
    """Headers are where the traps are."""
    damaged = bytearray(content)
    for place in random.integers(4, min(200, len(damaged)), 3):
        damaged[place] = int(random.integers(0, 256))
    return bytes(damaged)


def _cut(content, random):
    return content[: random.integers(1, len(content))]


def _spliced(content, random):
    others = list(SEEDS.values())
    other = others[random.integers(0, len(others))]
    return content[: random.integers(8, len(content))] + other[random.integers(0, len(other)) :]


@pytest.mark.parametrize("damage", [_flipped, _early_flip, _cut, _spliced])
@pytest.mark.parametrize("name", SEEDS)
def test_damage_gives_a_still_or_a_still_error(name, damage):
    random = np.random.default_rng([len(name), len(SEEDS[name])])
    for _ in range(ROUNDS // 4):
        _opens_or_refuses(damage(SEEDS[name], random))


def _opens_or_refuses(content):
    started = time.perf_counter()
    try:
        still = open_still(content)
    except StillError as error:
        assert error.sentence
        assert error.remedy
    else:
        assert still.rgb.dtype == np.uint8
        assert still.rgb.shape == (still.size[1], still.size[0], 3)
        assert still.alpha is None or still.alpha.shape == still.rgb.shape[:2]
        assert still.size[0] * still.size[1] <= MAX_PIXELS
    assert time.perf_counter() - started < SLOWEST


def test_the_first_bytes_alone_never_break_the_kind():
    random = np.random.default_rng(11)
    for length in range(64):
        kind_of(random.bytes(length))
        kind_of(b"\x00\x00\x00\x20ftyp" + random.bytes(length))
        kind_of(b"RIFF" + random.bytes(length))
        kind_of("é".encode() * length + b"\xc3")
