"""Which places of a picture move by themselves: what was drawn to happen, where the materials allow it."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.eyes.materials import MATERIALS
from pipelines.eyes.seen import Sight
from pipelines.families.pocket.ambient import COLUMNS, Ambient
from pipelines.families.pocket.amplitude import eased
from pipelines.families.pocket.happening import Floats, Happening

DRIFT_SPEED, FLOW_SPEED = 0.010, 0.030
"""Image widths a second of what drifts and flows at a strength of 1."""

RIPPLE, SWAY, BREATH = 0.0022, 0.0034, 0.0030
"""Image widths of the largest usual displacement."""

FLICKER = 0.16
"""Share of its brightness by which a light changes."""

LEAST_RIPPLE, LEAST_SWAY, LEAST_BREATH = 0.35, 0.25, 0.5
"""Strengths that water, plants and what lives have at least."""

LEAST_WIND, LEAST_FLOW = 0.4, 0.55
"""Strengths of the wind that drives clouds and mist, and of the fall of running water, where nothing else was drawn."""

SURELY_DRAWN = 0.15
"""Length from which a drawn direction counts; below it the wind and the fall of water do."""

HAIR = 0.4
"""Share of a plant's swaying that hair and cloth do."""

FARTHEST_SHARE = 0.25
"""Of what the nearest does, what the farthest does."""

SEED_STREAM = 2
"""Beside the seed: see `pipelines.families.pocket.camera.CAMERA_STREAM`."""


def ambient_of(sight: Sight, happening: Happening, nearness: Floats, vigour: float, how: tuple[int, float]) -> Ambient:
    """What moves by itself in a picture. `nearness [h, w]` of its cards; `how` is the seed and the clip's seconds."""
    seed, seconds = how
    rng = np.random.default_rng([seed, SEED_STREAM])
    height, width = sight.subject.shape
    size = (COLUMNS, max(2, round(COLUMNS * height / width)))
    is_of = {name: _small(sight.share_of(name), size) for name in MATERIALS}
    near, subject = _small(nearness, size), _small(sight.subject, size)
    drawn = {act: _small(happening.strength(act), size) for act in ("ripple", "sway", "breathe", "flicker")}
    drift, flow = (np.stack([_small(part, size) for part in happening.velocity(act)]) for act in ("drift", "flow"))
    wind, fall = np.array([rng.choice([-1.0, 1.0]), 0.0]) * LEAST_WIND, np.array([0.0, 1.0]) * LEAST_FLOW
    size_of = (FARTHEST_SHARE + (1 - FARTHEST_SHARE) * near) * np.float32(vigour)
    airy, running = _gate(is_of["cloud"] + is_of["mist"]), _gate(is_of["flow"])
    stream = _or_else(drift, wind) * DRIFT_SPEED * airy * vigour + _or_else(flow, fall) * FLOW_SPEED * running * size_of
    ripple = np.maximum(drawn["ripple"], LEAST_RIPPLE) * _gate(is_of["water"] + 0.5 * is_of["flow"])
    plants = np.maximum(drawn["sway"], LEAST_SWAY) * _gate(is_of["plant"])
    sway = plants + HAIR * drawn["sway"] * _gate(is_of["living"])
    breath = np.maximum(drawn["breathe"], LEAST_BREATH) * _gate(is_of["living"] * subject)
    inside = np.flatnonzero((subject > 0.5).any(1))
    return Ambient(
        stream=np.asarray(stream, np.float32),
        ripple=np.asarray(RIPPLE * ripple * size_of, np.float32),
        sway=np.asarray(SWAY * sway * size_of, np.float32),
        breath=np.asarray(BREATH * breath * vigour, np.float32),
        bend=np.zeros((2, size[1], size[0]), np.float32),
        lights=np.asarray(FLICKER * np.clip(drawn["flicker"], 0, 1.5) * min(vigour, 1.5), np.float32),
        nearness=near,
        foot=float((inside[-1] + 1) / COLUMNS) if len(inside) else size[1] / COLUMNS,
        phases=rng.uniform(0, 2 * np.pi, 8),
        seconds=seconds,
    )


def _or_else(velocity: Floats, other: np.ndarray) -> Floats:
    """A drawn velocity `[2, h, w]`, and the other one `[2]` where hardly any was drawn."""
    share = np.clip(np.hypot(*velocity) / SURELY_DRAWN, 0, 1)
    return np.asarray(velocity * share + other[:, None, None] * (1 - share), np.float32)


def _gate(share: Floats) -> Floats:
    """0 where a material is doubtful, 1 where it is sure."""
    rising = np.clip((share - 0.35) / 0.35, 0, 1)
    return np.asarray(cv2.GaussianBlur(eased(rising), (0, 0), 1.2), np.float32)


def _small(values: Floats, size: tuple[int, int]) -> Floats:
    how = cv2.INTER_AREA if values.shape[1] > size[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(values, np.float32), size, interpolation=how), np.float32)
