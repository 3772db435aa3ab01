"""The libraries beneath keep silent: what a person should know is said by `StepEvent`s and errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from diffusers.utils import logging as diffusers_log
from transformers.utils import logging as transformers_log


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Without the progress bars and hints that diffusers and transformers write to the terminal; then as before."""
    libraries = (diffusers_log, transformers_log)
    before = [(library.get_verbosity(), library.is_progress_bar_enabled()) for library in libraries]
    for library in libraries:
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library, (level, bars) in zip(libraries, before, strict=True):
            library.set_verbosity(level)
            if bars:
                library.enable_progress_bar()
