"""Pictures and files that the tests of this room open."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

CORNERS = ((220, 40, 40), (40, 200, 40), (40, 40, 220), (230, 220, 60))
"""Red, green, blue, yellow: the quarters of `quarters()` from top left to bottom right."""


def quarters(width=64, height=48):
    """uint8 `[height, width, 3]`: four plain colours, so that every turn and flip can be told apart."""
    rgb = np.empty((height, width, 3), np.uint8)
    middle_x, middle_y = width // 2, height // 2
    rgb[:middle_y, :middle_x], rgb[:middle_y, middle_x:] = CORNERS[:2]
    rgb[middle_y:, :middle_x], rgb[middle_y:, middle_x:] = CORNERS[2:]
    return rgb


def corner_colours(rgb):
    """The colours in the middle of the four quarters, as a list of int tuples."""
    height, width = rgb.shape[:2]
    places = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [tuple(int(level) for level in rgb[place]) for place in places]


def close(found, expected, tolerance):
    """Whether all levels differ by at most `tolerance`."""
    return np.abs(np.asarray(found, np.int32) - np.asarray(expected, np.int32)).max() <= tolerance


def saved(image, format, **options):
    """The bytes of a file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def heic(image, **options):
    """The bytes of an HEIC file."""
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(image).save(file, quality=90, **options)
    return file.getvalue()


def every_format(rgb=None):
    """Name to (bytes, tolerance in levels) of one picture in every format that is allowed."""
    image = Image.fromarray(quarters() if rgb is None else rgb)
    return {
        "PNG": (saved(image, "PNG"), 0),
        "JPEG": (saved(image, "JPEG", quality=95), 4),
        "WebP": (saved(image, "WEBP", lossless=True), 0),
        "AVIF": (saved(image, "AVIF", quality=95), 6),
        "HEIC": (heic(image), 8),
        "GIF": (saved(image, "GIF"), 4),
    }


def exif(orientation):
    """EXIF bytes with an orientation and a place on Earth."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "CameraOfSomebody"
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)})
    return tags.tobytes()


def png(colour_type, bits, size, raw, extra=()):
    """A PNG written by hand: `raw` are the filtered rows, `extra` are chunks before the pixels."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", *size, bits, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def icc_profile(colorants, gamma=2.2):
    """A matrix profile (ICC v2) of an RGB space: `colorants` are the XYZ of red, green and blue under D50."""

    curve = _gamma_curve(gamma)
    tags = {
        b"wtpt": _xyz((0.9642, 1.0, 0.8249)),
        b"rXYZ": _xyz(colorants[0]),
        b"gXYZ": _xyz(colorants[1]),
        b"bXYZ": _xyz(colorants[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _profile(b"RGB ", tags)


def grey_profile(gamma):
    """A grey profile (ICC v2) with a gamma curve."""
    return _profile(b"GRAY", {b"wtpt": _xyz((0.9642, 1.0, 0.8249)), b"kTRC": _gamma_curve(gamma)})


def _fixed(values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _xyz(values):
    return b"XYZ " + bytes(4) + _fixed(values)


def _gamma_curve(gamma):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)


def _profile(space, tags):
    name = b"test\x00"
    described = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78 + 8),
        b"cprt": b"text" + bytes(4) + b"none\x00" + bytes(3),
        **tags,
    }
    table, body, at = b"", b"", 128 + 4 + 12 * len(described)
    for tag, content in described.items():
        padded = content + bytes(-len(content) % 4)
        table += tag + struct.pack(">II", at, len(content))
        body, at = body + padded, at + len(padded)
    head = struct.pack(">I4sI4s4s4s", at, b"test", 0x02400000, b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
    head += bytes(28) + _fixed((0.9642, 1.0, 0.8249))
    return head.ljust(128, b"\x00") + struct.pack(">I", len(described)) + table + body
