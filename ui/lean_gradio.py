"""Gradio with less: without the half of its start, the seventh of the memory and the unrest that no page needs."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import gradio as gr

STUB_WRITER = "gradio.component_meta"

SELDOM_USED = "pandas"
"""Gradio imports it for tables and plots, of which the page has none: 29 MB and 0.3 s."""


def prepare() -> None:
    """To be called before the first import of Gradio; later it does nothing."""
    if "gradio" in sys.modules:
        return
    sys.meta_path.insert(0, _WithoutStubs())
    if SELDOM_USED not in sys.modules:
        sys.modules[SELDOM_USED] = _Later(SELDOM_USED)


QUEUE_LOOK_S = 0.05
"""Seconds between looks at an empty queue of events: Gradio's own 1 ms takes 3 % of a core; a click waits 25 ms."""

PROGRESS_LOOK_S = 1.0
"""Seconds between looks for reports of `gr.Progress`, which the page does not use; Gradio's own are 10 ms."""


def calm(page: gr.Blocks) -> None:
    """Let the page's queue of events rest between two looks at it."""
    page._queue.sleep_when_free = QUEUE_LOOK_S
    page._queue.progress_update_sleep_when_free = PROGRESS_LOOK_S


class _WithoutStubs(MetaPathFinder):
    """Gradio writes a .pyi file for each class of components into the installed package, at each start: 2.5 s."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != STUB_WRITER:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_without(module: ModuleType) -> None:
                run(module)
                module.create_or_modify_pyi = lambda *_: None  # type: ignore[attr-defined]

            spec.loader.exec_module = run_without  # type: ignore[method-assign]
        return spec


class _Later(ModuleType):
    """Stands for a module until something of it is used. The library's own LazyLoader ends at the second import."""

    __spec__ = None

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)
