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

GIB = 2**30
"""Bytes of what everybody calls a GB of memory."""

MIB = 2**20
"""Bytes of the unit that nvidia-smi counts in."""

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
