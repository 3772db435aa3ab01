"""Downloads of models, one thread each, watched by the page."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import structlog

from pipelines.errors import StillmotionError
from pipelines.models.catalogue import find
from pipelines.models.hub import fetch

log = structlog.get_logger("downloads")


@dataclass(frozen=True)
class Download:
    """Bytes done and in all; `sentence` says why it ended without the files, `is_running` whether it goes on."""

    done: int = 0
    total: int = 0
    sentence: str = ""
    is_running: bool = False


class Downloads:
    """Thread-safe; asking twice for the same model starts one download."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, Download] = {}

    def start(self, model: str) -> None:
        """Fetch a model's files in the background."""
        with self._lock:
            if self._states.get(model, Download()).is_running:
                return
            # noted after the start, which may fail: then it may be asked for again
            threading.Thread(target=self._run, args=(model,), name="download", daemon=True).start()
            self._states[model] = Download(is_running=True)

    def state(self, model: str) -> Download:
        """How far the download of a model is; all zeros where none was asked for."""
        with self._lock:
            return self._states.get(model, Download())

    def _run(self, model: str) -> None:
        try:
            fetch(find(model), lambda done, total: self._set(model, Download(done, total, is_running=True)))
            last = self.state(model)
            self._set(model, Download(last.total, last.total))
        except StillmotionError as error:
            log.warning("download ended", model=model, why=str(error))
            self._set(model, Download(sentence=str(error)))
        except Exception:  # the page must not wait for ever
            log.exception("download ended", model=model)
            self._set(model, Download(sentence="The download failed unexpectedly. Try again, or look at the log."))

    def _set(self, model: str, state: Download) -> None:
        with self._lock:
            self._states[model] = state
