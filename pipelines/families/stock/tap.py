"""A tap on a pipeline: its scheduler, its denoisers and its decoder tell what they do, and can be answered for.

Each gets a class derived from its own, so that copies of a scheduler are tapped too, `isinstance` stays true and
whoever looks at a signature sees the old one. Without a listener all is as before, bit by bit.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol

DENOISERS = ("transformer", "transformer_2", "unet")
"""What pipelines call the networks that are asked in every step."""

Work = Callable[[], Any]
"""What would be done without a tap."""


class Listener(Protocol):
    """Who is asked in place of a pipeline's parts; each returns what the part would return."""

    def on_timesteps(self, scheduler: Any, work: Work) -> Any:
        """A scheduler begins a section of steps."""
        ...

    def on_scheduler_step(self, scheduler: Any, given: dict[str, Any], work: Work) -> Any:
        """A scheduler takes a step; `given` are the arguments by their names."""
        ...

    def on_forward(self, work: Work) -> Any:
        """A denoiser is asked."""
        ...

    def on_decode(self, given: tuple[tuple[Any, ...], dict[str, Any]], work: Work) -> Any:
        """Latents are decoded; `given` are the arguments as they came."""
        ...


class Tap:
    """The tap on one pipeline, for its whole life; `listener` is who listens now."""

    def __init__(self, pipeline: Any) -> None:
        self.listener: Listener | None = None
        _derive(pipeline.scheduler, {"step": self._step, "set_timesteps": self._timesteps})
        for name in DENOISERS:
            if getattr(pipeline, name, None) is not None:
                _derive(getattr(pipeline, name), {"forward": self._forward})
        _derive(pipeline.vae, {"decode": self._decode})

    def _step(self, own: Callable[..., Any], scheduler: Any, *args: Any, **kwargs: Any) -> Any:
        if self.listener is None:
            return own(scheduler, *args, **kwargs)
        given = _by_name(own, (scheduler, *args), kwargs)
        return self.listener.on_scheduler_step(scheduler, given, functools.partial(own, scheduler, *args, **kwargs))

    def _timesteps(self, own: Callable[..., Any], scheduler: Any, *args: Any, **kwargs: Any) -> Any:
        work = functools.partial(own, scheduler, *args, **kwargs)
        return work() if self.listener is None else self.listener.on_timesteps(scheduler, work)

    def _forward(self, own: Callable[..., Any], network: Any, *args: Any, **kwargs: Any) -> Any:
        work = functools.partial(own, network, *args, **kwargs)
        return work() if self.listener is None else self.listener.on_forward(work)

    def _decode(self, own: Callable[..., Any], vae: Any, *args: Any, **kwargs: Any) -> Any:
        work = functools.partial(own, vae, *args, **kwargs)
        return work() if self.listener is None else self.listener.on_decode((args, kwargs), work)


def _by_name(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    return inspect.signature(function).bind(*args, **kwargs).arguments


def _derive(thing: Any, answers: dict[str, Callable[..., Any]]) -> None:
    kind = type(thing)
    methods = {name: _wrapped(getattr(kind, name), answer) for name, answer in answers.items()}
    thing.__class__ = type(kind.__name__, (kind,), {"__module__": kind.__module__, "__doc__": kind.__doc__, **methods})


def _wrapped(own: Callable[..., Any], answer: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(own)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return answer(own, self, *args, **kwargs)

    return method
