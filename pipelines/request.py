"""`MotionRequest`: the one description of every control.

The sliders, the options of the command line, the REST schema and the settings inside a clip are made from its fields.
"""

from __future__ import annotations

import functools
import secrets
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
)

from pipelines.control import control
from pipelines.direction import Direction, direction_of, direction_schema
from pipelines.errors import RequestError
from pipelines.families import BUILT_IN, FAMILIES, own_controls

SIZE_STEP = 64
"""Pixels. Sizes are multiples of it: of all families, the greatest need (an eighth of the picture, halved thrice)."""

FRAMING_CONTROLS = ("width", "height", "fit", "anchor_x", "anchor_y", "backdrop")
"""Controls that change the frame that the model sees."""

MAX_SEED = 2**32 - 1
"""Largest seed: fits every random generator in use and stays exact in a browser's numbers."""

MOST_PIXELS_A_SIDE = 4096
"""Of a finished clip: what decoders in browsers and phones still take of H.264."""


Directed = Annotated[
    Direction,
    BeforeValidator(direction_of),
    PlainSerializer(Direction.brief),
    WithJsonSchema(direction_schema()),
]
"""A direction that may be given as JSON, and is told as JSON without what says nothing."""


class SharedControls(BaseModel):
    """What can be asked of every family."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    model: str = control(BUILT_IN, "Model", "Which model animates the still: an id from the catalogue, or a folder.")
    motion_bucket_id: int = control(127, "Amount", "How much moves: 1 hardly, 255 all it can.", ge=1, le=255)
    fps: int = control(
        7,
        "Smoothness",
        "Frames a second: more is smoother, each moves less.",
        ge=1,
        le=30,
        unit="frames/s",
    )
    noise_aug_strength: float = control(
        0.02,
        "Stay close ↔ surprise",
        "How freely it moves: noise on the still.",
        ge=0.0,
        le=1.0,
        step=0.01,
    )
    direction: Directed = control(
        Direction(),
        "Direction",
        "What was said about the motion itself, as JSON: the camera's path, what moves and which way, what keeps still,"
        " whether it loops.",
        told={"default": {}},
    )
    num_frames: int = control(25, "Frames", "How many frames the clip has.", ge=2, le=1800, unit="frames")
    num_inference_steps: int = control(
        25, "Steps", "How many denoising steps the model takes: more is slower and finer.", ge=1, le=100, unit="steps"
    )
    min_guidance_scale: float = control(
        1.5, "Guidance, first frame", "How strictly the first frame follows the still.", ge=0.0, le=20.0, step=0.1
    )
    max_guidance_scale: float = control(
        3.0,
        "Guidance, last frame",
        "How strictly the last frame follows the still; at least that of the first.",
        ge=0.0,
        le=20.0,
        step=0.1,
    )
    decode_chunk_size: int = control(
        0,
        "Decode chunk",
        "Frames decoded at once: fewer need less memory; 0 lets the machine choose.",
        ge=0,
        le=120,
        unit="frames",
    )
    seed: int = control(-1, "Seed", "The same seed and settings give the same clip; -1 draws one.", ge=-1, le=MAX_SEED)
    width: int = control(
        1024, "Width", "Width of the clip.", ge=64, le=2048, multiple_of=SIZE_STEP, step=SIZE_STEP, unit="pixels"
    )
    height: int = control(
        576, "Height", "Height of the clip.", ge=64, le=2048, multiple_of=SIZE_STEP, step=SIZE_STEP, unit="pixels"
    )
    fit: Literal["crop", "pad"] = control(
        "crop", "Fit", "Crop the still to the clip's shape, or pad it with a blurred copy of itself. Never a stretch."
    )
    anchor_x: float = control(
        -1.0,
        "Crop, left to right",
        "Where the crop sits: 0 left, 1 right; -1 follows the subject.",
        ge=-1.0,
        le=1.0,
        step=0.01,
    )
    anchor_y: float = control(
        -1.0,
        "Crop, top to bottom",
        "Where the crop sits: 0 top, 1 bottom; -1 follows the subject.",
        ge=-1.0,
        le=1.0,
        step=0.01,
    )
    backdrop: str = control(
        "blur",
        "Backdrop",
        "What stands behind a see-through still: blur (a blurred copy of itself), or a colour such as #ffffff.",
        pattern=r"^(blur|#[0-9a-fA-F]{6})$",
    )
    playback_fps: float = control(
        0.0,
        "Playback speed",
        "Frames a second of the file, before any frames in between; 0 plays them as they were imagined.",
        ge=0.0,
        le=60.0,
        step=0.5,
        unit="frames/s",
    )
    interpolation: Literal[1, 2, 4] = control(
        1,
        "In-between frames",
        "2 or 4 times the frames at 2 or 4 times the rate: RIFE draws those in between. A minute or two on a CPU.",
    )
    upscaling: Literal[1, 2, 4] = control(
        1,
        "Larger frames",
        "2 or 4 times as wide and high: Real-ESRGAN paints fine detail, it does not know it. Minutes on a CPU.",
    )

    @model_validator(mode="after")
    def _values_agree(self) -> Self:
        if self.min_guidance_scale > self.max_guidance_scale:
            raise ValueError(
                f"The first frame's guidance ({self.min_guidance_scale:g}) is above the last frame's"
                f" ({self.max_guidance_scale:g}). Lower min_guidance_scale or raise max_guidance_scale."
            )
        if 0 < self.playback_fps < 1:
            raise ValueError("playback_fps must be 0 (linked to fps) or at least 1. Raise it to 1.")
        if self.upscaling > 1 and max(self.clip_width, self.clip_height) > MOST_PIXELS_A_SIDE:
            raise ValueError(
                f"A clip cannot be {self.clip_width} x {self.clip_height} pixels: few players show more than"
                f" {MOST_PIXELS_A_SIDE} on a side. Lower upscaling, or choose a smaller size."
            )
        return self

    @property
    def file_fps(self) -> float:
        """Frames per second at which the model's frames play: `playback_fps`, or `fps` where the two are linked."""
        return self.playback_fps or float(self.fps)

    @property
    def is_enhanced(self) -> bool:
        """Whether the finished clip has more or larger frames than the model makes."""
        return self.interpolation > 1 or self.upscaling > 1

    @property
    def clip_frames(self) -> int:
        """Frames of the finished clip: `interpolation` - 1 more between every two of the model's."""
        return (self.num_frames - 1) * self.interpolation + 1

    @property
    def clip_fps(self) -> float:
        """Frames per second of the finished clip: its motion takes as long as without frames in between."""
        return self.file_fps * self.interpolation

    @property
    def clip_width(self) -> int:
        """Width of the finished clip in pixels."""
        return self.width * self.upscaling

    @property
    def clip_height(self) -> int:
        """Height of the finished clip in pixels."""
        return self.height * self.upscaling

    @property
    def seconds(self) -> float:
        """Length of the finished clip in seconds."""
        return self.clip_frames / self.clip_fps

    def with_seed(self) -> Self:
        """The same request with a drawn seed in place of -1."""
        if self.seed >= 0:
            return self
        return self.model_copy(update={"seed": secrets.randbelow(MAX_SEED + 1)})


def _with_own_controls() -> type[SharedControls]:
    """`SharedControls`, and after them those of each family in turn."""
    own = [controls for name in FAMILIES if (controls := own_controls(name)) is not None]
    bases = cast("tuple[type[SharedControls], ...]", (*reversed(own), SharedControls))
    words = "How a still is to move. Frozen; `parse_request` makes one, with its errors in plain words."
    return create_model("MotionRequest", __base__=bases, __doc__=words, __module__=__name__)


if TYPE_CHECKING:

    class MotionRequest(SharedControls):
        """How a still is to move, as far as every family knows it; a family sees its own controls by `asked`."""

else:
    MotionRequest = _with_own_controls()

OWN_CONTROLS = tuple(name for name in MotionRequest.model_fields if name not in SharedControls.model_fields)
"""The names of the controls that families have added."""

Own = TypeVar("Own", bound=BaseModel)


def asked(request: SharedControls, controls: type[Own]) -> Own:
    """The same request, seen as what it asks of a family's own `controls`."""
    if not isinstance(request, controls):
        raise TypeError(f"A request has no {controls.__module__}.")
    return request


def parse_request(fields: dict[str, Any]) -> MotionRequest:
    """A `MotionRequest` from untrusted fields; raises `RequestError` with one sentence and its cure."""
    try:
        return MotionRequest.model_validate(fields)
    except ValidationError as error:
        raise RequestError(*_in_words(error.errors()[0])) from error


def _in_words(problem: Any) -> tuple[str, str]:
    if not problem["loc"]:
        return str(problem["ctx"]["error"]), ""
    name = str(problem["loc"][0])
    if name not in MotionRequest.model_fields:
        return f"There is no control called {name}.", f"The controls are: {', '.join(MotionRequest.model_fields)}."
    given = str(problem["input"])[:40]
    return f"{name} cannot be {given}.", f"It must be {allowed_values(name)}."


@functools.cache
def control_schemas() -> dict[str, Any]:
    """The JSON schema of each control by its name: label, description, default, bounds, step, unit.

    All of them at once: pydantic makes the whole schema anew for each question, 5 ms each time.
    """
    schemas: dict[str, Any] = MotionRequest.model_json_schema()["properties"]
    return schemas


def allowed_values(name: str) -> str:
    """What a control may be, in words: "between 1 and 30", "crop or pad"."""
    schema = control_schemas()[name]
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "minimum" not in schema:
        return "blur, or a colour such as #ffffff" if "pattern" in schema else "a text"
    whole = "a whole number " if schema["type"] == "integer" else ""
    multiple = f" and a multiple of {schema['multipleOf']}" if "multipleOf" in schema else ""
    return f"{whole}between {schema['minimum']:.10g} and {schema['maximum']:.10g}{multiple}"
