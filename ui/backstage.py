"""What the page and the routes stand on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from jobs.exports import Exports
from jobs.queue import JobQueue
from jobs.shares import Shares
from ui.door.library_keys import LibraryKeys
from ui.door.uploads import Uploads
from ui.door.visitors import Keys
from ui.waiting import Waiting


@dataclass(frozen=True)
class Backstage:
    """The queue, links and exports of its clips, figures for Prometheus, keys made of the studio's secret, uploads,
    keys to libraries, and who waits for what."""

    queue: JobQueue
    shares: Shares
    exports: Exports
    metrics: Callable[[], bytes]
    keys: Keys
    uploads: Uploads
    library_keys: LibraryKeys

    @functools.cached_property
    def waiting(self) -> Waiting:
        """Waits for jobs and files."""
        return Waiting(self.queue, self.exports)
