"""Any image-to-video pipeline of diffusers, as the studio sees it. Knows no torch until a model is opened."""

from __future__ import annotations

from pathlib import Path

from pipelines.contract import Animator
from pipelines.families.stock.check import check
from pipelines.families.stock.found import Whole, found_in
from pipelines.families.stock.named import NAMED
from pipelines.families.stock.plans import Weights, first_that_fits, plans_for
from pipelines.machine import memory
from pipelines.models.family import Family, Found, Places
from pipelines.models.fit import Fit, choose_built_in, fit_without_gpu, in_gb, largest_gpu
from pipelines.models.hub import snapshot
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest

LARGEST_SHARE = 0.7
"""Share of a model's weights that is in its largest part, the denoiser: 0.42 (Wan 2.2 A14B) to 0.72 (Wan 2.1)."""


FILE_BYTES, CPU_BYTES = 2, 4
"""Bytes of a number in the files, and on a CPU, which takes them in 32 bit."""


class Stock(Family):
    """Pipelines from diffusers' folders, from safetensors only and without code of their own."""

    name = "stock"

    def specs(self) -> tuple[ModelSpec, ...]:
        """The well-known ones."""
        return NAMED

    def recognise(self, path: Path) -> Found | None:
        """A folder with a `model_index.json`."""
        return found_in(path)

    def check(self, spec: ModelSpec, request: MotionRequest) -> None:
        """By what the folder of the model says, where it is here."""
        found = _found(spec)
        if found is not None:
            check(found.can, request)

    def fit(self, spec: ModelSpec, request: MotionRequest) -> Fit:
        """By the weights alone: nobody has measured what a run of each of them takes."""
        gpu, size = largest_gpu(), float(spec.size_bytes)
        if gpu is None:
            return fit_without_gpu(CPU_BYTES / FILE_BYTES * size)
        if size > (free := memory().available_bytes):
            sentence = f"Its weights of about {in_gb(size)} go through main memory, of which {in_gb(free)} are free."
            return Fit(False, f"{sentence} {choose_built_in()}")
        plans = plans_for("gpu")
        plan = plans[first_that_fits(plans, Weights(size, LARGEST_SHARE * size), gpu.total_bytes)]
        return Fit(True, f"Weights of about {in_gb(size)} on a GPU with {in_gb(gpu.total_bytes)}: {plan}.")

    def open(self, places: Places, device: str | None, dtype: str | None) -> Animator:
        """The pipeline in its folder."""
        from pipelines.families.stock.loading import open_stock

        return open_stock(places.own, device, dtype)


def _found(spec: ModelSpec) -> Whole | None:
    place = spec.path or snapshot(spec)
    return None if place is None else found_in(place)


FAMILY = Stock()
