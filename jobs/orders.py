"""What a worker is told on its standard input, a line each, and where its answers go."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import IO

from jobs.answering import Answering, question_in
from jobs.glance import Glance, Glances


class Orders:
    """Lines that name a still to look at, or ask about one."""

    def __init__(self, glance: Callable[[Glance], None], answering: Answering) -> None:
        self._glance, self._answering = glance, answering

    def follow(self, lines: Iterable[str]) -> None:
        """Returns when there are no more."""
        glances = Glances(self._glance)
        for line in lines:
            question = question_in(line)
            if question is None:
                glances.take(line)
            else:
                self._answering.take(question)


def take_standard_output() -> IO[str]:
    """What was standard output, for answers alone: whatever else is printed goes to the log from now on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers
