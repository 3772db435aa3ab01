"""Tiny pipelines for all tests of this folder, each made once, and the request and still that they get."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.contract import RGB, OnStep, ignore_steps
from pipelines.families.stock.animator import StockAnimator
from pipelines.families.stock.calling import arguments
from pipelines.families.stock.loading import open_stock
from pipelines.request import MotionRequest
from tests.pipelines.families.stock.tiny import MAKERS
from tests.pipelines.families.stock.tiny_wordless import WORDLESS, WORDS

STEPS = 3

STILL = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)

FRAMES = {"framepack": 7, "kandinsky5": 17} | dict.fromkeys(
    ("hunyuan", "hunyuan-replace", "hunyuan15", "skyreels-v1", "ltx2"), 5
)
"""Where nine frames are not right: for two sections, for the first frame's statistics, or slow to decode."""

SMALL_WINDOW = 2
"""Latent frames of a section of FramePack, which has nine: a second one after five frames."""


@dataclass
class Tiny:
    """A tiny pipeline in a folder, loaded."""

    name: str
    folder: Path
    animator: StockAnimator

    @property
    def request(self) -> MotionRequest:
        said = {"prompt": "waves roll in", "negative_prompt": "blur"}
        return MotionRequest(
            model="tiny", num_frames=FRAMES.get(self.name, 9), num_inference_steps=STEPS, width=64, height=64, seed=7,
            fps=24, max_guidance_scale=3.0, **said,
        )  # fmt: skip

    def frames(self, on_step: OnStep = ignore_steps, resume: Any = None, **changes: Any) -> RGB:
        """The frames of a clip."""
        request = self.request.model_copy(update=changes)
        return np.concatenate([chunk.frames for chunk in self.animator.animate(STILL, request, on_step, resume)])

    def direct(self, *further: RGB) -> RGB:
        """The frames of the pipeline called as its documentation calls it, loaded anew."""
        import diffusers

        can, request = self.animator.can, self.request
        pipeline = getattr(diffusers, can.pipeline).from_pretrained(self.folder)
        if can.guidance == "guider":
            pipeline.guider.guidance_scale = request.max_guidance_scale
        torch.manual_seed(request.seed)
        generator = torch.Generator().manual_seed(request.seed)
        video = pipeline(**arguments(can, [STILL, *further], request, generator))[0][0]
        return (video * 255).round().astype("uint8")


def load(name: str, folder: Path) -> Tiny:
    """A fresh model."""
    animator = open_stock(folder, "cpu", "fp32")
    if name in WORDS:
        more = {**animator.can.arguments, **WORDS[name]}
        animator.can = replace(animator.can, takes_prompt=False, takes_negative_prompt=False, arguments=more)
    if name == "framepack":
        section = replace(animator.can.frames, section=4 * (SMALL_WINDOW - 1) + 1)
        animator.can = replace(animator.can, frames=section, arguments={"latent_window_size": SMALL_WINDOW})
    return Tiny(name, folder, animator)


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny pipeline, made when it is first asked for."""
    base = tmp_path_factory.mktemp("tiny")

    @functools.cache
    def made(name: str) -> Path:
        (MAKERS | WORDLESS)[name]().save_pretrained(base / name)
        return base / name

    return made


@pytest.fixture(scope="session")
def tiny(folder_of: Callable[[str], Path]) -> Callable[[str], Tiny]:
    """A tiny pipeline, loaded once."""
    return functools.cache(lambda name: load(name, folder_of(name)))
