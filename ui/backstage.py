"""What the page and the routes stand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jobs.exports import Exports
from jobs.queue import JobQueue
from jobs.shares import Shares


@dataclass(frozen=True)
class Backstage:
    """The queue, links and exports of its clips, figures for Prometheus, and the key that signs visitors' cookies."""

    queue: JobQueue
    shares: Shares
    exports: Exports
    metrics: Callable[[], bytes]
    secret: str
