"""Motions whose bounds are known without a model."""

from __future__ import annotations

import numpy as np

from pipelines.pocket.layers import Floats
from pipelines.pocket.motion import FIELD_WIDTH, LayeredMotion, Motion

ROWS = FIELD_WIDTH * 9 // 16


def steady(field: Floats, frames: int = 25) -> Motion:
    """A clip in which the displacement `field [2, h, w]` grows evenly up to the last frame."""
    profiles = np.arange(1, frames, dtype=np.float32)[:, None] / (frames - 1)
    return Motion(field[None].astype(np.float32), profiles)


def places() -> tuple[Floats, Floats]:
    """x and y of each pixel from the middle of a 16:9 field, in image widths."""
    x = (np.arange(FIELD_WIDTH, dtype=np.float32) + 0.5) / FIELD_WIDTH - 0.5
    y = (np.arange(ROWS, dtype=np.float32) + 0.5 - ROWS / 2) / FIELD_WIDTH
    across, down = np.meshgrid(x, y)
    return across, down


def pan(far: float) -> Motion:
    """The camera turns right: every source lies `far` image widths further right by the last frame."""
    x, y = places()
    return steady(np.stack([np.full_like(x, far), np.zeros_like(y)]))


def zoom(growth: float) -> Motion:
    """Sources move away from the middle by this share: above 0 the camera backs off, below 0 it comes nearer."""
    x, y = places()
    return steady(np.stack([x * growth, y * growth]))


def swirl(strength: float, radius: float = 0.08) -> Motion:
    """A whirl in the middle that folds when it is strong."""
    x, y = places()
    turn = strength * np.exp(-(x**2 + y**2) / (2 * radius**2))
    return steady(np.stack([-y * turn, x * turn]))


def ripples(height: float, waves: int = 6) -> Motion:
    """A standing wave, about as fine as a latent can hold."""
    x, _ = places()
    return steady(np.stack([height * np.sin(2 * np.pi * waves * x), np.zeros_like(x)]))


def swaying(far: float, growth: float = 0.0, frames: int = 25) -> Motion:
    """A pan to the right, back and to the left, while the camera comes nearer or backs off."""
    tau = np.arange(1, frames, dtype=np.float32) / (frames - 1)
    components = np.concatenate([pan(far).components, zoom(growth).components])
    return Motion(components, np.stack([np.sin(2 * np.pi * tau), tau], 1))


def backdrop_of(motion: Motion) -> LayeredMotion:
    """The motion as that of a still without subject or relief."""
    nothing = np.zeros((ROWS, FIELD_WIDTH), np.float32)
    still = np.zeros_like(motion.components)
    return LayeredMotion(np.stack([motion.components, still, still]), nothing, nothing, motion.profiles)


def block() -> Floats:
    """The mask of a subject in the middle, `[ROWS, FIELD_WIDTH]`."""
    x, y = places()
    return ((np.abs(x) < 0.1) & (np.abs(y) < 0.15)).astype(np.float32)


def parallax(far: float) -> LayeredMotion:
    """A subject that moves `far` image widths against a backdrop at rest."""
    subject_shift, still = pan(far).components, np.zeros_like(pan(far).components)
    relief = np.zeros((ROWS, FIELD_WIDTH), np.float32)
    return LayeredMotion(np.stack([still, still, subject_shift]), relief, block(), pan(far).profiles)


def passing(share: float) -> LayeredMotion:
    """A pan to the right in which a subject is displaced by a `share` more than its backdrop."""
    far, nothing = pan(0.1).components, np.zeros((ROWS, FIELD_WIDTH), np.float32)
    return LayeredMotion(np.stack([far, 0 * far, share * far]), nothing, block(), pan(0.1).profiles)
