"""What is no still is refused in one plain sentence with its cure, and quickly."""

import io
import os
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import media.stills
from media.stills import MAX_FILE_BYTES, check_is_picture, open_still
from pipelines.errors import StillError
from tests.media.pictures import every_format, png, quarters, saved

ROOT = Path(__file__).parents[2]

ISO_VIDEO = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"mp41") + bytes(200)

FOREIGN = {
    "plain text": b"Dear all,\nplease find no picture here.\n",
    "an SVG drawing": b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"></svg>',
    "a web page": b"<!DOCTYPE html><html><body>404</body></html>",
    "a TIFF picture": saved(Image.new("CMYK", (32, 32)), "TIFF"),
    "a Photoshop document": b"8BPS\x00\x01" + bytes(60),
    "a PDF document": b"%PDF-1.7\n" + bytes(60),
    "an EPS drawing": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "a video": ISO_VIDEO,
    "a BMP picture": saved(Image.new("RGB", (32, 32)), "BMP"),
    "an icon file": saved(Image.new("RGB", (32, 32)), "ICO"),
    "a JPEG 2000 picture": saved(Image.new("RGB", (32, 32)), "JPEG2000"),
    "a ZIP archive": b"PK\x03\x04" + bytes(60),
    "of an unknown kind": bytes(range(1, 9)) * 8,
}


def refusal(source):
    with pytest.raises(StillError) as caught:
        open_still(source)
    assert caught.value.sentence.endswith(".")
    assert caught.value.remedy.endswith(".")
    return str(caught.value)


@pytest.mark.parametrize("words", FOREIGN)
def test_other_kinds_are_named(words):
    said = refusal(FOREIGN[words])
    assert f"its content is {words}" in said
    assert "Use a PNG, JPEG, WebP, AVIF, HEIC or GIF file." in said


def test_a_text_called_png(tmp_path):
    path = tmp_path / "holiday.PNG"
    path.write_text("not a picture — really\n", encoding="utf-8")
    assert refusal(path) == (
        "This is not a picture that can be opened: its content is plain text although its name ends in .png."
        " Use a PNG, JPEG, WebP, AVIF, HEIC or GIF file."
    )


@pytest.mark.parametrize("format", ["PPM", "TGA", "PCX", "SGI", "DDS", "IM"])
def test_formats_that_pillow_would_open_are_never_parsed(format):
    assert "Use a PNG" in refusal(saved(Image.fromarray(quarters()), format))


def test_an_empty_file():
    assert "empty" in refusal(b"")


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WebP", "AVIF", "HEIC", "GIF"])
def test_a_file_cut_in_half(name):
    noisy = np.random.default_rng(3).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    content = every_format(noisy)[name][0]
    assert f"This {name} file is damaged or was cut off." in refusal(content[: len(content) // 2])


def test_one_pixel():
    assert "only 1 x 1 pixels" in refusal(saved(Image.new("RGB", (1, 1)), "PNG"))
    assert "at least 16 pixels" in refusal(saved(Image.new("RGB", (400, 15)), "GIF"))


def _webp_of(width, height):
    body = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes(4)
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _lossless_webp_of(width, height):
    packed = (width - 1) | (height - 1) << 14
    body = b"VP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", packed)
    return b"RIFF" + struct.pack("<I", 5 + len(body)) + b"WEBP" + body + b"\x00"


def _jpeg_of(width, height):
    content = saved(Image.new("RGB", (32, 32)), "JPEG")
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def _with_stated_size(content, width, height):
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", width, height) + content[at + 8 :]


BOMBS = {
    "PNG": png(2, 8, (30000, 30000), zlib.compress(bytes(1000))),
    "PNG below Pillow's own limit": png(2, 8, (11000, 10000), zlib.compress(bytes(1000))),
    "real grey PNG": png(0, 1, (30000, 30000), bytes(3751 * 30000)),
    "GIF": b"GIF89a" + struct.pack("<HH", 30000, 30000) + saved(Image.new("P", (32, 32)), "GIF")[10:],
    "JPEG": _jpeg_of(30000, 30000),
    "WebP": _webp_of(30000, 30000),
    "AVIF": _with_stated_size(every_format()["AVIF"][0], 16000, 16000),
    "lossless WebP": _lossless_webp_of(16000, 16000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_are_decoded(name):
    started = time.perf_counter()
    assert "more than 64 megapixels" in refusal(BOMBS[name])
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WebP", "AVIF", "HEIC", "GIF"])
def test_the_size_is_judged_by_the_header_of_every_format(monkeypatch, name):
    monkeypatch.setattr("media.decode.MAX_PIXELS", 64 * 48 - 1)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("it was decoded"))
    assert "megapixels" in refusal(every_format()[name][0])


def test_a_heic_file_that_states_another_size_than_it_has():
    started = time.perf_counter()
    assert refusal(_with_stated_size(every_format()["HEIC"][0], 16000, 16000))
    assert time.perf_counter() - started < 2.0


def test_real_webp_sizes_are_read_from_all_three_forms():
    image = Image.fromarray(quarters(80, 40))
    see_through = Image.new("RGBA", (80, 40), (9, 9, 9, 99))
    for content in (
        saved(image, "WEBP"),
        saved(image, "WEBP", lossless=True),
        saved(see_through, "WEBP"),
        saved(image, "WEBP", exif=b"Exif\x00\x00"),
    ):
        assert open_still(content).size == (80, 40)


def test_a_picture_as_large_as_allowed_opens(monkeypatch):
    monkeypatch.setattr("media.decode.MAX_PIXELS", 64 * 48)
    assert open_still(saved(Image.fromarray(quarters(64, 48)), "PNG")).size == (64, 48)
    assert "megapixels" in refusal(saved(Image.fromarray(quarters(66, 48)), "PNG"))


def test_a_file_that_is_too_heavy(monkeypatch, tmp_path):
    content = saved(Image.fromarray(quarters()), "PNG")
    path = tmp_path / "still.png"
    path.write_bytes(content)
    monkeypatch.setattr(media.stills, "MAX_FILE_BYTES", len(content) - 1)
    assert "larger than" in refusal(content)
    assert "larger than" in refusal(path)
    with pytest.raises(StillError, match="larger than"):
        check_is_picture(path)


def test_a_huge_file_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "film.png"
    with path.open("wb") as file:
        file.truncate(10 * MAX_FILE_BYTES)
    tracemalloc.start()
    assert "larger than 60 MB" in refusal(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_FILE_BYTES


OPEN_WITH_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from media.stills import open_still
from pipelines.errors import StillError

open_still(Path(sys.argv[1]))
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[3]),) * 2)
try:
    open_still(Path(sys.argv[2]))
except StillError as error:
    sys.stdout.write(str(error))
"""


@pytest.mark.parametrize("room", [30_000_000, 130_000_000])
def test_too_little_memory_is_said_in_words(tmp_path, room):
    """Whether it runs out while the file is read or while it is decoded."""
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    Image.new("L", (32, 32)).save(small)
    Image.new("RGB", (6000, 6000)).save(large, compress_level=1)
    command = [sys.executable, "-c", OPEN_WITH_LITTLE_MEMORY, str(small), str(large), str(room)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert "too little memory" in run.stdout


def test_a_picture_of_nothing():
    assert "see-through" in refusal(saved(Image.new("RGBA", (32, 32), (255, 0, 0, 0)), "PNG"))


def test_paths_that_are_no_file(tmp_path):
    assert "no such picture" in refusal(tmp_path / "absent.png")
    assert "no such picture" in refusal(tmp_path)
    assert refusal(Path("odd\x00name.png"))
    os.mkfifo(tmp_path / "pipe.png")
    assert "no such picture" in refusal(tmp_path / "pipe.png")


def test_nothing_is_told_about_folders(tmp_path):
    path = tmp_path / "secret-folder-name.png"
    path.write_bytes(b"text")
    assert "secret-folder-name" not in refusal(path)


def test_a_decompression_bomb_inside_the_metadata():
    text = b"Comment\x00\x00" + zlib.compress(bytes(200_000_000), 9)
    said = refusal(png(2, 8, (32, 32), (b"\x00" + bytes(96)) * 32, [(b"zTXt", text)]))
    assert "damaged" in said


def test_a_16_bit_tiff_called_png_is_not_opened(tmp_path):
    file = io.BytesIO()
    Image.fromarray(np.zeros((32, 32), np.uint16)).save(file, "TIFF")
    path = tmp_path / "scan.png"
    path.write_bytes(file.getvalue())
    assert "a TIFF picture" in refusal(path)
