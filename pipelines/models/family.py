"""The one face of every family of models: what the studio asks of it. Knows no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pipelines.contract import RGB, Animator, Draft, Sketch
from pipelines.errors import ModelError
from pipelines.models.fit import Fit, fit_in_memory
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest

MEGAPIXEL = 1e6


@dataclass(frozen=True)
class Places:
    """Where the files of a model are: `own`, and `base`, of the model that they stand on, None for a whole one.

    `parts` are what a person has added for all models of the family, by their ids; those that are there.
    """

    spec: ModelSpec
    own: Path
    base: Path | None = None
    parts: Mapping[str, Path] = field(default_factory=dict)


class Found(Protocol):
    """A model in a folder or file, as its family has recognised it."""

    @property
    def path(self) -> Path:
        """The folder or file."""
        ...

    @property
    def named(self) -> str | None:
        """The id of the model that this is a copy of, byte by byte; None for any other."""
        ...

    def described(self, here: Sequence[ModelSpec]) -> ModelSpec:
        """What it is, with an id that says nothing. `here` are the whole models of the family that it may stand on, in
        the order they are preferred in; raises `ModelError` where none of them is the one."""
        ...


@dataclass(frozen=True)
class Part:
    """A file that is no model but of use to all models of its family, known by `id`; `told` is a sentence's end."""

    id: str
    path: Path
    told: str


class Family(ABC):
    """A family of models. `name` is that of its folder."""

    name: ClassVar[str]

    @abstractmethod
    def specs(self) -> tuple[ModelSpec, ...]:
        """The models that it knows by name, in the order they are preferred in; empty where it knows none."""

    @abstractmethod
    def open(self, places: Places, device: str | None, dtype: str | None) -> Animator:
        """The model in these places, on a device and in a number format, the best there are where they are None.

        Imports torch; takes seconds. Raises `ModelError` and `OutOfMemory`.
        """

    def recognise(self, path: Path) -> Found | Part | None:
        """What a folder or file, which is there, is to this family: None for nothing of it. Opens no weights.

        Raises `ModelError` where it is one of this family and cannot be used.
        """
        return None

    def check_fit(self, places: Places) -> None:  # noqa: B027 - most have nothing to say here
        """Raises `ModelError` where what was added does not fit the model that it stands on. May import torch."""

    def defaults(self, spec: ModelSpec, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Defaults that differ from those of `spec` because of what was asked, which nobody has checked yet."""
        return {}

    def check(self, spec: ModelSpec, request: MotionRequest) -> None:  # noqa: B027 - most have nothing to say here
        """Raises `RequestError` where the model cannot follow a request, beyond what `spec` says."""

    def fit(self, spec: ModelSpec, request: MotionRequest) -> Fit:
        """Whether a request fits this machine: an estimate, no promise."""
        return fit_in_memory(float(spec.size_bytes))

    def work(self, request: MotionRequest) -> float:
        """What a run's time grows in proportion to."""
        return self.usual_work(request)

    @staticmethod
    def usual_work(request: MotionRequest) -> float:
        """Megapixel-frames, at every step."""
        return request.width * request.height * request.num_frames / MEGAPIXEL * request.num_inference_steps

    def settings_in(self, nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """The controls that the nodes of a ComfyUI workflow set; None where it is for another family."""
        return None

    def look_ahead(self, still: RGB) -> None:  # noqa: B027 - most have nothing to say here
        """Finds out about a still what a model that `looks_ahead` would need to know of it first, and keeps it."""

    def sketch(self, places: Places, still: RGB, request: MotionRequest, is_whole: bool) -> Sketch:
        """A small clip, see `pipelines.sketch`; of the family of the built-in model alone."""
        raise ModelError(f"{places.spec.name} draws no sketches.")

    def draft(self, still: RGB, request: MotionRequest) -> Draft:
        """What was said of the motion and nothing else, see `pipelines.draft`; of the same family alone."""
        raise ModelError(f"The family {self.name} draws no drafts.")
