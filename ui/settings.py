"""A request on the controls: every control, and the menus that stand for several of them, agree."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pipelines.errors import RequestError
from pipelines.models.catalogue import find, known
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest
from pipelines.shapes import SHAPES, SIZES, size_of
from ui.controls import LONGEST_S, PRESETS, USUAL_S, Preset, model_updates, on_page
from ui.studio import AS_IT_IS, CUSTOM_SIZE, Studio


class Settings:
    """The components of a `Studio` that say how a clip is to be, and what they show for a request."""

    def __init__(self, studio: Studio) -> None:
        self._names = list(studio.controls)
        menus = [studio.shape, studio.size, studio.custom_size, studio.linked, studio.length, studio.preset]
        self.components = [*menus, *studio.controls.values()]

    def shown(self, request: MotionRequest, picture_shape: float | None = None) -> list[Any]:
        """An update for each component; raises `ModelError` for a model that is not known here.

        `picture_shape` is the width over the height of the picture on the stage.
        """
        spec = known(request.model)
        shape, size = named_size((request.width, request.height), picture_shape)
        length = length_shown(spec, request.num_frames, request.fps)
        menus = [shape, size, gr.update(visible=size == CUSTOM_SIZE), request.playback_fps == 0, length]
        return [*menus, preset_of(request), *model_updates(self._names, spec, request.model_dump())]

    def changed(self, request: MotionRequest, names: tuple[str, ...]) -> list[Any]:
        """An update for each component, where these controls alone change."""
        values = request.model_dump(include=set(names))
        return [
            *[gr.skip()] * (len(self.components) - len(self._names)),
            *(on_page(values[name]) if name in values else gr.skip() for name in self._names),
        ]

    def untouched(self) -> list[Any]:
        """No update for any component."""
        return [gr.skip()] * len(self.components)


def named_size(size: tuple[int, int], picture_shape: float | None) -> tuple[str | None, str]:
    """Shape and size as the menus name them; None and `CUSTOM_SIZE` where they have no name for it."""
    shapes = ({} if picture_shape is None else {AS_IT_IS: picture_shape}) | SHAPES
    for name in SIZES:
        for shape, ratio in shapes.items():
            if size_of(ratio, name) == size:
                return shape, name
    return None, CUSTOM_SIZE


def preset_of(request: MotionRequest) -> str | None:
    """The preset whose motion a request has."""
    motion = Preset(request.motion_bucket_id, request.noise_aug_strength)
    return next((name for name, preset in PRESETS.items() if preset == motion), None)


def length_shown(spec: ModelSpec, frames: int, fps: int) -> Any:
    """The slider of the length, for so many frames of a model; hidden where seconds follow from the frames."""
    seconds = seconds_of(frames, fps)
    most = {"maximum": LONGEST_S if seconds > USUAL_S else USUAL_S} if spec.any_moment else {}
    return gr.update(value=seconds, visible=spec.any_moment, **most)


def seconds_of(frames: int, fps: int) -> float:
    """How long so many frames are, in steps of the slider."""
    return round(frames / fps, 1)


def frames_in(seconds: float, fps: int, model: str) -> int:
    """Frames of a clip that lasts so long, as many as the model can draw."""
    return min(max(2, round(seconds * fps)), find(model).max_frames)


def longer(request: MotionRequest) -> MotionRequest:
    """The same for twice as long, up to `LONGEST_S`. Raises `RequestError` where it cannot be longer."""
    spec = find(request.model)
    frames = min(2 * request.num_frames, spec.max_frames, int(LONGEST_S * request.fps))
    if not spec.any_moment or frames <= request.num_frames:
        raise RequestError("This clip is as long as can be.", "Take one of its frames, and go on from there.")
    return request.model_copy(update={"num_frames": frames})
