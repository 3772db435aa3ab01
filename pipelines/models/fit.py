"""Whether something fits this machine, in one sentence for the page. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.families import BUILT_IN, family
from pipelines.machine import GIB, Gpu, gpus, memory

PEAK_TERAFLOPS = {"H200": 989, "H100": 756, "A100": 312, "RTX 4090": 165}
"""Operations per second in fp16 of some cards, 1e12 of them, by a part of their names: by their data sheets, dense,
the slowest card of a name. Of other cards no time is foretold."""


@dataclass(frozen=True)
class Fit:
    """Whether a request fits this machine, and one sentence about it for the page."""

    ok: bool
    sentence: str


def fit_in_memory(needed: float) -> Fit:
    """Of a run that takes `needed` bytes of main memory."""
    available = memory().available_bytes
    if needed <= available:
        return Fit(True, f"Fits: about {in_gb(needed)} of {in_gb(available)} of free memory.")
    return Fit(False, f"Needs about {in_gb(needed)} of memory; {in_gb(available)} are free.")


def fit_without_gpu(needed: float) -> Fit:
    """Of a run that takes `needed` bytes of a GPU's memory, on a machine that has none."""
    sentence = f"Needs about {in_gb(needed)} of GPU memory; this machine has no NVIDIA GPU."
    if needed <= memory().available_bytes:
        return Fit(False, f"{sentence} It would run on the CPU, in hours.")
    return Fit(False, f"{sentence} Its memory is too small as well. {choose_built_in()}")


def largest_gpu() -> Gpu | None:
    """The NVIDIA GPU with the most memory."""
    return max(gpus(), key=lambda gpu: gpu.total_bytes, default=None)


def seconds_on(gpu: Gpu, flops: float, share: float) -> float | None:
    """How long so many operations take on a card of which a model uses that `share`; None for a card not known."""
    peak = next((peak for name, peak in PEAK_TERAFLOPS.items() if name in gpu.name), None)
    return flops / (peak * 1e12 * share) if peak else None


def choose_built_in() -> str:
    """The remedy that always works."""
    return f"Choose the model {family(BUILT_IN).specs()[0].name}."


def in_gb(size: float) -> str:
    """Bytes in words."""
    whole = size / GIB
    return f"{whole:.0f} GB" if whole >= 10 else f"{whole:.1f} GB"
