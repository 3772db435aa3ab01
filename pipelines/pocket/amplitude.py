"""How far things move: the one formula between the motion control and a displacement.

`speed = SPEED_AT_127 * (motion_bucket_id / 127) ** STEEPNESS`, the mean displacement in image widths per second.
"""

from __future__ import annotations

SPEED_AT_127 = 0.0088
"""Image widths per second at the default bucket: the last frame of a clip of 25 is displaced by 3 % of its width.

At twice that, the default comes so near to what a still can bear that the upper half of the control does nothing.
"""

STEEPNESS = 1.5
"""Above 1, so that the low end of the slider, where the eye is most sensitive, has the finer steps."""


def speed(motion_bucket_id: float) -> float:
    """Mean displacement in image widths per second; rises with the bucket."""
    return float(SPEED_AT_127 * (motion_bucket_id / 127) ** STEEPNESS)


def bucket_of(image_widths_per_second: float) -> float:
    """The bucket of a measured speed, the inverse of `speed`, kept within 1 and 255."""
    bucket = 127 * (image_widths_per_second / SPEED_AT_127) ** (1 / STEEPNESS)
    return float(min(max(bucket, 1.0), 255.0))
