"""What moves by itself: only where it may, from rest, and for as long as the clip lasts."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from pipelines.eyes.materials import MATERIALS
from pipelines.eyes.seen import Sight
from pipelines.families.pocket.ambient import COLUMNS, STREAM_S, Ambient
from pipelines.families.pocket.happening import ACTS, CHANNELS, Happening
from pipelines.families.pocket.stirring import ambient_of

SECONDS = 3.5


def happening_of(**lengths: float) -> Happening:
    """The same everywhere; what goes somewhere goes to the right."""
    fields = np.zeros((CHANNELS, 12, 20), np.float32)
    for act, length in lengths.items():
        index = ACTS.index(act)
        fields[2 * index if index < 2 else index + 2] = length
    return Happening(fields)


def all_of(sight: Sight, material: str) -> Sight:
    """The same picture, made of one material."""
    materials = np.zeros_like(sight.materials)
    materials[MATERIALS.index(material)] = 1
    return dataclasses.replace(sight, materials=materials)


def ambient(sight: Sight, happening: Happening, vigour: float = 1.0, seed: int = 1) -> Ambient:
    near = np.full((10, 16), 0.7, np.float32)
    return ambient_of(sight, happening, near, vigour, (seed, SECONDS))


@pytest.mark.parametrize(("material", "act"), [("water", "ripple"), ("plant", "sway")])
def test_it_begins_at_rest_and_comes_and_goes(sight: Sight, material: str, act: str) -> None:
    moving = ambient(all_of(sight, material), happening_of(**{act: 1.0}))
    assert not moving.wobble(0.0).any()
    found = [np.abs(moving.wobble(t)).max() * 1024 for t in (0.01, 0.5, 1.5, 3.0)]
    assert found[0] < 0.1
    assert all(0.5 < pixels < 20 for pixels in found[1:])


def test_what_is_rigid_stands_still(sight: Sight) -> None:
    everything = happening_of(flow=1, drift=1, ripple=1, sway=1, breathe=1)
    for material in ("solid", "ground"):
        standing = ambient(all_of(sight, material), everything)
        assert not standing.wobble(2.0).any()
        assert not standing.has_stream


@pytest.mark.parametrize(("material", "act"), [("cloud", "drift"), ("flow", "flow"), ("mist", "drift")])
def test_what_streams_goes_where_it_is_drawn_and_never_stops(sight: Sight, material: str, act: str) -> None:
    moving = ambient(all_of(sight, material), happening_of(**{act: 1.0}))
    assert moving.has_stream
    assert moving.stream[0].min() > 0
    assert np.abs(moving.stream[1]).max() == 0
    # the copies never lie farther from the still than half a round, and the one that jumps is not seen
    phases = [moving.phase(t) for t in np.arange(0, 20, 1 / 24)]
    assert phases[0] == (0.0, pytest.approx(-STREAM_S / 2), 0.0)
    assert max(abs(place) for first, second, _ in phases for place in (first, second)) <= STREAM_S / 2 + 1e-9
    for (first, second, share), (later, later_second, later_share) in itertools.pairwise(phases):
        if later < first:
            assert share > 0.9
            assert later_share > 0.9
        if later_second < second:
            assert share < 0.1
            assert later_share < 0.1


@pytest.mark.parametrize(("material", "axis"), [("flow", 1), ("cloud", 0), ("mist", 0)])
def test_water_falls_and_the_wind_blows_where_nothing_was_drawn(sight: Sight, material: str, axis: int) -> None:
    moving = ambient(all_of(sight, material), happening_of())
    assert moving.has_stream
    assert np.abs(moving.stream[axis]).min() > 0
    assert not moving.stream[1 - axis].any()
    if material == "flow":
        assert moving.stream[1].min() > 0


def test_clear_sky_does_not_drift(sight: Sight) -> None:
    assert not ambient(all_of(sight, "sky"), happening_of(drift=1)).has_stream


def test_more_vigour_is_more_of_the_same(sight: Sight) -> None:
    water = all_of(sight, "water")
    calm, lively = (ambient(water, happening_of(ripple=1.0), vigour) for vigour in (0.5, 1.0))
    assert np.allclose(2 * calm.wobble(1.0), lively.wobble(1.0), atol=1e-6)


def test_another_seed_is_another_wave(sight: Sight) -> None:
    water = all_of(sight, "water")
    one, same, other = (ambient(water, happening_of(ripple=1.0), seed=seed).wobble(1.0) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.allclose(one, other, atol=0.2 / COLUMNS / 10)


def test_lights_flicker_around_their_own_brightness(sight: Sight) -> None:
    lights = ambient(all_of(sight, "solid"), happening_of(flicker=1.0))
    assert lights.has_lights
    assert np.all(lights.gain(0.0) == 1)
    gains = [float(lights.gain(t).mean()) for t in np.arange(0.5, 3.5, 0.05)]
    assert 0.6 < min(gains) < 1 < max(gains) < 1.4
