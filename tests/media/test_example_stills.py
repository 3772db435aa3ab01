"""The example stills open, are credited, and carry nothing but their pixels."""

from pathlib import Path

import pytest
from PIL import Image

from media.stills import open_still

STILLS = sorted((Path(__file__).parents[2] / "assets" / "stills").glob("*.jpg"))


def test_there_are_enough_to_choose_from():
    assert len(STILLS) >= 10


@pytest.mark.parametrize("path", STILLS, ids=lambda path: path.stem)
def test_an_example_opens_and_is_credited(path):
    still = open_still(path)
    assert min(still.size) >= 300
    assert still.alpha is None
    assert f"`{path.name}`" in path.with_name("CREDITS.md").read_text(encoding="utf-8")
    with Image.open(path) as image:
        assert not image.getexif()
        assert not {"icc_profile", "xmp", "comment", "exif"} & set(image.info)
