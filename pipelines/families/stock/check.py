"""Whether a pipeline can follow a request. Knows no torch: the page asks before anything is loaded."""

from __future__ import annotations

from pipelines.errors import RequestError
from pipelines.families.stock.capabilities import Capabilities
from pipelines.request import SIZE_STEP, MotionRequest

SAME_SHAPE = 0.05
"""Share by which two shapes may differ where the frames are scaled to another size: what is cut off is not missed."""


def check(can: Capabilities, request: MotionRequest) -> None:
    """Raises `RequestError` with the cure where a size or a length cannot be made."""
    if request.num_frames > can.longest:
        raise RequestError(
            f"This model makes at most {can.longest} frames, not {request.num_frames}.",
            f"Set num_frames to {can.longest} or less, and raise interpolation for more frames in between.",
        )
    if request.direction.stills:
        _check_end(can, request)
    if can.size is not None:
        _check_shape(can.size, request)
    elif can.takes_size and (request.width % can.size_step or request.height % can.size_step):
        width, height = (_near(side, can.size_step) for side in (request.width, request.height))
        raise RequestError(
            f"This model's width and height are multiples of {can.size_step}; {request.width}x{request.height} is not.",
            f"Choose {width}x{height}.",
        )


def _check_end(can: Capabilities, request: MotionRequest) -> None:
    """Whether the clip can go from its still to the one that it is to end with."""
    if not can.takes_last_still:
        raise RequestError("This model knows the first still alone.", "Take the further stills out.")
    if [still.t for still in request.direction.stills] != [1]:
        raise RequestError("This model goes from one still to one other, at the end.", "Take out those on the way.")
    made = can.frames.asked(request.num_frames) - can.frames.lost
    if made != request.num_frames:
        raise RequestError(
            f"Of {request.num_frames} frames the last still would be cut off: this model makes {made}.",
            f"Set num_frames to {made}.",
        )


def _check_shape(size: tuple[int, int], request: MotionRequest) -> None:
    shape, asked = size[0] / size[1], request.width / request.height
    if abs(asked / shape - 1) <= SAME_SHAPE:
        return
    width, height = scaled_size(size)
    raise RequestError(
        f"This model makes {size[0]}x{size[1]} alone, which is of another shape than {request.width}x{request.height}.",
        f"Choose {width}x{height}: it is scaled to that.",
    )


def scaled_size(size: tuple[int, int]) -> tuple[int, int]:
    """The least size above `size` that a request may have and that is of its shape."""
    width, height = (-(-side // SIZE_STEP) * SIZE_STEP for side in size)
    for wide in range(width, 2 * width, SIZE_STEP):
        tall = _near(wide * size[1] / size[0], SIZE_STEP)
        if abs(wide / tall / (size[0] / size[1]) - 1) <= SAME_SHAPE / 2:
            return wide, tall
    return width, height


def _near(side: float, step: int) -> int:
    return max(1, round(side / step)) * step
