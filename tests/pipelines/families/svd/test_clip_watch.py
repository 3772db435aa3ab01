"""What is said of clips that are of no use, and that nothing is said of good ones."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.contract import RGB
from pipelines.families.svd.clip_watch import ClipWatch
from pipelines.request import MotionRequest

STILL = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)

WAVES = np.linspace(0, 20, 96)


def moving(frames: int = 8, speed: float = 1.0) -> RGB:
    """Stripes that wander to the right."""
    shift = speed * np.arange(frames)[:, None, None, None]
    stripes = 128 + 100 * np.sin(WAVES[None, None, :, None] + shift)
    return np.broadcast_to(stripes, (frames, 64, 96, 3)).astype(np.uint8)


def notes(frames: RGB, still: RGB = STILL, **controls) -> list[str]:
    watch = ClipWatch(still, MotionRequest(num_frames=len(frames), **controls))
    for start in range(0, len(frames), 3):
        watch.see(frames[start : start + 3])
    return watch.notes()


def test_a_good_clip_needs_no_words() -> None:
    assert notes(moving()) == []
    assert notes(moving(speed=0.02)) == []


def test_black() -> None:
    assert notes(np.zeros((4, 64, 96, 3), np.uint8)) == [
        "The clip is black: draw another seed, or load the model in fp32."
    ]


def test_flat() -> None:
    grey = np.full((4, 64, 96, 3), 127, np.uint8)
    assert notes(grey)[0].startswith("The clip shows nothing: lower the guidance")
    assert not any("nothing" in note for note in notes(grey, still=grey[0])), "the still is grey itself"


@pytest.mark.parametrize(
    ("controls", "remedy"),
    [
        ({"motion_bucket_id": 127}, "raise motion to 160 or lower the first noise to 100."),
        ({"motion_bucket_id": 200}, "raise motion to 255 or lower the first noise to 100."),
        ({"motion_bucket_id": 255, "sigma_max": 80}, "draw another seed."),
    ],
)
def test_frozen(controls: dict[str, int], remedy: str) -> None:
    frozen = np.repeat(STILL[None], 5, axis=0)
    frozen[2, 0, 0] ^= 1
    assert notes(frozen, **controls) == [f"The picture hardly moves: {remedy}"]


def test_a_frame_shown_twice() -> None:
    frames = moving()
    frames = np.concatenate([frames[:3], frames[2:]])
    assert notes(frames) == ["1 of 9 frames repeat the one before: lower the motion fps."]
