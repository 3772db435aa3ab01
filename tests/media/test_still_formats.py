"""Every allowed format and mode opens as upright 8-bit RGB."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageFile

from media.stills import open_still
from tests.media.pictures import CORNERS, close, corner_colours, every_format, exif, heic, png, quarters, saved

SIDE = 32


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WebP", "AVIF", "HEIC", "GIF"])
def test_every_format_opens_with_its_colours(name):
    content, tolerance = every_format()[name]
    still = open_still(content)
    assert still.format == name
    assert still.size == (64, 48)
    assert still.rgb.dtype == np.uint8
    assert still.rgb.shape == (48, 64, 3)
    assert still.alpha is None
    assert close(corner_colours(still.rgb), CORNERS, tolerance)


def test_the_content_decides_and_not_the_name(tmp_path):
    path = tmp_path / "photo.heic"
    path.write_bytes(saved(Image.fromarray(quarters()), "PNG"))
    assert open_still(path).format == "PNG"


def test_a_jpeg_of_several_pictures_gives_its_first():
    first, second = Image.fromarray(quarters()), Image.new("RGB", (64, 48))
    content = saved(first, "MPO", save_all=True, append_images=[second], quality=95)
    assert b"MPF" in content
    still = open_still(content)
    assert still.format == "JPEG"
    assert close(corner_colours(still.rgb), CORNERS, 4)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_gives_its_first_frame(format):
    frames = [Image.new("RGB", (SIDE, SIDE), colour) for colour in CORNERS]
    content = saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100)
    assert close(open_still(content).rgb[8, 8], CORNERS[0], 5)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_exif_orientation_is_applied(format, orientation):
    upright = quarters()
    content = saved(
        Image.fromarray(_as_a_camera_stores(upright, orientation)), format, exif=exif(orientation), quality=95
    )
    still = open_still(content)
    assert still.size == (64, 48)
    assert close(corner_colours(still.rgb), CORNERS, 8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_once_and_not_twice(orientation):
    """An HEIC file says its turn in two places: in its own boxes, which libheif follows, and in EXIF."""
    stored = Image.fromarray(_as_a_camera_stores(quarters(128, 64), orientation))
    content = heic(stored, exif=exif(orientation))
    assert orientation == 1 or b"irot" in content or b"imir" in content
    still = open_still(content)
    assert still.size == (128, 64)
    assert close(corner_colours(still.rgb), CORNERS, 8)


def _as_a_camera_stores(upright, orientation):
    """What a sensor read whose picture needs `orientation` to stand upright (EXIF 2.32: where row 0, column 0 lie)."""
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }
    return np.ascontiguousarray(stored[orientation])


def test_broken_exif_counts_as_upright():
    content = saved(
        Image.fromarray(quarters()), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff garbage", quality=95
    )
    assert close(corner_colours(open_still(content).rgb), CORNERS, 4)


@pytest.mark.parametrize(("mode", "level", "expected"), [("L", 77, (77, 77, 77)), ("1", 1, (255, 255, 255))])
def test_grey_and_bilevel(mode, level, expected):
    still = open_still(saved(Image.new(mode, (SIDE, SIDE), level), "PNG"))
    assert tuple(still.rgb[3, 3]) == expected
    assert still.alpha is None


def test_palette():
    image = Image.fromarray(quarters()).quantize(8)
    still = open_still(saved(image, "PNG"))
    assert close(corner_colours(still.rgb), CORNERS, 2)


def test_palette_with_transparency_per_colour():
    image = Image.new("P", (SIDE, SIDE), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    image.paste(0, (0, 0, 16, SIDE))
    still = open_still(saved(image, "PNG", transparency=bytes([0, 128])))
    assert tuple(still.rgb[5, 20]) == (200, 10, 10)
    assert (still.alpha[5, 5], still.alpha[5, 20]) == (0, 128)


def test_gif_with_transparency():
    image = Image.new("P", (SIDE, SIDE), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    image.paste(0, (0, 0, 16, SIDE))
    still = open_still(saved(image, "GIF", transparency=0))
    assert (still.alpha[5, 5], still.alpha[5, 20]) == (0, 255)
    assert tuple(still.rgb[5, 20]) == (200, 10, 10)


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF"])
def test_alpha_channel(format):
    rgba = np.dstack([quarters(), np.full((48, 64), 255, np.uint8)])
    rgba[:, :32, 3] = 90
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    still = open_still(saved(Image.fromarray(rgba), format, **options))
    assert close(still.alpha, rgba[..., 3], 3)
    assert close(corner_colours(still.rgb)[1::2], CORNERS[1::2], 8)


def test_alpha_of_heic():
    rgba = np.dstack([quarters(64, 64), np.full((64, 64), 255, np.uint8)])
    rgba[:32, :, 3] = 90
    still = open_still(heic(Image.fromarray(rgba)))
    assert close(still.alpha[8, 8], 90, 4)
    assert close(still.alpha[56, 8], 255, 4)


def test_grey_with_alpha():
    grey = Image.merge("LA", (Image.new("L", (SIDE, SIDE), 60), Image.linear_gradient("L").resize((SIDE, SIDE))))
    still = open_still(saved(grey, "PNG"))
    assert tuple(still.rgb[9, 9]) == (60, 60, 60)
    assert np.array_equal(still.alpha, np.array(grey.getchannel("A")))


def test_an_alpha_channel_that_is_all_solid_counts_as_none():
    assert open_still(saved(Image.new("RGBA", (SIDE, SIDE), (1, 2, 3, 255)), "PNG")).alpha is None


def test_16_bit_grey_is_scaled_and_not_clipped():
    levels = np.linspace(0, 65535, SIDE * SIDE).astype(np.uint16).reshape(SIDE, SIDE)
    still = open_still(saved(Image.fromarray(levels), "PNG"))
    assert np.array_equal(still.rgb[..., 0], np.rint(levels / 257).astype(np.uint8))
    assert np.array_equal(still.rgb[..., 0], still.rgb[..., 2])


@pytest.mark.parametrize(
    ("colour_type", "pixel", "rgb", "alpha"),
    [
        (2, (40000, 300, 65535), (156, 1, 255), None),
        (4, (40000, 30000), (156, 156, 156), 117),
        (6, (40000, 300, 65535, 30000), (156, 1, 255), 117),
    ],
)
def test_16_bit_png_of_every_colour_type(colour_type, pixel, rgb, alpha):
    row = b"\x00" + struct.pack(f">{len(pixel)}H", *pixel) * SIDE
    still = open_still(png(colour_type, 16, (SIDE, SIDE), row * SIDE))
    assert close(still.rgb[4, 4], rgb, 1)
    assert still.alpha is None if alpha is None else close(still.alpha[4, 4], alpha, 1)


@pytest.mark.parametrize(
    ("colour_type", "bits", "left", "right", "see_through"),
    [
        (0, 16, b"\x9c\x40" * 16, b"\x10\x00" * 16, b"\x9c\x40"),
        (2, 16, b"\xff\xff\x01\x2c\x00\x00" * 16, b"\x00\x10" * 48, b"\xff\xff\x01\x2c\x00\x00"),
        (2, 8, b"\xff\x01\x02" * 16, b"\x10\x10\x10" * 16, b"\x00\xff\x00\x01\x00\x02"),
        (0, 8, b"\xf0" * 16, b"\x10" * 16, b"\x00\xf0"),
        (0, 1, b"\xff\xff", b"\x00\x00", b"\x00\x01"),
    ],
)
def test_see_through_colour_of_a_png(colour_type, bits, left, right, see_through):
    content = png(colour_type, bits, (SIDE, SIDE), (b"\x00" + left + right) * SIDE, [(b"tRNS", see_through)])
    alpha = open_still(content).alpha
    assert (alpha[:, :16] == 0).all()
    assert (alpha[:, 16:] == 255).all()


def test_nothing_of_pillow_is_changed_for_others():
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    for content, _ in every_format().values():
        open_still(content)
    after = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    assert after == before
    assert "HEIF" not in Image.OPEN
