"""Which card of a picture each pixel is on: sky, ground, what stands at which distance, the subject."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.eyes.guided import Guide
from pipelines.eyes.seen import Sight

Floats = NDArray[np.float32]

Mask = NDArray[np.bool_]

SKY_LEAST, STANDING_LEAST, SUBJECT_LEAST = 0.01, 0.02, 0.004
"""Shares of the picture below which something is no card of its own."""

SUBJECT_MOST = 0.7
"""Of the picture: a subject larger than this is the whole picture."""

MOST_STANDING = 4
"""Cards of what stands, beside the subject: each costs time in every frame."""

SURE, UNSURE, ENOUGH_SURENESS = 0.8, 0.2, 0.6
"""Mask values, and the share of the mask that must be sure for the subject to be cut out: half-sure ones are ghosts."""

LEVELS = np.array([2.0, 4.5, 7.0])
"""Distance codes at which what stands is cut, where there is a gap in the picture nearby."""

GAP_REACH = 1.0
"""Codes by which a cut may move to where fewest things stand."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Masks bool `[H, W]` that do not overlap and cover the picture; the standing ones from far to near.

    `edges` bool `[H, W]` is where the picture shows an outline: elsewhere parts melt into one another.
    """

    sky: Mask | None
    ground: Mask
    standing: tuple[Mask, ...]
    subject: Mask | None
    edges: Mask


def parts_of(rgb: NDArray[np.uint8], sight: Sight) -> Parts:
    """The parts of a still uint8 `[H, W, 3]`."""
    subject, edges = _subject(rgb, sight.subject), _edges(rgb)
    sky = _sky(sight, edges, subject)
    if subject is not None:
        sky &= ~subject
    far = sky if sky.mean() >= SKY_LEAST else None
    rest = np.ones_like(sky)
    for taken in (far, subject):
        if taken is not None:
            rest &= ~taken
    ground, standing = _without_slivers(rest, _standing(sight, rest, edges))
    return Parts(far, ground, tuple(standing), subject, edges)


def _without_slivers(rest: Mask, standing: list[Mask]) -> tuple[Mask, list[Mask]]:
    """Ground and standing parts; small pieces of ground between go to the standing part that is nearest."""
    upright = np.any(standing, 0) if standing else np.zeros_like(rest)
    ground = _large(rest & ~upright, GROUND_LEAST)
    slivers = rest & ~upright & ~ground
    if not standing or not slivers.any():
        return rest & ~upright, standing
    parts = [*standing, ground]
    numbers = np.zeros(rest.shape, np.int32)
    for number, part in enumerate(parts, start=1):
        numbers[part] = number
    _, nearest = cv2.distanceTransformWithLabels(
        (numbers == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(int(nearest.max()) + 1, np.int32)
    of_label[nearest[numbers > 0]] = numbers[numbers > 0]
    numbers = np.where(slivers, of_label[nearest], numbers)
    *standing, ground = (numbers == number for number in range(1, len(parts) + 1))
    return ground, standing


GROUND_LEAST = 0.02
"""Share of the picture below which a piece of ground belongs to what stands on it."""


def _sky(sight: Sight, edges: Mask, subject: Mask | None) -> Mask:
    """What is sky and reaches the upper edge, where the picture shows an outline against it."""
    # rock and snow are full of edges, clouds have hardly any: what the eyes take for cloud on a peak is none
    thin = cv2.erode(edges.astype(np.uint8), SPREAD).astype(np.float32)
    rough = cv2.blur(thin, (ROUGH_REACH, ROUGH_REACH)) > ROUGH
    share = sight.share_of("sky", "cloud")
    likely = share > 0.5
    found = _smooth(_with_what_it_encloses(_up_to_edges(likely & ~rough, likely, thin > 0), likely))
    _, labels = cv2.connectedComponents(found.astype(np.uint8))
    top = np.unique(labels[: max(1, round(TOP * len(labels)))])
    sky = np.isin(labels, top[top > 0])
    if not sky.any():
        return sky
    sureness = float(share[sky].mean())
    return np.asarray(sky if _is_skyline(_border(sky), edges, subject, sureness) else np.zeros_like(sky), np.bool_)


def _up_to_edges(core: Mask, likely: Mask, edges: Mask) -> Mask:
    """What is smooth, and what lies between it and the edges that made its rim look rough."""
    grown, open_places = core.astype(np.uint8), (likely & ~edges) | core
    for _ in range(ROUGH_REACH // 2):
        grown = cv2.dilate(grown, CROSS) & open_places.astype(np.uint8)
    # an edge is as wide as the blur that found it: half of it is the sky's
    return np.asarray((cv2.dilate(grown, CROSS, iterations=EDGE_HALF) > 0) & likely, np.bool_)


def _with_what_it_encloses(sky: Mask, likely: Mask) -> Mask:
    """Rough clouds in the midst of a sky are its own; a rough peak that the eyes took for cloud borders on rock."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((likely & ~sky).astype(np.uint8))
    found = sky.copy()
    for number in range(1, count):
        left, top, width, height = (int(each) for each in stats[number, :4])
        part = slice(max(0, top - 2), top + height + 2), slice(max(0, left - 2), left + width + 2)
        mine = labels[part] == number
        ring = (cv2.dilate(mine.astype(np.uint8), SPREAD) > 0) & ~mine
        if ring.any() and float(sky[part][ring].mean()) > ENCLOSED:
            found[part] |= mine
    return found


ENCLOSED = 0.85
"""Share of what is around a place from which it is enclosed."""

BESIDE = np.ones((17, 17), np.uint8)
"""Around a subject: its own outline lies within."""

CROSS, EDGE_HALF = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), 2

SPREAD = np.ones((5, 5), np.uint8)
"""Edges are told with so many pixels around them; so many are taken away again."""

ROUGH_REACH, ROUGH = 21, 0.25
"""Pixels around a place, and the share of them that are edges from which the place is rough."""

TOP = 0.02
"""Share of the height: what begins below it is no sky, but a pale wall or an eye."""


def _edges(rgb: NDArray[np.uint8]) -> Mask:
    """Where the picture shows an outline."""
    grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0, 0), 1.0).astype(np.float32)
    steep = np.hypot(cv2.Scharr(grey, cv2.CV_32F, 1, 0), cv2.Scharr(grey, cv2.CV_32F, 0, 1)) / 32
    return np.asarray(cv2.dilate((steep > LEAST_EDGE).astype(np.uint8), np.ones((5, 5))) > 0, np.bool_)


LEAST_EDGE = 5.0
"""Grey levels a pixel."""

LEAST_OUTLINE = 0.35
"""Share of a part's border on which the picture must show an outline: what has none is no thing that stands apart."""


def _is_outlined(mask: Mask, edges: Mask) -> bool:
    border = _border(mask)
    return not border.any() or float(edges[border].mean()) >= LEAST_OUTLINE


def _border(mask: Mask) -> Mask:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    return np.asarray(mask & ~inner, np.bool_)


def _is_skyline(border: Mask, edges: Mask, subject: Mask | None, sureness: float) -> bool:
    """Whether a border looks like that of a sky: there are edges on it, and where the eyes are less than sure also away
    from the subject, which has an outline whatever it stands before."""
    if not border.any() or float(edges[border].mean()) < LEAST_SKYLINE:
        return not border.any()
    apart = border if subject is None else border & ~(cv2.dilate(subject.astype(np.uint8), BESIDE) > 0)
    return sureness > SURE_OF_SKY or not apart.any() or float(edges[apart].mean()) >= SURE_SKYLINE


LEAST_SKYLINE, SURE_SKYLINE, SURE_OF_SKY = 0.5, 0.65, 0.88
"""Shares of a sky's border that must be edges, at all and where the eyes give it less than the last share."""


def _subject(rgb: NDArray[np.uint8], mask: Floats) -> Mask | None:
    """The subject's outline on the edges of the still; None where there is none, or half of one."""
    sureness = float((mask > SURE).sum() / max(float((mask > UNSURE).sum()), 1.0))
    if sureness < ENOUGH_SURENESS:
        return None
    sharp = Guide(rgb, max(rgb.shape), SUBJECT_RADIUS, SUBJECT_SMOOTHEST).sharpened(mask)
    found = _smooth(_large(sharp > 0.5, SUBJECT_LEAST))
    return found if SUBJECT_LEAST < found.mean() < SUBJECT_MOST else None


SUBJECT_RADIUS, SUBJECT_SMOOTHEST = 1 / 100, 1e-4
"""Of the guided filter on the subject's mask: it is off by a place of its network, a hundredth of the picture."""


def _standing(sight: Sight, rest: Mask, edges: Mask) -> list[Mask]:
    """What stands on the ground, in pieces of one distance each, from far to near."""
    upright = rest & (sight.share_of("ground", "water", "flow") < 0.5)
    code = code_of(sight.nearness)
    cuts = [_least_crowded(code[upright], level) for level in LEVELS] if upright.any() else []
    pieces: list[Mask] = []
    for band in np.unique(np.digitize(code[upright], cuts)):
        level = _smooth(upright & (np.digitize(code, cuts) == band)) & rest
        labels, large = _pieces(level, STANDING_LEAST)
        pieces += [piece for piece in (labels == i for i in large) if _is_outlined(piece, edges)]
    pieces = sorted(pieces, key=lambda mask: -int(mask.sum()))[:MOST_STANDING]
    return sorted(pieces, key=lambda mask: -float(np.median(code[mask])))


def code_of(nearness: Floats) -> Floats:
    """An even scale of distance: the natural logarithm of metres, 7 for a kilometre, at most `FARTHEST_CODE`."""
    return np.asarray(-np.log(np.maximum(nearness, np.exp(-FARTHEST_CODE))), np.float32)


FARTHEST_CODE = 9.0


def _least_crowded(codes: Floats, level: float) -> float:
    edges = np.linspace(level - GAP_REACH, level + GAP_REACH, 13)
    counts, _ = np.histogram(codes, edges)
    return float(edges[:-1][np.argmin(np.convolve(counts, np.ones(3), "same"))] + (edges[1] - edges[0]) / 2)


def _smooth(mask: Mask) -> Mask:
    """Without specks and small holes, its outline as smooth as a few pixels."""
    kernel = np.ones((3, 3), np.uint8)
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, kernel) > 0
    return ~_large(~_large(closed, SPECK), SPECK)


SPECK = 0.001
"""Share of the picture below which a part or a hole of a mask is noise."""


def _large(mask: Mask, least: float) -> Mask:
    """The connected parts that cover at least this share of the picture."""
    return np.asarray(np.isin(*_pieces(mask, least)), np.bool_)


def _pieces(mask: Mask, least: float) -> tuple[NDArray[np.int32], list[int]]:
    """The number of the connected part at each place, and the numbers of those that are at least so large."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    large = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= least * mask.size]
    return np.asarray(labels, np.int32), large
