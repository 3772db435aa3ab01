"""What a file is, judged by its first bytes; its name is never trusted."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

HEAD_BYTES = 4096
"""Bytes that are looked at: SVG and HTML may carry long comments before the tag that names them."""


@dataclass(frozen=True)
class Kind:
    """What a file is.

    `name` is the short name ("PNG"), `words` names it inside a sentence ("a TIFF picture"), `is_still` tells whether
    such a file is opened as a still.
    """

    name: str
    words: str
    is_still: bool = False


PNG = Kind("PNG", "a PNG picture", is_still=True)
JPEG = Kind("JPEG", "a JPEG picture", is_still=True)
WEBP = Kind("WebP", "a WebP picture", is_still=True)
AVIF = Kind("AVIF", "an AVIF picture", is_still=True)
HEIC = Kind("HEIC", "an HEIC picture", is_still=True)
GIF = Kind("GIF", "a GIF picture", is_still=True)

EMPTY = Kind("empty", "empty")
TEXT = Kind("text", "plain text")
SVG = Kind("SVG", "an SVG drawing")
HTML = Kind("HTML", "a web page")
VIDEO = Kind("video", "a video")
TIFF = Kind("TIFF", "a TIFF picture or a camera's raw file")
EPS = Kind("EPS", "an EPS drawing")
JPEG_2000 = Kind("JPEG 2000", "a JPEG 2000 picture")
JPEG_XL = Kind("JPEG XL", "a JPEG XL picture")
UNKNOWN = Kind("unknown", "of an unknown kind")

_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
    (b"8BPS", Kind("PSD", "a Photoshop document")),
    (b"%PDF-", Kind("PDF", "a PDF document")),
    (b"%!PS", EPS),
    (b"\xc5\xd0\xd3\xc6", EPS),
    (b"BM", Kind("BMP", "a BMP picture")),
    (b"\x00\x00\x01\x00", Kind("ICO", "an icon file")),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", JPEG_2000),
    (b"\xff\x4f\xff\x51", JPEG_2000),
    (b"\xff\x0a", JPEG_XL),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", JPEG_XL),
    (b"\x1aE\xdf\xa3", VIDEO),
    (b"PK\x03\x04", Kind("ZIP", "a ZIP archive or an office document")),
    (b"\x1f\x8b", Kind("gzip", "a compressed archive")),
)

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"},
)


def kind_of(content: bytes) -> Kind:
    """The kind of the file that begins with `content`; only its first `HEAD_BYTES` are looked at."""
    head = content[:HEAD_BYTES]
    if not head:
        return EMPTY
    if head[4:8] == b"ftyp":
        return _kind_by_brands(head)
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"AVI ": VIDEO}.get(head[8:12], UNKNOWN)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    return _kind_of_text(head)


def _kind_by_brands(head: bytes) -> Kind:
    box_end = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    brands = {major, *(head[at : at + 4] for at in range(16, box_end - 3, 4))}
    if brands & _AVIF_BRANDS:
        return AVIF
    if major in _HEIC_BRANDS:
        return HEIC
    return TIFF if major == b"crx " else VIDEO


def _kind_of_text(head: bytes) -> Kind:
    text = _as_text(head)
    if text is None:
        return UNKNOWN
    start = text.lower()
    if "<svg" in start:
        return SVG
    return HTML if "<html" in start or "<!doctype html" in start else TEXT


def _as_text(head: bytes) -> str | None:
    encoding = "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    try:
        # incremental: the head may end inside a character
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return None
    readable = all(letter.isprintable() or letter in "\t\n\r\f" for letter in text)
    return text if readable else None
