"""Who taps a thing gets its mask: as the original network has it, the whole thing, in a still of any size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from media.stills import open_still
from pipelines.errors import ModelError
from pipelines.eyes.tap.candidates import Candidate, chosen
from pipelines.eyes.tap.tapped import glanced
from pipelines.eyes.tap.weights import WEIGHTS, open_tap
from pipelines.subject import subject_mask

ROOT = Path(__file__).parents[3]

FACE, WALL = (0.45, 0.4), (0.8, 0.15)
"""Places of the astronaut."""


def picture(name: str) -> np.ndarray:
    """One of the example stills, uint8 `[H, W, 3]`."""
    return open_still(ROOT / "assets" / "stills" / f"{name}.jpg").rgb


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union."""
    return float((one & other).sum() / max(1, (one | other).sum()))


@pytest.fixture(scope="module")
def original() -> dict[str, np.ndarray]:
    """What the original network, in float32, draws of the astronaut for a tap, and for that and an unwanted one.

    Every second place of its logits, and the qualities.
    """
    with np.load(Path(__file__).with_name("mobile_sam.npz")) as kept:
        return dict(kept)


@pytest.mark.parametrize(("name", "taps"), [("one", [(*FACE, True)]), ("several", [(*FACE, True), (*WALL, False)])])
def test_masks_are_those_of_the_original(original: dict[str, np.ndarray], name: str, taps: list) -> None:
    found = glanced(picture("astronaut")).under(taps)
    theirs = sorted(zip(original[name], original[f"{name}_quality"], strict=True), key=lambda each: (each[0] > 0).sum())
    assert len(found) == len(theirs)
    for ours, (logits, quality) in zip(found, theirs, strict=True):
        assert ours.quality == pytest.approx(quality, abs=0.005)
        # half a pixel of the still lies between what is compared: that shows at borders alone
        assert (ours.mask[::4, ::4] == (logits > 0)).mean() > 0.995


def disc(height: int, width: int, x: float, y: float) -> np.ndarray:
    """A mask of a disc around a place in shares."""
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (round(x * width), round(y * height)), round(0.2 * min(height, width)), 1, -1)
    return mask.astype(bool)


def painted(mask: np.ndarray) -> np.ndarray:
    """A still of an orange thing before a blue wall."""
    noise = np.random.default_rng(0).integers(-6, 7, (*mask.shape, 1))
    return (np.where(mask[..., None], (230, 120, 40), (60, 80, 130)) + noise).astype(np.uint8)


@pytest.mark.parametrize("size", [(3900, 5200), (1200, 500), (90, 160)])
def test_stills_of_any_size_and_shape(size: tuple[int, int]) -> None:
    thing = disc(*size, 0.6, 0.4)
    glance = glanced(painted(thing))
    mask = chosen(glance.under([(0.6, 0.4, True)])).mask
    assert mask.dtype == bool and overlap(mask, thing) > 0.93
    boxed = chosen(glance.under([], _box(thing))).mask
    assert overlap(boxed, thing) > 0.93


def _box(mask: np.ndarray) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = mask.shape
    return columns[0] / width, rows[0] / height, columns[-1] / width, rows[-1] / height


def test_taps_at_the_very_edges_are_answered() -> None:
    size = (360, 640)
    thing = disc(*size, 1.0, 0.5)
    glance = glanced(painted(thing))
    assert overlap(chosen(glance.under([(1.0, 0.5, True)])).mask, thing) > 0.9
    for corner in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        found = glance.under([(*corner, True)])
        assert found and all(each.reaches(*corner) and each.mask.any() for each in found)


def test_what_is_not_wanted_leaves_the_mask() -> None:
    size = (360, 640)
    one, other = disc(*size, 0.3, 0.5), disc(*size, 0.7, 0.5)
    glance = glanced(painted(one | other))
    both = chosen(glance.under([(0.3, 0.5, True), (0.7, 0.5, True)])).mask
    assert overlap(both, one | other) > 0.9
    alone = chosen(glance.under([(0.3, 0.5, True), (0.7, 0.5, False)])).mask
    assert overlap(alone, one) > 0.9


@pytest.mark.parametrize(
    ("name", "place"), [("heron", (0.5, 0.5)), ("otters", (0.5, 0.5)), ("cat", (0.5, 0.5)), ("astronaut", FACE)]
)
def test_a_tap_means_the_whole_animal_or_person(name: str, place: tuple[float, float]) -> None:
    still = picture(name)
    mask = chosen(glanced(still).under([(*place, True)])).mask
    # another network's idea of the subject; of the astronaut it includes the helmet beside her
    assert overlap(mask, subject_mask(still) > 0.5) > 0.7


def test_the_best_is_chosen_and_a_second_tap_means_something_larger() -> None:
    button, face, person = (Candidate(disc(90, 160, 0.5, 0.5), quality) for quality in (0.8, 0.97, 0.96))
    three = [button, face, person]
    assert [chosen(three, again) for again in range(4)] == [person, button, face, person]
    ragged = Candidate(person.mask, person.quality, firmness=0.8)
    assert chosen([button, face, ragged]) is face
    face_alone = [button, face, Candidate(person.mask, 0.7)]
    assert chosen(face_alone) is face and chosen(face_alone, 1) is face_alone[2]


def test_damaged_weights_are_one_sentence(tmp_path: Path) -> None:
    damaged = tmp_path / "mobile_sam.safetensors"
    damaged.write_bytes(WEIGHTS.read_bytes()[:1000])
    for path in (damaged, tmp_path / "nothing.safetensors"):
        with pytest.raises(ModelError, match=r"are damaged\. Get that file again"):
            open_tap(path)
