"""The worker: a process of its own that makes one clip after another. `python -m jobs.worker WORKER_ID`.

It takes jobs from the durable queue until its standard input ends: then whoever started it is gone, and it hands back
what it has. Its exit code says why it ended, see `jobs.exits`.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import structlog
from filelock import FileLock

from jobs import scratch
from jobs.answering import Answering
from jobs.attempt import Attempt, Desk
from jobs.beats import BEAT_S, SLEEPING, STARTING, WAKING, Heart, Watch, all_signs, release, strike_off
from jobs.claims import Claim, Claims, LeaseLost
from jobs.dispatch import Inbox
from jobs.exits import ASLEEP, AWAY, SPENT, STOPPED, UNUSABLE
from jobs.glance import Glance
from jobs.ledger import Ledger
from jobs.log import configure_log
from jobs.make_clip import look_ahead, warm
from jobs.orders import Orders, take_standard_output
from jobs.outcomes import Outcome, Trouble, outcome_of
from jobs.pace import Pace
from jobs.schema import open_database
from jobs.scratch import Scratch
from jobs.settings import JobSettings, job_settings
from jobs.stores import open_store
from jobs.sweep import UNMADE, drop_clip
from pipelines.errors import StillmotionError, StoreError
from pipelines.models.catalogue import default_model

log = structlog.get_logger("worker")


class Worker:
    """Takes jobs until its process ends."""

    def __init__(self, settings: JobSettings, name: str) -> None:
        engine = open_database(settings.url)
        self.name, self._settings, self._engine = name, settings, engine
        self._heart, self._watch = Heart(engine, name), Watch(engine)
        self._claims = Claims(engine, name)
        pace = Pace(engine, socket.gethostname())
        self._scratch = Scratch(settings.data / scratch.FOLDER)
        self._desk = Desk(self._claims, open_store(settings), self._scratch, pace, settings.checkpoint_every)
        self._inbox = Inbox(engine, name)
        self._trouble = Trouble()
        self._at_work, self._asked = threading.Lock(), threading.Lock()
        self._claim: Claim | None = None
        self._is_open = self._is_leaving = False
        self._first_state = STARTING
        self._idle_since = time.monotonic()

    def open(self) -> None:
        """Begin to take jobs."""
        mine = [sign.state for sign in all_signs(self._engine) if sign.worker == self.name]
        self._first_state = WAKING if mine == [WAKING] else STARTING
        release(self._engine, self.name)
        self._scratch.sweep(self._lease_of)
        self._beat()
        self._inbox.open(self.work)
        self._is_open = True
        self._beat()

    def work(self, job_id: str) -> None:
        """Whatever becomes of the job, this returns, or the process ends."""
        with self._at_work, structlog.contextvars.bound_contextvars(job=job_id):
            # without an answer from the database nothing is known of the job: the queue brings it again
            claim = self._or_end(lambda: self._claims.take(job_id))
            if claim is None:
                self._tidy(job_id)
                return
            self._claim = claim
            self._or_end(lambda: self._attempt(claim))
            if self._is_leaving:
                # to return would tell the queue that the job is done, which is about to be handed back
                threading.Event().wait()
            self._claim, self._idle_since = None, time.monotonic()

    def warm_up(self) -> None:
        """Load the default model before the first job asks for it."""
        if not self._settings.warm:
            return
        with self._at_work:
            # the job that woke it may want another model
            if self._first_state == WAKING and self._has_waiting():
                return
            try:
                warm(default_model())
            except Exception:  # the first job will say what is wrong
                log.exception("model not warm")
            self._idle_since = time.monotonic()

    def glance(self, glance: Glance) -> None:
        """Look at a still of which a clip may be asked soon, unless there is anything else to do."""
        with self._at_work:
            if not self._has_waiting():
                look_ahead(glance)
                self._idle_since = time.monotonic()

    @contextmanager
    def while_asked(self) -> Iterator[None]:
        """While somebody is answered, and soon after, it does not fall asleep."""
        with self._asked:
            yield
            self._idle_since = time.monotonic()

    def _has_waiting(self) -> bool:
        try:
            return Ledger(self._engine).waiting() > 0
        except StoreError:
            return True

    def live(self) -> None:
        """Give signs of life, look after the others, and end when there is nothing to do for long; never returns."""
        while True:
            time.sleep(BEAT_S)
            try:
                self._beat()
                for worker in self._watch.dead():
                    self._bury(worker)
            except StoreError:
                log.warning("database away", exc_info=True)
            self._sleep_if_idle()

    def stop(self) -> None:
        """End now: what is under way goes back to the queue, and the attempt does not count."""
        self._is_leaving = True
        claim = self._claim
        with suppress(StillmotionError):
            if claim is not None:
                self._claims.hand_back(claim, is_blameless=True)
        self._leave(claim, STOPPED)

    def _attempt(self, claim: Claim) -> None:
        attempt = Attempt(self._desk, claim)
        try:
            attempt.run()
            self._trouble.all_is_well()
            log.info("job done")
        except LeaseLost:
            log.warning("job taken over by another worker")
            self._leave_if_waiting(claim)
        except Exception as error:  # noqa: BLE001  # whatever it is, the job ends or waits again; the log has it
            self._settle(claim, outcome_of(error, claim, attempt.has_sampling, self._trouble))
        finally:
            attempt.clear()

    def _leave_if_waiting(self, claim: Claim) -> None:
        """Taken away, and nobody has it yet: the queue hears of it from here, or it would count the job as done."""
        if not self._is_leaving and self._claims.state(claim.id)[0] == "queued":
            self._leave(claim, SPENT)

    def _settle(self, claim: Claim, outcome: Outcome) -> None:
        log.info("job ended", state=outcome.state, why=outcome.sentence, exc_info=outcome.is_worth_a_trace)
        with suppress(LeaseLost):
            if outcome.is_again:
                self._claims.hand_back(claim, is_blameless=outcome.decode_chunk > 0, decode_chunk=outcome.decode_chunk)
            else:
                self._claims.end(claim, state=outcome.state, sentence=outcome.sentence)
                self._tidy(claim.id)
        if outcome.is_spent:
            self._leave(claim, SPENT)

    def _leave(self, claim: Claim | None, code: int) -> None:
        """End the process; whatever the queue still counts as this worker's is free for the next one."""
        log.info("worker ends", code=code)
        with suppress(Exception):
            self._inbox.take_from(self.name)
            if code == ASLEEP:
                self._heart.beat(SLEEPING, "", 0)
            else:
                self._heart.stop()
        if claim is not None:
            self._scratch.clear(claim.id, claim.lease)
        os._exit(code)

    def _or_end(self, work: Callable[[], Any]) -> Any:
        """A worker that cannot write down what it does is of no use: the next one finds the job where it was."""
        try:
            return work()
        except Exception:
            log.exception("worker cannot go on")
            self._leave(self._claim, SPENT)

    def _tidy(self, job_id: str) -> None:
        """What a dead worker had begun, or had finished of a job that was then stopped, is not kept."""
        with suppress(StillmotionError):
            self._scratch.sweep(self._lease_of)
            if self._claims.state(job_id)[0] in UNMADE:
                drop_clip(self._desk.store, job_id)

    def _lease_of(self, job_id: str) -> str:
        return self._claims.state(job_id)[1]

    def _beat(self) -> None:
        claim = self._claim
        state = "working" if claim is not None else "idle" if self._is_open else self._first_state
        self._heart.beat(state, "" if claim is None else claim.id, _gpu_bytes())

    def _bury(self, worker: str) -> None:
        if worker != self.name:
            log.warning("worker is dead, its job is taken over", worker=worker)
            # in this order: if this worker dies in between, the next one sees the dead one still
            release(self._engine, worker)
            self._inbox.take_from(worker)
            strike_off(self._engine, worker)

    def _sleep_if_idle(self) -> None:
        """A process that ends gives all its memory back, which no unloading does; a job that comes now is not lost."""
        limit = self._settings.idle_unload_s
        if not limit or time.monotonic() - self._idle_since <= limit or self._asked.locked():
            return
        # whoever has it works or loads a model
        if self._at_work.acquire(blocking=False):
            self._leave(None, ASLEEP)


def _gpu_bytes() -> int:
    """Bytes that torch has taken of the GPU; 0 without one, or before torch is there."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "cuda") or not torch.cuda.is_available():
        return 0
    return int(torch.cuda.memory_reserved())


def _follow(orders: IO[str], answers: IO[str], worker: Worker) -> None:
    """Until standard input ends: then whoever started this worker is gone."""
    Orders(worker.glance, Answering(answers, worker.while_asked)).follow(orders)
    worker.stop()


def main() -> None:
    """Runs one worker; its id is the only argument."""
    configure_log()
    name, answers = sys.argv[1], take_standard_output()
    try:
        settings = job_settings()
        with _alone(settings, name):
            worker = Worker(settings, name)
            threading.Thread(target=_follow, args=(sys.stdin, answers, worker), name="orders", daemon=True).start()
            worker.open()
            threading.Thread(target=worker.warm_up, name="warm up", daemon=True).start()
            worker.live()
    except StillmotionError as error:
        log.error("worker cannot start", why=str(error))  # noqa: TRY400  # the sentence says it all
        sys.exit(AWAY if isinstance(error, StoreError) else UNUSABLE)


def _alone(settings: JobSettings, name: str) -> FileLock:
    """Held by one worker of this name on this machine: a second studio's waits until the first one's has ended."""
    settings.data.mkdir(parents=True, exist_ok=True)
    return FileLock(settings.data / f"{name}.lock")


if __name__ == "__main__":
    main()
