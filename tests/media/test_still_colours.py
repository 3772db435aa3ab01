"""Colour profiles and printing colours arrive as sRGB."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from media.stills import open_still
from tests.media.pictures import close, grey_profile, heic, icc_profile, png, saved

DISPLAY_P3 = ((0.515102, 0.241196, -0.001053), (0.291965, 0.692236, 0.041882), (0.157153, 0.066568, 0.784378))
"""XYZ under D50 of the primaries of phones' screens (ICC registry, Display P3)."""

SRGB = ((0.436066, 0.222488, 0.013916), (0.385147, 0.716873, 0.097076), (0.143066, 0.060608, 0.714096))

COLOUR = (200, 120, 80)


def _expected_srgb(colour):
    """The definition, without any colour engine: gamma 2.2 in, two matrices, the sRGB curve out (IEC 61966-2-1)."""
    linear = (np.array(colour) / 255) ** 2.2
    xyz = np.array(DISPLAY_P3).T @ linear
    srgb = np.linalg.inv(np.array(SRGB).T) @ xyz
    curved = np.where(srgb <= 0.0031308, 12.92 * srgb, 1.055 * np.clip(srgb, 0, None) ** (1 / 2.4) - 0.055)
    return np.rint(np.clip(curved, 0, 1) * 255).astype(int)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_a_wide_profile_is_converted(format):
    expected = _expected_srgb(COLOUR)
    assert not close(expected, COLOUR, 6)
    content = saved(Image.new("RGB", (32, 32), COLOUR), format, icc_profile=icc_profile(DISPLAY_P3), quality=100)
    assert close(open_still(content).rgb[8, 8], expected, 3)


def test_a_wide_profile_in_heic_is_converted():
    image = Image.new("RGB", (64, 64), COLOUR)
    image.info["icc_profile"] = icc_profile(DISPLAY_P3)
    assert close(open_still(heic(image)).rgb[8, 8], _expected_srgb(COLOUR), 4)


def test_a_wide_profile_is_converted_under_alpha():
    image = Image.new("RGBA", (32, 32), (*COLOUR, 128))
    still = open_still(saved(image, "PNG", icc_profile=icc_profile(DISPLAY_P3)))
    assert close(still.rgb[8, 8], _expected_srgb(COLOUR), 2)
    assert still.alpha[8, 8] == 128


def test_a_grey_picture_with_an_rgb_profile_is_converted():
    still = open_still(saved(Image.new("L", (32, 32), 100), "JPEG", icc_profile=icc_profile(SRGB, gamma=1.0)))
    assert close(still.rgb[8, 8], (168, 168, 168), 3)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_grey_profile_is_converted_with_and_without_alpha(mode):
    image = Image.new(mode, (32, 32), 100 if mode == "L" else (100, 128))
    still = open_still(saved(image, "PNG", icc_profile=grey_profile(1.0)))
    assert close(still.rgb[8, 8], (168, 168, 168), 3)


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    still = open_still(saved(Image.new("RGB", (32, 32), COLOUR), "PNG", icc_profile=profile))
    assert close(still.rgb[8, 8], COLOUR, 1)


@pytest.mark.parametrize(
    "profile",
    [
        b"no profile at all",
        icc_profile(DISPLAY_P3)[:150],
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    ],
)
def test_a_broken_or_foreign_profile_is_ignored(profile):
    still = open_still(saved(Image.new("RGB", (32, 32), COLOUR), "PNG", icc_profile=profile))
    assert tuple(still.rgb[8, 8]) == COLOUR


def test_cmyk_jpeg_with_inverted_inks():
    inks = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    content = saved(inks, "JPEG", quality=100)
    assert b"Adobe" in content
    assert close(open_still(content).rgb[8, 8], (255, 0, 0), 4)


def test_cmyk_jpeg_keeps_black_and_white_apart():
    inks = Image.new("CMYK", (64, 32), (0, 0, 0, 0))
    inks.paste((0, 0, 0, 255), (32, 0, 64, 32))
    rgb = open_still(saved(inks, "JPEG", quality=100)).rgb
    assert close(rgb[8, 8], (255, 255, 255), 4)
    assert close(rgb[8, 56], (0, 0, 0), 4)


def test_colours_of_a_hand_written_png_are_kept_exactly():
    row = b"\x00" + bytes(COLOUR) * 32
    assert tuple(open_still(png(2, 8, (32, 32), row * 32)).rgb[0, 0]) == COLOUR
