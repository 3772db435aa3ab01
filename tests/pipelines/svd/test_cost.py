"""The arithmetic of memory."""

from __future__ import annotations

import pytest
import torch

from pipelines.errors import OutOfMemory
from pipelines.request import MotionRequest
from pipelines.svd.cost import chunk_for, decode_bytes, sampling_bytes, small_size
from pipelines.svd.memory import decode_shortage, free_bytes, sampling_shortage

XT = MotionRequest(num_frames=25)


@pytest.mark.parametrize(
    ("gigabytes", "itemsize", "chunk"),
    [(80, 2, 25), (20, 2, 13), (80, 4, 25), (20, 4, 7), (12, 2, 7), (3, 2, 2), (0.1, 2, 1)],
)
def test_the_chunk_is_the_largest_that_fits_in_equal_parts(gigabytes: float, itemsize: int, chunk: int) -> None:
    assert chunk_for(XT, gigabytes * 1e9, itemsize) == chunk


def test_an_asked_for_chunk_is_kept() -> None:
    assert chunk_for(XT.model_copy(update={"decode_chunk_size": 8}), 0) == 8
    assert chunk_for(XT.model_copy(update={"decode_chunk_size": 99}), 0) == 25


def test_costs_follow_frames_pixels_and_guidance() -> None:
    """The counted figures for 14 frames, and for 320x576, follow from those for 25 frames of 1024x576."""
    fourteen = XT.model_copy(update={"num_frames": 14})
    small = fourteen.model_copy(update={"width": 576, "height": 320})
    assert sampling_bytes(XT) == pytest.approx(8.30e9)
    assert sampling_bytes(fourteen) == pytest.approx(4.67e9, rel=0.02)
    assert sampling_bytes(small) == pytest.approx(1.46e9, rel=0.02)
    assert sampling_bytes(XT.model_copy(update={"max_guidance_scale": 1.0})) == pytest.approx(4.15e9)
    assert decode_bytes(XT, 8) == pytest.approx(9.7e9, rel=0.02)
    assert decode_bytes(small, 4) == pytest.approx(1.5e9, rel=0.02)


def test_remedies_are_the_cheapest_there_are() -> None:
    gpu = torch.device("cuda")
    portrait = XT.model_copy(update={"width": 576, "height": 1024})
    assert small_size(portrait) == (320, 576)
    assert str(sampling_shortage(XT, gpu)) == (
        "Not enough GPU memory for 25 frames at 1024x576. A size of 576x320 needs 31% of it."
    )
    assert str(decode_shortage(portrait, gpu, 1)).endswith("A size of 320x576 needs 31% of it.")
    assert isinstance(decode_shortage(XT, gpu, 8), OutOfMemory)
    assert str(decode_shortage(XT, gpu, 8)).endswith("Set decode_chunk_size to 4.")


def test_free_memory_of_this_machine() -> None:
    assert free_bytes(torch.device("cpu")) > 0
