"""Listens to a run of diffusers' own: tells its steps, stops it, keeps what is needed to go on, and fast-forwards.

To go on from a checkpoint the pipeline is called again from the start, with the same seed and arguments. For the steps
that are done, its denoisers answer with zeros and its schedulers with what was kept; at the end of the last of them the
schedulers and everything random are put where they were. What is left is then, bit by bit, what it would have been.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from pipelines.errors import BadFrames, ModelError
from pipelines.families.stock.packing import copied, moved
from pipelines.families.stock.preview import clean
from pipelines.families.stock.tap import Work
from pipelines.families.stock.tape import (
    Stepper,
    Tape,
    form_of,
    put_back,
    put_back_random,
    random_state,
    scheduler_state,
    zeros_of,
)

Seen = tuple[torch.Tensor | None, torch.Tensor | None]
"""What the model expects at the end, and the latents as they are; either may be in a layout of its own, or missing."""

OnBoundary = Callable[[int, int, Seen, Tape], None]
"""Is told the step, of how many, what there is to look at, and what a run from here on has to know."""


class HandedOver(Exception):
    """Ends a run where its latents are to be decoded; `given` are the decoder's arguments."""

    def __init__(self, given: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
        super().__init__("the latents are ready")
        self.given = given


@dataclass(frozen=True)
class Terms:
    """What a recorder has to know of a run: `sections` are how often all steps are taken, `calls_back` whether the
    pipeline itself tells the end of a step, `hands_over` whether it ends where it would decode."""

    generator: torch.Generator
    device: torch.device
    sections: int
    calls_back: bool
    hands_over: bool


class Recorder:
    """One run, perhaps from the end of the tape `replay` on."""

    def __init__(self, terms: Terms, on_boundary: OnBoundary, replay: Tape | None = None) -> None:
        self._terms, self._tell, self._replay = terms, on_boundary, replay
        self._schedulers: list[Any] = []
        self._clean: torch.Tensor | None = None
        self._per_section = 0
        self.tape = Tape()
        # what the last run has kept stays good until this one has come as far
        self.kept: Tape | None = replay

    @property
    def total(self) -> int:
        """Steps of the whole run; never fewer than are done."""
        return max(self._per_section * self._terms.sections, self.tape.step)

    @property
    def is_sampled(self) -> bool:
        """Whether all steps are done."""
        return 0 < self.total <= self.tape.step

    def on_timesteps(self, scheduler: Any, work: Work) -> Any:
        """See `tap.Listener`."""
        for known, stepper in zip(self._schedulers, self.tape.steppers, strict=True):
            if known is scheduler:
                stepper.end_section()
        given = work()
        self._per_section = len(scheduler.timesteps)
        return given

    def on_scheduler_step(self, scheduler: Any, given: dict[str, Any], work: Work) -> Any:
        """See `tap.Listener`."""
        number = self._number(scheduler)
        stepper = self.tape.steppers[number]
        stepper.calls += 1
        if self._is_skipping:
            output = moved(self._kept_stepper(number).answer(stepper.calls), self._terms.device)
        else:
            before = getattr(scheduler, "_step_index", None)
            output = work()
            self._clean = clean(scheduler, given, output, before)
        stepper.latest = output
        if not self._terms.calls_back:
            self.on_step_end()
        return output

    def on_forward(self, work: Work) -> Any:
        """See `tap.Listener`."""
        if self._replay is not None and self._is_skipping:
            number = len(self.tape.calls)
            if number >= len(self._replay.calls):
                raise _strange()
            form = self._replay.forms[self._replay.calls[number]]
            output = zeros_of(form, self._terms.device)
        else:
            output = work()
            form = form_of(output)
        self._note_form(form)
        return output

    def on_decode(self, given: tuple[tuple[Any, ...], dict[str, Any]], work: Work) -> Any:
        """See `tap.Listener`."""
        if self._terms.hands_over:
            raise HandedOver(given)
        return work()

    def on_step_end(self, *given: Any) -> dict[str, Any]:
        """The pipeline's own callback, too; changes nothing."""
        was_skipping = self._is_skipping
        self.tape.step += 1
        if was_skipping:
            if not self._is_skipping:
                self._arrive()
            return {}
        latents = given[3].get("latents") if given else None
        self._check_finite()
        self.kept = self._copy()
        self._tell(self.tape.step, self.total, (self._clean, latents), self.kept)
        return {}

    @property
    def _is_skipping(self) -> bool:
        return self._replay is not None and self.tape.step < self._replay.step

    def _number(self, scheduler: Any) -> int:
        for number, known in enumerate(self._schedulers):
            if known is scheduler:
                return number
        self._schedulers.append(scheduler)
        self.tape.steppers.append(Stepper())
        return len(self._schedulers) - 1

    def _kept_stepper(self, number: int) -> Stepper:
        if self._replay is None or number >= len(self._replay.steppers):
            raise _strange()
        return self._replay.steppers[number]

    def _note_form(self, form: Any) -> None:
        if form not in self.tape.forms:
            self.tape.forms.append(form)
        self.tape.calls.append(self.tape.forms.index(form))

    def _arrive(self) -> None:
        """All that was done is skipped: from here on the run is real."""
        if self._replay is None or len(self._replay.states) != len(self._schedulers):
            raise _strange()
        for scheduler, state in zip(self._schedulers, self._replay.states, strict=True):
            put_back(scheduler, state, self._terms.device)
        put_back_random(self._terms.generator, self._replay.random)

    def _copy(self) -> Tape:
        """The tape as it is now. Only at the end of a step: states are views, and written in place."""
        return replace(
            self.tape,
            steppers=[Stepper(one.calls, copied(one.latest), copied_ends(one.ends)) for one in self.tape.steppers],
            forms=list(self.tape.forms),
            calls=list(self.tape.calls),
            states=[scheduler_state(scheduler) for scheduler in self._schedulers],
            random=random_state(self._terms.generator),
        )

    def _check_finite(self) -> None:
        for stepper in self.tape.steppers:
            latest = stepper.latest[0] if isinstance(stepper.latest, tuple) else stepper.latest.prev_sample
            if not torch.isfinite(latest).all():
                raise BadFrames(
                    f"The model produced values that are not finite at step {self.tape.step} of {self.total}.",
                    "Load it in bf16 or fp32; if it was, download its weights again.",
                )


def copied_ends(ends: dict[int, Any]) -> dict[int, Any]:
    """What was given at the ends of sections, copied."""
    return {end: copied(kept) for end, kept in ends.items()}


def _strange() -> ModelError:
    return ModelError("The checkpoint is of another run than this one.", "Start the run again.")
