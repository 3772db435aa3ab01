"""Keeps the workers of this machine running: starts them, replaces those that died, ends those that hang."""

from __future__ import annotations

import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from jobs.beats import STALE_S, STARTING, WAKING, Watch, all_signs, begin_again, release
from jobs.exits import ASLEEP, AWAY, SPENT, UNUSABLE
from jobs.glance import Glance
from jobs.overdue import Overdue
from jobs.questions import Answer, Questions
from jobs.schema import open_database
from jobs.settings import JobSettings, job_settings
from jobs.slumber import Slumber
from jobs.worker_launch import WorkerProcess
from media.whole_file import write_whole
from pipelines.errors import StoreError, WorkerError
from pipelines.machine import gpus

log = structlog.get_logger("jobs")

LOOK_S = 0.2
"""Seconds between looks at the workers."""

WAITS_S = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each new start of a worker that ends as soon as it begins; after the last one it is given up."""

STEADY_S = 60.0
"""Seconds after which an end has nothing to do with the start: a default model is loaded by then."""

SLEEPING_LOOK_S = 1.0
"""Seconds between looks for waiting jobs while all workers sleep. Jobs of this process' own page come with a call."""

HARD_LOOK_S = 1.0
"""Seconds between questions to the database about workers that hang."""

STRUGGLING = "The worker has ended {} times soon after its start and is started again. The log names the cause."

GIVEN_UP = "The worker cannot start: it ended {} times at once. The log names the cause; start Stillmotion again then."


@dataclass
class Slot:
    """One place for a worker: its name, what it sees of the GPUs, and how its starts have gone."""

    name: str
    environment: dict[str, str]
    process: WorkerProcess | None = None
    starts: int = 0
    next_start: float = 0.0
    sentence: str = ""
    is_asleep: bool = False


class Supervisor:
    """Runs a thread of its own from `start` to `close`."""

    def __init__(self, settings: JobSettings, engine: sa.Engine) -> None:
        self._slots = _slots(settings)
        self._watch, self._overdue, self._engine = Watch(engine), Overdue(engine), engine
        self._slumber, self._is_expected = Slumber(engine), threading.Event()
        self._is_closing, self._is_called = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._next_hard_look = 0.0
        self._glance, self._questions = "", Questions()

    def start(self) -> None:
        """Start the workers."""
        self._thread.start()

    def call(self) -> None:
        """A job waits: sleeping workers need not find out by themselves. Any thread may call."""
        self._is_called.set()

    def expect(self, glance: Glance | None) -> None:
        """A job is expected soon, of this still: one worker wakes, and workers look at it. Any thread may call."""
        if glance is not None:
            self._glance = glance.line()
        self._is_expected.set()
        self._is_called.set()

    def ask(self, kind: str, what: Mapping[str, Any]) -> Future[Answer]:
        """A question for any worker: one wakes for it. Cancel it when nobody waits any longer. Any thread may call."""
        answer = self._questions.ask(kind, what)
        self._is_called.set()
        return answer

    def close(self) -> None:
        """End the workers in good order: what they do goes back to the queue."""
        self._is_closing.set()
        self._is_called.set()
        self._thread.join()
        self._questions.close()
        for slot in self._slots:
            if slot.process is not None:
                slot.process.stop()
                # one that fell asleep just now
                slot.is_asleep = slot.process.exit_code == ASLEEP
        self._slumber.end(slot.name for slot in self._slots if slot.is_asleep)

    def run_until_signalled(self) -> None:
        """Returns, closed, after SIGINT or SIGTERM, or once every worker has been given up. Main thread only."""
        is_told = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: is_told.set())
        while not is_told.wait(LOOK_S) and not self.sentence:
            continue
        self.close()

    @property
    def sentence(self) -> str:
        """Why no worker of this machine works and none will; empty while one does or may."""
        return next((slot.sentence for slot in self._slots), "") if all(s.sentence for s in self._slots) else ""

    @property
    def warning(self) -> str:
        """That a worker ends again and again soon after its start; empty where none does."""
        most = max((slot.starts for slot in self._slots if not slot.sentence), default=0)
        return STRUGGLING.format(most - 1) if most > 2 else ""

    @property
    def names(self) -> list[str]:
        """The ids of this machine's workers."""
        return [slot.name for slot in self._slots]

    def pid(self, name: str) -> int | None:
        """The process id of a worker while it lives."""
        process = next((slot.process for slot in self._slots if slot.name == name), None)
        return process.pid if process is not None and process.exit_code is None else None

    def _run(self) -> None:
        while not self._is_closing.is_set():
            for slot in self._slots:
                self._tend(slot)
            try:
                self._wake_for_jobs()
                self._tell_of_glance()
                self._tell_of_questions()
                self._end_the_hanging()
            except Exception:  # nobody else looks after the workers
                log.exception("workers not looked after")
            all_sleep = all(slot.is_asleep or slot.sentence for slot in self._slots)
            self._is_called.wait(SLEEPING_LOOK_S if all_sleep else LOOK_S)
            self._is_called.clear()

    def _tend(self, slot: Slot) -> None:
        if slot.sentence or slot.is_asleep or time.monotonic() < slot.next_start:
            return
        try:
            self._start_or_replace(slot)
        except Exception:  # no memory for a process, say: that passes
            log.exception("worker not started", worker=slot.name)
            slot.next_start = time.monotonic() + WAITS_S[-1]

    def _start_or_replace(self, slot: Slot) -> None:
        if slot.process is None:
            with suppress(StoreError):
                begin_again(self._engine, slot.name)
            slot.process = WorkerProcess(slot.name, slot.environment, self._questions.hear)
            slot.starts += 1
            return
        code = slot.process.exit_code
        if code is None:
            if slot.process.age_s > STEADY_S:
                slot.starts = 1
            return
        ended, slot.process = slot.process, None
        ended.close_input()
        self._plan_next(slot, code, ended.age_s)

    def _plan_next(self, slot: Slot, code: int, age_s: float) -> None:
        """After an end in good order the next worker comes at once, after a death at its start ever later."""
        if code == ASLEEP:
            log.info("worker sleeps", worker=slot.name)
            slot.is_asleep, slot.starts, slot.next_start = True, 0, 0.0
            return
        log.warning("worker ended", worker=slot.name, code=code)
        state = self._last_state(slot.name)
        # a worker at a job is ended by the job, which may do so twice, and one whose database is away is not to blame
        if code in (SPENT, AWAY) or state == "working" or age_s > STEADY_S:
            slot.starts = 0
        was_ready = state not in (STARTING, WAKING)
        if code == UNUSABLE or (slot.starts >= len(WAITS_S) and not was_ready):
            slot.sentence = GIVEN_UP.format(slot.starts)
            log.error("worker given up", worker=slot.name)
            return
        nth = min(max(0, slot.starts - was_ready), len(WAITS_S) - 1)
        slot.next_start = time.monotonic() + (WAITS_S[-1] if code == AWAY else WAITS_S[nth])

    def _last_state(self, name: str) -> str:
        """What the worker said of itself; starting where it came to say nothing, or nobody can tell."""
        try:
            return next((sign.state for sign in all_signs(self._engine) if sign.worker == name), STARTING)
        except StoreError:
            return STARTING

    def _wake_for_jobs(self) -> None:
        sleeping = {slot.name: slot for slot in self._slots if slot.is_asleep}
        expected = int(self._is_expected.is_set() or self._questions.are_open)
        self._is_expected.clear()
        if not sleeping:
            return
        self._slumber.keep(sleeping)
        awake = [slot.name for slot in self._slots if slot.process is not None]
        for name in self._slumber.to_wake(sleeping, awake, expected):
            sleeping[name].is_asleep = False
            self._tend(sleeping[name])

    def _tell_of_glance(self) -> None:
        """To all that are awake: nobody knows yet who will have the job."""
        awake = [slot.process for slot in self._slots if slot.process is not None]
        if self._glance and awake:
            line, self._glance = self._glance, ""
            for process in awake:
                process.tell(line)

    def _tell_of_questions(self) -> None:
        """To one alone, and while it lives to the same one: it has looked at the still."""
        awake = [slot.process for slot in self._slots if slot.process is not None]
        if awake:
            self._questions.tell(awake[0])

    def _end_the_hanging(self) -> None:
        """A worker that comes to no step although its job was stopped, or that gives no signs of life, is killed."""
        now = time.monotonic()
        if now < self._next_hard_look or all(slot.process is None for slot in self._slots):
            return
        self._next_hard_look = now + HARD_LOOK_S
        try:
            stale, overdue = set(self._watch.dead()), self._overdue.workers()
            for slot in self._slots:
                process = slot.process
                # a new worker gives its first sign when it has started
                if process is not None and (slot.name in overdue or (slot.name in stale and process.age_s > STALE_S)):
                    log.error("worker hangs and is ended", worker=slot.name)
                    process.kill()
                    release(self._engine, slot.name)
        except StoreError:
            log.warning("database away", exc_info=True)


def run_workers(say: Callable[[str], None]) -> None:
    """Run this machine's workers until SIGINT or SIGTERM. Main thread only; `say` hears their names.

    Raises `WorkerError` where all were given up, `StoreError` and `InputError` where the database cannot be used.
    """
    settings = job_settings()
    supervisor = Supervisor(settings, open_database(settings.url))
    supervisor.start()
    say("Workers: " + ", ".join(supervisor.names))
    supervisor.run_until_signalled()
    if supervisor.sentence:
        raise WorkerError(supervisor.sentence)


def _slots(settings: JobSettings) -> list[Slot]:
    """One for each GPU, or one for the CPU, unless the settings say how many."""
    found, told = gpus(), settings.environment()
    count = settings.workers or max(1, len(found))
    machine = f"{socket.gethostname()}-{_machine_mark(settings.data)}"
    if not found:
        return [Slot(f"{machine}-cpu{number}", told) for number in range(count)]
    shown = [{"CUDA_VISIBLE_DEVICES": found[number % len(found)].device} for number in range(count)]
    return [Slot(f"{machine}-gpu{number}", told | shown[number]) for number in range(count)]


def _machine_mark(data: Path) -> str:
    """Tells machines of the same name apart, and is the same after a restart."""
    file = data / "machine"
    if not file.exists():
        data.mkdir(parents=True, exist_ok=True)
        write_whole(file, secrets.token_hex(4).encode())
    return file.read_text()
