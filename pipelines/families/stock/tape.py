"""What a run has done so far, as far as a run that goes on from there has to know it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch

from pipelines.families.stock.packing import copied, is_plain, moved

UNTOLD = frozenset({"_internal_dict"})
"""Attributes of schedulers that are settings, not state."""


@dataclass
class Stepper:
    """One scheduler object, by the order of first use: calls of its `step`, what the last one gave, and what those at
    the ends of sections gave, by their numbers. The next section is built on the latter."""

    calls: int = 0
    latest: Any = None
    ends: dict[int, Any] = field(default_factory=dict)

    def answer(self, call: int) -> Any:
        """What a skipped call gives: the next one that was kept, which has the right shape in its section."""
        return next((self.ends[end] for end in sorted(self.ends) if end >= call), self.latest)

    def end_section(self) -> None:
        """A new section begins: what the last step gave will be needed."""
        if self.calls:
            self.ends[self.calls] = self.latest


@dataclass
class Tape:
    """The first `step` steps of a run: its schedulers, the shapes that its denoisers gave (`forms`, numbered in
    `calls`), and what was random. `states` are the schedulers' own attributes after the last of those steps."""

    step: int = 0
    steppers: list[Stepper] = field(default_factory=list)
    forms: list[Any] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    random: dict[str, Any] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        """All of it in plain values (`packing.is_plain`), sharing nothing with the run."""
        steppers = [[one.calls, one.latest, [[*end] for end in one.ends.items()]] for one in self.steppers]
        told = {"step": self.step, "forms": self.forms, "calls": self.calls, "states": self.states}
        return {**told, "steppers": steppers, "random": self.random}

    @staticmethod
    def of(state: dict[str, Any]) -> Tape:
        """The tape that `state` tells of."""
        steppers = [Stepper(calls, latest, dict(ends)) for calls, latest, ends in state["steppers"]]
        rest = {name: state[name] for name in ("step", "forms", "calls", "states", "random")}
        return Tape(steppers=steppers, **rest)


def scheduler_state(scheduler: Any) -> dict[str, Any]:
    """A scheduler's own attributes, copied, each with whether it was on the device: sigmas often stay on the CPU."""
    own = {name: value for name, value in vars(scheduler).items() if name not in UNTOLD}
    return {name: [copied(value), _is_on_device(value)] for name, value in own.items() if is_plain(value)}


def put_back(scheduler: Any, state: dict[str, Any], device: torch.device) -> None:
    """Gives a scheduler the attributes that it had."""
    for name, (value, is_on_device) in state.items():
        vars(scheduler)[name] = moved(value, device if is_on_device else torch.device("cpu"))


def _is_on_device(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_is_on_device, value))
    return isinstance(value, torch.Tensor) and value.device.type != "cpu"


def form_of(output: Any) -> Any:
    """The shape of what a denoiser gave: nested as it was, with `[shape, dtype]` in place of tensors."""
    if isinstance(output, torch.Tensor):
        return {"shape": list(output.shape), "dtype": str(output.dtype).removeprefix("torch.")}
    if isinstance(output, dict):
        return {"fields": {name: form_of(item) for name, item in output.items()}}
    if isinstance(output, list | tuple):
        return [form_of(item) for item in output]
    return None


def zeros_of(form: Any, device: torch.device) -> Any:
    """Zeros of that shape, nested the same."""
    if form is None:
        return None
    if isinstance(form, list):
        return tuple(zeros_of(item, device) for item in form)
    if "fields" in form:
        return SimpleNamespace(**{name: zeros_of(item, device) for name, item in form["fields"].items()})
    return torch.zeros(form["shape"], dtype=getattr(torch, form["dtype"]), device=device)


def random_state(generator: torch.Generator) -> dict[str, Any]:
    """The state of a run's own generator and of torch's."""
    told: dict[str, Any] = {"own": generator.get_state(), "cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        told["cuda"] = torch.cuda.get_rng_state()
    return told


def put_back_random(generator: torch.Generator, state: dict[str, Any]) -> None:
    """Goes on with the numbers that would have come."""
    generator.set_state(state["own"])
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
