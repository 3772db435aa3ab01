"""The studio of this machine, opened: its queue with its workers, its shares, exports, uploads and keys."""

from __future__ import annotations

from jobs.caretaker import UPLOADS
from jobs.durable_queue import DurableQueue
from jobs.exports import Exports
from jobs.job import CLIP
from jobs.metrics import metrics_text
from jobs.owners import UsedKeys
from jobs.secret import secret_of
from jobs.settings import job_settings
from jobs.shares import Shares
from ui.backstage import Backstage
from ui.door.library_keys import LibraryKeys
from ui.door.uploads import Uploads
from ui.door.visitors import Keys


def open_backstage() -> Backstage:
    """By the environment's settings (`jobs.settings`); the queue is not started yet. Raises `StillmotionError`."""
    settings = job_settings()
    queue = DurableQueue(settings)
    exports = Exports(settings.data, lambda job_id: queue.file(job_id, CLIP), settings.credentials)
    secret, uploads = secret_of(settings), Uploads(settings.data / UPLOADS)
    shares, library_keys = Shares(queue.engine), LibraryKeys(secret, UsedKeys(queue.engine))
    return Backstage(queue, shares, exports, metrics_text(queue.engine), Keys(secret), uploads, library_keys)
