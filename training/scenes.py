"""Endless (still, motion) pairs with exact ground truth, from photographs.

A photo is the backdrop: a ground plane below its own horizon, busy regions above it nearer than plain ones. Its subject
and up to two cut-outs of other photos stand in front, where their feet touch the ground. A camera travels through it,
and some things move on their own. Only the still is painted; the motion is the target, so nothing needs filling in.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.pocket.grid import PIXELS_PER_CELL, cell_centres, half_width, latent_shape, widths_per_unit
from training.camera import Camera, draw_camera, draw_progress, draw_shake, poses, read_map
from training.objects import undo_motion
from training.photos import Photo

MOMENTS = 13
"""Moments of a training clip after its first frame: 14 frames, as the first release of SVD."""

FRAME_RATES = (6, 7, 8, 10, 12, 16, 24)

QUICKEST, SLOWEST = 0.16, 0.006
"""RMS displacement at the end of a clip in image widths: what the ends of the motion control stand for in 2 s."""

MOVING_SHARE = 0.3
"""Share of scenes in which things may move on their own: the rest is rigid, or buildings would learn to wobble."""


@dataclass(frozen=True)
class Scene:
    """`eyes` uint8 `[EYES, 8h, 8w]`; `rates [S, 2, h, w]` of unit RMS in canonical units is the true motion.

    `layers [3, S, 2, h / 2, w / 2]` is the same motion as `pipelines.pocket.layers` takes it apart. `travelled` is the
    mean displacement at the end of the clip in image widths; `seconds` is the clip's length.
    """

    eyes: Tensor
    rates: Tensor
    layers: Tensor
    travelled: float
    seconds: float


@dataclass(frozen=True)
class Layer:
    """A thing in front: `mask [H, W]` in [0, 1], and the inverse depth of the plane it is on."""

    mask: Tensor
    inverse_depth: float
    moves: bool


@dataclass(frozen=True)
class Stage:
    """A composed still `rgb [H, W, 3]` uint8 with what stands in it: things from far to near.

    `relief [H, W]` in [0, 1] raises the backdrop from the inverse depth `plain [H, W]` to `raised [H, W]`.
    """

    rgb: np.ndarray
    relief: Tensor
    plain: Tensor
    raised: Tensor
    things: list[Layer]

    @property
    def backdrop(self) -> Tensor:
        """Inverse depth of the backdrop, `[H, W]`."""
        return self.plain + self.relief * (self.raised - self.plain)


class SceneMaker:
    """Draws scenes from photos with Python's and torch's random state."""

    def __init__(self, photos: list[Photo]) -> None:
        self.photos = photos
        self.cut_outs = [photo for photo in photos if photo.is_cut_out]

    def draw(self, rows: int, columns: int) -> Scene:
        """A scene for a field of `rows` x `columns` cells."""
        stage = self._set_stage(rows * PIXELS_PER_CELL, columns * PIXELS_PER_CELL)
        seconds = MOMENTS / random.choice(FRAME_RATES)
        focus = stage.things[-1].inverse_depth if stage.things else float(stage.backdrop.median())
        wanted = SLOWEST * (QUICKEST / SLOWEST) ** random.random()
        camera = _scaled_to(draw_camera(focus), stage, (rows, columns), wanted)
        rates, layers = _film(stage, camera, (rows, columns), seconds)
        strength = rates.square().sum(1).mean().sqrt().clamp(min=1e-4)
        travelled = float(rates.norm(dim=1).mean()) * widths_per_unit(rows, columns)
        return Scene(_eyes(stage), rates / strength, _bounded(layers / strength), travelled, seconds)

    def _set_stage(self, height: int, width: int) -> Stage:
        photo = random.choice(self.photos)
        rgb, mask, relief, horizon = _draw_crop(photo, height, width)
        ground = _Ground.draw(horizon)
        plain, raised = ground.surfaces(height, width)
        can_move = random.random() < MOVING_SHARE
        things: list[tuple[Tensor, float]] = []
        if float(mask.mean()) > 0.02 and float(mask.max()) > 0.6 and random.random() < 0.9:
            things.append((mask, ground.at(_foot(mask))))
        for _ in range(random.choice([0, 0, 0, 1, 1, 2]) if self.cut_outs else 0):
            rgb, placed = _paste(rgb, random.choice(self.cut_outs))
            if placed is not None:
                things = [(other * (1 - placed), depth) for other, depth in things]
                things.append((placed, ground.at(_foot(placed))))
        layers = [Layer(m, d + random.uniform(0.04, 0.3), can_move and random.random() < 0.6) for m, d in things]
        return Stage(rgb, relief, plain, raised, sorted(layers, key=lambda layer: layer.inverse_depth))


def _film(stage: Stage, camera: Camera, shape: tuple[int, int], seconds: float) -> tuple[Tensor, Tensor]:
    """The true rates `[S, 2, h, w]` of a filmed stage, and the layers they are made of `[3, S, 2, h / 2, w / 2]`."""
    tau, a, few = torch.arange(1, MOMENTS + 1) / MOMENTS, half_width(*shape), latent_shape(*shape)
    cells, places = cell_centres(*shape).flatten(0, 1), cell_centres(*few).flatten(0, 1)
    path = poses(camera, draw_progress(tau), draw_shake(tau, seconds))
    found = path.relief_back(cells, stage.backdrop, a)
    far, near = (path.relief_back(places, surface, a) for surface in (stage.plain, stage.raised))
    shifts = []
    for thing in stage.things:
        source = path.plane_back(torch.cat([cells, places]), thing.inverse_depth)
        if thing.moves:
            source = undo_motion(source, thing.mask, a, (tau, seconds))
        fine, coarse = source.split([len(cells), len(places)], dim=1)
        covered = read_map(_soften(thing.mask, PIXELS_PER_CELL + 1), fine, a)[..., None]
        found = found * (1 - covered) + fine * covered
        shifts.append(coarse - far)
    shift = _blend(shifts, [thing.mask for thing in stage.things], few) if shifts else torch.zeros_like(far)
    layers = torch.stack([_rates(far - places, tau, few), _rates(near - far, tau, few), _rates(shift, tau, few)])
    return _rates(found - cells, tau, shape), layers


def _bounded(layers: Tensor) -> Tensor:
    """Layers `[3, S, 2, h, w]`, none of which moves `WILDEST` times as far as the whole scene."""
    rms = layers.square().sum(2).mean((1, 2, 3)).sqrt()
    return layers * (WILDEST / rms.clamp(min=WILDEST))[:, None, None, None, None]


WILDEST = 3.0
"""A small thing that runs through a still scene would else be all that training minds."""


def _rates(moved: Tensor, tau: Tensor, shape: tuple[int, int]) -> Tensor:
    """Displacements `[S, N, 2]` as average velocities `[S, 2, h, w]`."""
    return (moved / tau[:, None, None]).clamp(-2, 2).mT.unflatten(-1, shape)


def _blend(shifts: list[Tensor], masks: list[Tensor], shape: tuple[int, int]) -> Tensor:
    """One smooth shift `[S, N, 2]` that is each thing's own where the thing is, and passes over in between."""
    reach = masks[0].shape[0] / 6
    near = [cv2.resize(cv2.GaussianBlur(mask.numpy(), (0, 0), reach), shape[::-1]) + OUTSIDE for mask in masks]
    weights = torch.from_numpy(np.stack(near)).flatten(1)
    weights = weights / weights.sum(0)
    return torch.einsum("isnc,in->snc", torch.stack(shifts), weights)


OUTSIDE = 1e-3
"""Weight of a thing where none is near: all count the same there."""


@dataclass(frozen=True)
class _Ground:
    """A ground plane below the horizon (as a share of the height), and a far backdrop above it."""

    horizon: float
    far: float
    slope: float
    relief: float

    @staticmethod
    def draw(horizon: float) -> _Ground:
        slope = random.uniform(0.15, 0.6) if random.random() < 0.75 else 0.0
        return _Ground(horizon, random.uniform(0.02, 0.12), slope, random.uniform(0.0, 0.15))

    def at(self, height: float) -> float:
        """Inverse depth of the ground at a height of the picture (0 top, 1 bottom)."""
        return self.far + self.slope * max(0.0, height - self.horizon) * 2

    def surfaces(self, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Inverse depth over the picture of what is plain and of what stands before the sky, each `[H, W]`."""
        row = (torch.arange(height) + 0.5) / height
        plane = self.far + self.slope * (row - self.horizon).clamp(min=0)[:, None] * 2
        rolling = F.interpolate(torch.randn(1, 1, 3, 5), (height, width), mode="bicubic")[0, 0]
        plain = plane + self.far * rolling * random.uniform(0, 0.2)
        return plain.clamp(min=NEVER_BEHIND), (plain + self.relief).clamp(min=NEVER_BEHIND)


NEVER_BEHIND = 0.005
"""Least inverse depth: the sky is far, not behind the camera."""


def _scaled_to(camera: Camera, stage: Stage, shape: tuple[int, int], wanted: float) -> Camera:
    """The camera with its path scaled so that the last frame is displaced by about `wanted` image widths."""
    cells, a = cell_centres(*shape).flatten(0, 1), half_width(*shape)
    end = poses(camera, torch.ones(1), torch.zeros(1, 3)).relief_back(cells, stage.backdrop, a)
    moved = (end - cells).square().sum(-1).mean().sqrt() * widths_per_unit(*shape)
    return camera.scaled(min(wanted / max(float(moved), 1e-4), 4.0))


def _draw_crop(photo: Photo, height: int, width: int) -> tuple[np.ndarray, Tensor, Tensor, float]:
    """A random part of a photo at this size: rgb, mask, relief, and where its horizon is."""
    full_height, full_width = photo.mask.shape
    tall = min(full_height, full_width * height / width) * random.uniform(0.7, 1.0)
    h, w = int(tall), int(tall * width / height)
    y, x = random.randint(0, full_height - h), random.randint(0, full_width - w)
    flip = random.random() < 0.5

    def cut(plane: np.ndarray) -> np.ndarray:
        part = cv2.resize(plane[y : y + h, x : x + w], (width, height), interpolation=cv2.INTER_AREA)
        return part[:, ::-1] if flip else part

    gain, lift = random.uniform(0.75, 1.2), random.uniform(-20, 20)
    rgb = np.clip(cut(photo.rgb) * gain + lift, 0, 255).astype(np.uint8)
    mask, relief = (torch.from_numpy(cut(plane).astype(np.float32) / 255) for plane in (photo.mask, photo.relief))
    return rgb, mask, relief, (photo.horizon * full_height - y) / h


def _paste(rgb: np.ndarray, photo: Photo) -> tuple[np.ndarray, Tensor | None]:
    """A cut-out set into the picture: the new picture and the cut-out's mask, None where it fell outside."""
    rows, columns = np.nonzero(photo.mask > 100)
    box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    height, width = rgb.shape[:2]
    aspect = photo.mask[box].shape[1] / photo.mask[box].shape[0]
    h = int(min(random.uniform(0.25, 0.9) * height, 0.8 * width / aspect))
    w = int(h * aspect)
    if min(h, w) < SMALLEST_CUT_OUT:
        return rgb, None
    size = cv2.resize(photo.mask[box], (w, h), interpolation=cv2.INTER_AREA), cv2.resize(photo.rgb[box], (w, h))
    mask, paint = (plane[:, ::-1] for plane in size) if random.random() < 0.5 else size
    top, left = random.randint(-h // 10, height - int(0.6 * h)), random.randint(int(-0.3 * w), width - int(0.7 * w))
    to = np.s_[max(top, 0) : min(top + h, height), max(left, 0) : min(left + w, width)]
    part = np.s_[
        max(-top, 0) : max(-top, 0) + to[0].stop - to[0].start, max(-left, 0) : max(-left, 0) + to[1].stop - to[1].start
    ]
    placed = np.zeros((height, width), np.float32)
    placed[to] = mask[part].astype(np.float32) / 255
    canvas = np.zeros_like(rgb)
    canvas[to] = paint[part]
    share = placed[..., None]
    return (rgb * (1 - share) + canvas * share).astype(np.uint8), torch.from_numpy(placed)


SMALLEST_CUT_OUT = 16
"""Pixels: two cells; smaller things vanish in the field."""


def _foot(mask: Tensor) -> float:
    """Where a thing touches the ground: its lowest sure row as a share of the height."""
    rows = torch.nonzero((mask > 0.5).any(1))
    return float(rows.max() + 1) / len(mask) if len(rows) else 0.5


def _eyes(stage: Stage) -> Tensor:
    """The still, the mask of everything in front (softened as the subject network's masks are) and the relief."""
    mask = torch.zeros(stage.rgb.shape[:2])
    for thing in stage.things:
        mask = torch.maximum(mask, thing.mask)
    rgb = torch.from_numpy(np.ascontiguousarray(stage.rgb)).permute(2, 0, 1)
    outlines = torch.stack([_soften(mask, 5), stage.relief])
    return torch.cat([rgb, (outlines * 255).round().to(torch.uint8)])


def _soften(mask: Tensor, side: int) -> Tensor:
    """A mask `[H, W]` averaged over squares of `side` pixels, an odd number."""
    return F.avg_pool2d(mask[None, None], side, stride=1, padding=side // 2, count_include_pad=False)[0, 0]
