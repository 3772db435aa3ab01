"""An MP4 for a chat is no larger than the chat takes, and no worse than it must be."""

from fractions import Fraction

import numpy as np
import pytest

from media.export.target_size import TARGETS, export_within
from media.spec import ClipSpec
from pipelines.errors import InputError
from tests.media.clips import moving_frames

SPEC = ClipSpec(320, 192, 24, Fraction(12))
"""Whole macroblocks of 16 pixels: at other sizes x264 spends its bits a little differently from run to run."""


def busy(count=24):
    """Frames that H.264 finds hard."""
    return np.random.default_rng(3).integers(0, 256, (count, 96, 160, 3), np.uint8).repeat(2, axis=1).repeat(2, axis=2)


@pytest.mark.parametrize("most", [600_000, 250_000, 80_000])
def test_a_clip_that_is_too_large_is_made_to_fit_and_uses_the_room(tmp_path, most):
    facts = export_within(tmp_path / "clip.mp4", busy(), SPEC, most)
    size = (tmp_path / "clip.mp4").stat().st_size
    assert 0.6 * most < size <= most
    assert facts.num_frames == 24


def test_a_clip_that_fits_is_left_at_full_quality(tmp_path):
    frames = moving_frames(24, 320, 192)
    export_within(tmp_path / "clip.mp4", frames, SPEC, TARGETS["8 MB"])
    export_within(tmp_path / "large.mp4", frames, SPEC, TARGETS["25 MB"])
    assert (tmp_path / "clip.mp4").read_bytes() == (tmp_path / "large.mp4").read_bytes()


def test_a_size_that_cannot_be_reached_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"cannot be made as small as 0\.002 MB"):
        export_within(tmp_path / "clip.mp4", busy(), SPEC, 2_000)
    assert list(tmp_path.iterdir()) == []
