"""The queue: what the page asks for work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jobs.glance import Glance
from jobs.job import NAMELESS, Job
from pipelines.request import MotionRequest


@dataclass(frozen=True)
class Health:
    """Whether jobs will be worked off: `obstacles` name what stands in the way, none where nothing does.

    `warnings` are what whoever keeps the studio running has to mend although jobs are made.
    """

    obstacles: Sequence[str] = ()
    warnings: Sequence[str] = ()

    @property
    def sentences(self) -> Sequence[str]:
        """Everything that is to be said."""
        return [*self.obstacles, *self.warnings]

    @property
    def is_ready(self) -> bool:
        """Whether a job submitted now would be made."""
        return not self.obstacles


@dataclass(frozen=True)
class Turn:
    """A job that runs or waits; `job` is None where it is somebody else's: of those one knows only that they are."""

    is_running: bool
    job: Job | None


class JobQueue(Protocol):
    """What a queue can do.

    `user` is whose job it is; who has an id may look at the job, only its owner may change it. Every method that takes
    an id raises `UnknownJob` where there is no such job; those that take a `user` too raise `NotYours`. All raise
    `StoreError` where the database or the store of clips is away.
    """

    def submit(
        self,
        still: Path,
        request: MotionRequest,
        user: str = "",
        name: str = NAMELESS,
        further: Iterable[Path] = (),
    ) -> str:
        """Accept a job and return its id. The still is copied, and so are those `further` ones that the request's
        direction names; a seed is drawn; `name` is the picture's (`photo_name`).

        Raises `QueueFull` where too many wait, `StillError` where there is no such picture and `ClipError` where there
        is no room for it.
        """
        ...

    def expect(self, glance: Glance | None = None) -> None:
        """Somebody is about to submit: a sleeping worker wakes, and looks at their still. Raises nothing."""
        ...

    def ask(self, kind: str, what: Mapping[str, Any]) -> Mapping[str, Any]:
        """A worker's answer to a question about a still on this machine.

        Raises `WorkerError` where none comes in time.
        """
        ...

    def again(self, job_id: str, request: MotionRequest, user: str) -> str:
        """A new job of the same picture, under the same name."""
        ...

    def decode_again(self, job_id: str, request: MotionRequest, user: str) -> str:
        """A new job that makes the frames of an old one anew, with other controls of `AFTER_SAMPLING`.

        Raises `RequestError` where the old one's sampling was not kept.
        """
        ...

    def get(self, job_id: str) -> Job:
        """The job as it is now."""
        ...

    def watch(self, job_id: str) -> Iterator[Job]:
        """The job now, then whenever it has changed, up to and including its end. Any number may watch."""
        ...

    def list(self, user: str, search: str = "", favourites: bool = False, before: float | None = None) -> Sequence[Job]:
        """A page of the finished clips of a person, newest first, that have every word of `search` in their name,
        title or settings; the next page is what was made `before` the last of this one.

        Raises `InputError` for too long a search.
        """
        ...

    def has_any(self, user: str) -> bool:
        """Whether anything was ever made or asked for by a person."""
        ...

    def hand_over(self, user: str, other: str) -> None:
        """All that is a person's, links too, is the other one's from now on."""
        ...

    def turns(self, user: str) -> Sequence[Turn]:
        """All jobs under way: those that run, then those that wait, in their order."""
        ...

    def make_next(self, job_id: str, user: str) -> None:
        """Of one's own waiting jobs, this is to be the first; those of others keep their places."""
        ...

    def cancel(self, job_id: str, user: str = "") -> None:
        """Stop a job: at once where it waits, within one step or chunk where it runs, by force where that takes long.

        Ended jobs stay as they are.
        """
        ...

    def entitle(self, job_id: str, user: str, title: str) -> None:
        """Remember the newest title that was given to a clip: it is found by that, too."""
        ...

    def favour(self, job_id: str, user: str, is_favourite: bool) -> None:
        """Mark a clip as a favourite, or no longer."""
        ...

    def delete(self, job_id: str, user: str) -> None:
        """Take a clip out of the library; its files stay for `UNDO_S` seconds."""
        ...

    def restore(self, job_id: str, user: str) -> None:
        """Undo a deletion; raises `UnknownJob` where the files are gone."""
        ...

    def file(self, job_id: str, name: str) -> Path:
        """A file of a job (`jobs.job.STILL` and so on) on this machine; raises `UnknownJob` where it is not there."""
        ...

    def still(self, job_id: str, user: str) -> Path:
        """The still of one's own job; raises `UnknownJob` where it is gone."""
        ...

    def further(self, job_id: str, user: str) -> Sequence[Path]:
        """The files of the further stills of a job of one's own, those that are there."""
        ...

    def estimate(self, request: MotionRequest) -> float | None:
        """Seconds that a clip will take, its turn having come, or None where nothing is known yet."""
        ...

    def start(self) -> None:
        """Begin to work off what waits."""
        ...

    def close(self) -> None:
        """End in good order; what is under way is gone on with at the next start."""
        ...

    def health(self) -> Health:
        """What stands in the way of work."""
        ...
