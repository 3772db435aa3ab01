"""Text inside PNG and WebP files that were written without it."""

from __future__ import annotations

import zlib
from pathlib import Path

from PIL import Image

from media.recipe import IMAGE_DESCRIPTION

_PNG_HEADER = 8 + 25
"""Bytes: PNG's signature and its first chunk, the only one that must come first (PNG specification, 5.6)."""

_EXIF_FLAG = 0x08
"""Bit of a WebP file's VP8X header that announces an EXIF chunk (WebP container specification)."""


def add_png_text(path: Path, keyword: str, text: str) -> None:
    """Put an iTXt chunk right behind the header of a PNG file; `keyword` is Latin-1, the text is stored as UTF-8."""
    content = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    chunk = len(content).to_bytes(4, "big") + b"iTXt" + content + zlib.crc32(b"iTXt" + content).to_bytes(4, "big")
    png = path.read_bytes()
    path.write_bytes(png[:_PNG_HEADER] + chunk + png[_PNG_HEADER:])


def add_webp_description(path: Path, text: str) -> None:
    """Append an EXIF chunk with the text to an animated WebP file; `text` is ASCII."""
    content = description(text).removeprefix(b"Exif\0\0")
    chunk = b"EXIF" + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)
    webp = bytearray(path.read_bytes()) + chunk
    webp[4:8] = (len(webp) - 8).to_bytes(4, "little")
    webp[20] |= _EXIF_FLAG
    path.write_bytes(webp)


def description(text: str) -> bytes:
    """EXIF data that holds nothing but the text."""
    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION] = text
    return exif.tobytes()
