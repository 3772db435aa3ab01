"""What is asked of a worker, until it is answered: whoever asks waits, whichever process there is then or later."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipelines.errors import WorkerError

Answer = Mapping[str, Any]


class Told(Protocol):
    """A process that can be told a line."""

    def tell(self, line: str) -> None:
        """Returns at once."""
        ...


@dataclass
class _Question:
    line: str
    answer: Future[Answer] = field(default_factory=Future)
    told: Told | None = None


class Questions:
    """Those of one supervisor. Any thread may ask and answer; `tell` belongs to the supervisor's."""

    def __init__(self) -> None:
        self._numbers, self._lock = itertools.count(), threading.Lock()
        self._open: dict[int, _Question] = {}

    @property
    def are_open(self) -> bool:
        """Whether anybody waits for an answer."""
        return bool(self._open)

    def ask(self, kind: str, what: Mapping[str, Any]) -> Future[Answer]:
        """To be told to a worker as `{kind: {"number": ..., **what}}`. Cancel it when nobody waits any longer."""
        number = next(self._numbers)
        question = _Question(json.dumps({kind: {"number": number, **what}}))
        with self._lock:
            self._open[number] = question
        question.answer.add_done_callback(lambda _: self._forget(number))
        return question.answer

    def tell(self, process: Told) -> None:
        """Give a process what it was not told yet: one that takes the place of another is told everything again."""
        with self._lock:
            waiting = [each for each in self._open.values() if each.told is not process]
        for question in waiting:
            question.told = process
            process.tell(question.line)

    def hear(self, line: str) -> None:
        """What a worker said: a JSON object with the number of the question. Anything else is passed over."""
        try:
            answer = json.loads(line)
            with self._lock:
                question = self._open.pop(answer["number"])
        except (ValueError, KeyError, TypeError):
            return
        if question.answer.set_running_or_notify_cancel():
            question.answer.set_result(answer)

    def close(self) -> None:
        """Nobody will answer any more."""
        with self._lock:
            left, self._open = list(self._open.values()), {}
        for question in left:
            if question.answer.set_running_or_notify_cancel():
                question.answer.set_exception(WorkerError("The studio is ending.", "Try again when it runs."))

    def _forget(self, number: int) -> None:
        with self._lock:
            self._open.pop(number, None)
