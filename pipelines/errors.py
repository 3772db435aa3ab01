"""What can go wrong, in words for the person at the page.

    StillmotionError            a sentence and the cheapest remedy
    ├── InputError              something that was given is not usable (exit code 2, HTTP 422)
    │   ├── StillError          the picture
    │   ├── RequestError        a control
    │   ├── UnknownJob          an id that nobody was given, or whose clip is gone (HTTP 404)
    │   ├── LinkEnded           a shared link that was revoked or has run out (HTTP 410)
    │   └── NotYours            somebody else's job (HTTP 403)
    ├── ModelError              a model that is not here, not allowed or not loadable
    │   └── HubError            the hub refused or was not reached
    ├── OutOfMemory             the machine has too little memory for this request
    ├── BadFrames               the model produced frames that are not finite
    ├── ClipError               the clip could not be written or did not pass its probe
    ├── WorkerError             the worker process died or could not start
    ├── QueueFull               no room for another job now (HTTP 503 with Retry-After)
    ├── NotReady                a clip that is still being made (HTTP 503 with Retry-After)
    ├── StoreError              the database or the store of clips cannot be used (HTTP 503)
    └── Cancelled               the person stopped the job

The page and the command line show `str(error)`; the log has the traceback.
"""

from __future__ import annotations


class StillmotionError(Exception):
    """Base of every error that is shown to a person.

    `sentence` names the cause; `remedy` names the cure, or is empty where there is none.
    """

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence, remedy)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()


class InputError(StillmotionError):
    """Something that was given cannot be used."""


class StillError(InputError):
    """The picture cannot be opened or is not fit to be animated."""


class RequestError(InputError):
    """A control has a value that the model cannot follow."""


class UnknownJob(InputError):
    """There is no job with this id, or its clip is not there (any more)."""


class LinkEnded(InputError):
    """The link was good once: its owner took it back, or its time is over."""


class NotYours(InputError):
    """Only who started a job may stop, change or delete it."""


class ModelError(StillmotionError):
    """A model is not here or cannot be loaded."""


class HubError(ModelError):
    """The hub refused access or was not reached."""


class OutOfMemory(StillmotionError):
    """The machine has too little memory for this request."""


class BadFrames(StillmotionError):
    """The model produced values that are not finite."""


class ClipError(StillmotionError):
    """The clip could not be written, or what was written did not pass its probe."""


class WorkerError(StillmotionError):
    """The worker process died or could not start."""


class QueueFull(StillmotionError):
    """No further job is taken now; `retry_after_s` says in how many seconds it is worth asking again."""

    def __init__(self, sentence: str, retry_after_s: float) -> None:
        self.retry_after_s = max(1, round(retry_after_s))
        super().__init__(sentence, f"Try again in about {self.retry_after_s} s.")


class NotReady(StillmotionError):
    """The clip is still being made; `retry_after_s` says in how many seconds it is worth asking again."""

    def __init__(self, sentence: str, retry_after_s: float) -> None:
        self.retry_after_s = max(1, round(retry_after_s))
        super().__init__(sentence, f"Its job tells how far it is. Try again in about {self.retry_after_s} s.")


class StoreError(StillmotionError):
    """The database, or the place where clips are stored, is away or cannot be used."""


class Cancelled(StillmotionError):
    """The person stopped the job. Raised out of `on_step`, never shown as a failure."""

    def __init__(self) -> None:
        super().__init__("The job was stopped.")
