"""See-through stills over a colour or over a blurred copy of themselves."""

import numpy as np
import pytest

from media.backdrop import blurred_copy, over_backdrop
from media.stills import Still
from pipelines.errors import RequestError
from tests.media.pictures import close, quarters


def disc(colour=(200, 40, 30), hidden=(0, 0, 0), side=96):
    """A disc of one colour with a soft edge; the pixels under full transparency have the `hidden` colour."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    alpha = np.clip((side / 3 - np.hypot(x, y)) * 32 + 128, 0, 255).astype(np.uint8)
    rgb = np.where((alpha > 0)[..., None], np.uint8(colour), np.uint8(hidden))
    return Still(rgb, alpha)


def test_an_opaque_still_stays_as_it_is():
    still = Still(quarters())
    assert over_backdrop(still, "blur") is still.rgb
    assert over_backdrop(still, "#123456") is still.rgb


@pytest.mark.parametrize(("backdrop", "colour"), [("#ffffff", (255, 255, 255)), ("#0a1B2c", (10, 27, 44))])
def test_a_colour_shows_where_the_still_is_see_through(backdrop, colour):
    still = disc()
    seen = over_backdrop(still, backdrop)
    assert tuple(seen[0, 0]) == colour
    assert tuple(seen[48, 48]) == (200, 40, 30)
    share = still.alpha[..., None] / 255
    assert close(seen, np.rint(still.rgb * share + np.array(colour) * (1 - share)), 1)


def test_blur_has_no_dark_fringe_and_ignores_hidden_colours():
    for hidden in ((0, 0, 0), (0, 255, 0)):
        seen = over_backdrop(disc(hidden=hidden), "blur")
        assert close(seen, np.broadcast_to((200, 40, 30), seen.shape), 3)


def test_blur_follows_the_colours_nearby():
    rgb = np.zeros((64, 128, 3), np.uint8)
    rgb[:, :64], rgb[:, 64:] = (220, 20, 20), (20, 20, 220)
    alpha = np.zeros((64, 128), np.uint8)
    alpha[24:40] = 255
    seen = over_backdrop(Still(rgb, alpha), "blur").astype(int)
    assert seen[4, 8, 0] > seen[4, 8, 2] + 100
    assert seen[4, 120, 2] > seen[4, 120, 0] + 100


def test_a_blurred_copy_has_no_shapes_left_but_the_same_light():
    noise = np.random.default_rng(1).integers(0, 255, (200, 320, 3), dtype=np.uint8)
    copy = blurred_copy(Still(noise), (640, 320))
    assert copy.shape == (320, 640, 3)
    assert copy.std() < 8
    assert abs(copy.mean() - noise.mean()) < 2


def test_the_blur_fades_without_an_edge():
    """The backdrop far from the still differs from that near it, but nowhere suddenly."""
    rgb = np.zeros((256, 256, 3), np.uint8)
    rgb[:, :128], rgb[:, 128:] = (240, 20, 20), (20, 20, 240)
    y, x = np.mgrid[:256, :256] - 127.5
    alpha = np.where(np.hypot(x, y) < 70, 255, 0).astype(np.uint8)
    behind = over_backdrop(Still(rgb, alpha), "blur").astype(int)[:50]
    assert np.abs(np.diff(behind, axis=0)).max() <= 6
    assert np.abs(np.diff(behind, axis=1)).max() <= 6


def test_nothing_solid_at_all_gives_a_backdrop_and_no_warning():
    seen = over_backdrop(Still(quarters(), np.zeros((48, 64), np.uint8)), "blur")
    assert seen.shape == (48, 64, 3)


@pytest.mark.parametrize("backdrop", ["", "red", "#fff", "#12345g", "blur ", "#ffffff\n"])
def test_other_backdrops_are_refused(backdrop):
    with pytest.raises(RequestError, match="It must be blur, or a colour such as #ffffff"):
        over_backdrop(disc(), backdrop)
