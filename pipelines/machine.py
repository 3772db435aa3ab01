"""Facts about the machine that the studio runs on. Knows no torch: the page asks before anything is loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import platformdirs
import psutil  # type: ignore[import-untyped]

from pipelines.families.svd.plan import CUDA_CONTEXT_BYTES, choose, estimate, fitting_change, plans_for
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest

GIB = 2**30
"""Bytes of what everybody calls a GB of memory."""

MIB = 2**20
"""Bytes of the unit that nvidia-smi counts in."""

POCKET_BYTES = 1.5e9
"""Bytes that the worker takes with the built-in model: the bar that its benchmark holds it to."""

PEAK_TERAFLOPS = {"H200": 790, "H100": 756, "A100": 312, "RTX 4090": 165}
"""Operations per second in fp16 of some cards, 1e12 of them, by a part of their names: H200 measured, others by data
sheet. Of other cards no time is foretold."""

USUAL_SHARE = 0.34
"""Share of the peak that Stable Video Diffusion reaches: 39.9 s per clip on an A100 (OneDiff's chart of diffusers)."""

NVIDIA_SMI_SECONDS = 5
"""Longest wait for nvidia-smi, which answers within a second unless the driver hangs."""


@dataclass(frozen=True)
class Memory:
    """The machine's memory in bytes: all of it, and what a new program may take now."""

    total_bytes: int
    available_bytes: int


@dataclass(frozen=True)
class Gpu:
    """An NVIDIA GPU: its name, all of its memory in bytes, and what CUDA_VISIBLE_DEVICES calls it."""

    name: str
    total_bytes: int
    device: str = ""


@dataclass(frozen=True)
class Fit:
    """Whether a request fits this machine, and one sentence about it for the page."""

    ok: bool
    sentence: str


def data_folder() -> Path:
    """Where a person's clips, jobs and added models are kept: `STILLMOTION_DATA`, or the system's usual place."""
    chosen = os.environ.get("STILLMOTION_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("stillmotion")


def memory() -> Memory:
    """The machine's memory, as it is now."""
    now = psutil.virtual_memory()
    return Memory(now.total, now.available)


@cache
def gpus() -> tuple[Gpu, ...]:
    """The NVIDIA GPUs that CUDA_VISIBLE_DEVICES shows, in its order; none where nvidia-smi is absent or silent."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all") in {"", "-1"}:
        return ()
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    question = [program, "--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=NVIDIA_SMI_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ()
    return _visible(_gpus_in(answer.stdout), os.environ.get("CUDA_VISIBLE_DEVICES"))


def fits(spec: ModelSpec, request: MotionRequest) -> Fit:
    """An estimate from counted tensors, not a promise: weights, the larger of sampling and decoding, and slack.

    Of Stable Video Diffusion, the sentence names the plan that the run would take on the largest GPU.
    """
    if spec.family == "pocket":
        return _fit_in_memory(POCKET_BYTES, "")
    if not gpus():
        return _fit_without_gpu(estimate(plans_for(request, "gpu")[0], request).peak_bytes)
    return _fit_on_gpu(request, max(gpus(), key=lambda gpu: gpu.total_bytes))


def _fit_on_gpu(request: MotionRequest, gpu: Gpu) -> Fit:
    free = gpu.total_bytes - CUDA_CONTEXT_BYTES
    plan = plans_for(request, "gpu")[choose(request, "gpu", free)]
    cost, total = estimate(plan, request), gpu.total_bytes
    needed = cost.peak_bytes
    if needed <= free:
        return Fit(True, f"Fits: about {_gb(needed)} of {_gb(total)} of GPU memory, {plan}{_time(gpu, cost.flops)}.")
    remedy = fitting_change(request, "gpu", free) or "Choose the model Pocket."
    return Fit(False, f"Needs about {_gb(needed)} of GPU memory; the GPU has {_gb(total)}. {remedy}")


def _time(gpu: Gpu, flops: float) -> str:
    """How long so much work takes on a known card, as the end of a sentence; empty for others."""
    peaks = (peak for name, peak in PEAK_TERAFLOPS.items() if name in gpu.name)
    peak = next(peaks, None)
    return f"; about {flops / (peak * 1e12 * USUAL_SHARE):.0f} s" if peak else ""


@dataclass(frozen=True)
class _Listed:
    """A line of nvidia-smi."""

    index: str
    uuid: str
    gpu: Gpu


def _gpus_in(listing: str) -> list[_Listed]:
    found = []
    for line in listing.splitlines():
        # a name may hold a comma
        head, _, size = line.rpartition(",")
        index, uuid, name = (part.strip() for part in (*head.split(",", 2), "", "")[:3])
        if index.isdigit() and size.strip().isdigit():
            found.append(_Listed(index, uuid, Gpu(name, int(size) * MIB, index)))
    return found


def _visible(listed: list[_Listed], wanted: str | None) -> tuple[Gpu, ...]:
    """Those that are named, in that order; as CUDA does, none from the first name on that is no GPU's."""
    if wanted is None:
        return tuple(each.gpu for each in listed)
    shown: list[Gpu] = []
    for token in map(str.strip, wanted.split(",")):
        named = next((each for each in listed if _is_called(each, token)), None)
        if named is None:
            break
        shown.append(replace(named.gpu, device=token))
    return tuple(shown)


def _is_called(listed: _Listed, token: str) -> bool:
    """By its number, by its UUID or the beginning of it; a part of a GPU (MIG) passes for the first one: nvidia-smi
    does not tell in this list whose it is."""
    return token == listed.index or token.startswith("MIG-") or (len(token) > 4 and listed.uuid.startswith(token))


def _fit_in_memory(needed: float, remedy: str) -> Fit:
    available = memory().available_bytes
    if needed <= available:
        return Fit(True, f"Fits: about {_gb(needed)} of {_gb(available)} of free memory.")
    return Fit(False, f"Needs about {_gb(needed)} of memory; {_gb(available)} are free. {remedy}".strip())


def _fit_without_gpu(needed: float) -> Fit:
    sentence = f"Needs about {_gb(needed)} of GPU memory; this machine has no NVIDIA GPU."
    if needed <= memory().available_bytes:
        return Fit(False, f"{sentence} It would run on the CPU, in hours.")
    return Fit(False, f"{sentence} Its memory is too small as well. Choose the model Pocket.")


def _gb(size: float) -> str:
    whole = size / GIB
    return f"{whole:.0f} GB" if whole >= 10 else f"{whole:.1f} GB"
