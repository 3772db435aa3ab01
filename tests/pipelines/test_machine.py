"""Facts about the machine, and the sentence about a request."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import machine
from pipelines.machine import GIB, Gpu, Memory, data_folder, gpus
from pipelines.models import fit as fit_module
from pipelines.models.asking import fits, request_for
from pipelines.models.catalogue import find
from pipelines.models.fit import Fit
from pipelines.models.spec import ModelSpec
from pipelines.request import MotionRequest


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("STILLMOTION_DATA", str(tmp_path))
    monkeypatch.delenv("STILLMOTION_SVD_PATH", raising=False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    gpus.cache_clear()
    yield
    gpus.cache_clear()


def answer(monkeypatch: pytest.MonkeyPatch, listing: str | Exception) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        if isinstance(listing, Exception):
            raise listing
        return subprocess.CompletedProcess([], 0, stdout=listing)

    monkeypatch.setattr(machine.shutil, "which", lambda _: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(machine.subprocess, "run", run)


def xt() -> tuple[ModelSpec, MotionRequest]:
    return find("svd-xt"), request_for({"model": "svd-xt"})


FOUR = "".join(f"{index}, GPU-{index}abcdef0-1111, NVIDIA H100 {index}, 81559\n" for index in range(4))


def test_gpus_are_read_from_nvidia_smi(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "0, GPU-a, NVIDIA GeForce RTX 4090, 24564\n1, GPU-b, Odd, card, 8192\n[N/A], [N/A]\n")
    assert gpus() == (Gpu("NVIDIA GeForce RTX 4090", 24564 * 2**20, "0"), Gpu("Odd, card", 8 * GIB, "1"))


@pytest.mark.parametrize(
    ("visible", "shown"),
    [
        ("2", [(2, "2")]),
        ("3,1", [(3, "3"), (1, "1")]),
        ("0,9,1", [(0, "0")]),
        ("GPU-2abcdef0-1111", [(2, "GPU-2abcdef0-1111")]),
        ("GPU-3", [(3, "GPU-3")]),
        ("MIG-1c7f", [(0, "MIG-1c7f")]),
        ("nonsense", []),
        ("-1", []),
    ],
)
def test_only_gpus_that_are_shown_to_us_are_ours(
    monkeypatch: pytest.MonkeyPatch, visible: str, shown: list[tuple[int, str]]
) -> None:
    answer(monkeypatch, FOUR)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [(int(gpu.name[-1]), gpu.device) for gpu in gpus()] == shown


@pytest.mark.parametrize("trouble", [subprocess.TimeoutExpired("nvidia-smi", 5), FileNotFoundError(), "No devices"])
def test_a_silent_nvidia_smi_means_no_gpu(monkeypatch: pytest.MonkeyPatch, trouble: str | Exception) -> None:
    answer(monkeypatch, trouble)
    assert gpus() == ()


def test_hidden_gpus_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, FOUR)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus() == ()


def test_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert data_folder() == tmp_path
    monkeypatch.delenv("STILLMOTION_DATA")
    assert data_folder().name == "stillmotion"


def test_memory_is_that_of_this_machine() -> None:
    now = machine.memory()
    assert 0 < now.available_bytes <= now.total_bytes


@pytest.mark.parametrize(
    ("card", "ok", "sentence"),
    [
        (24564, True, "Fits: about 13 GB of 24 GB of GPU memory, all at once."),
        (
            12288,
            True,
            "Fits: about 9.8 GB of 12 GB of GPU memory, guidance in two passes, decoding with parts of it twice.",
        ),
        (3400, False, "Needs about 3.0 GB of GPU memory; the GPU has 3.3 GB. A size of 576x320 would fit."),
        (1024, False, "Needs about 3.0 GB of GPU memory; the GPU has 1.0 GB. Choose the model Pocket."),
    ],
)
def test_fit_on_a_gpu(monkeypatch: pytest.MonkeyPatch, card: int, ok: bool, sentence: str) -> None:
    answer(monkeypatch, f"0, GPU-a, NVIDIA, {card}\n")
    assert fits(*xt()) == Fit(ok, sentence)


@pytest.mark.parametrize(
    ("available", "ending"),
    [(64, "It would run on the CPU, in hours."), (8, "Its memory is too small as well. Choose the model Pocket.")],
)
def test_fit_without_a_gpu(monkeypatch: pytest.MonkeyPatch, available: int, ending: str) -> None:
    answer(monkeypatch, "")
    monkeypatch.setattr(fit_module, "memory", lambda: Memory(64 * GIB, available * GIB))
    fit = fits(*xt())
    assert fit.sentence == f"Needs about 13 GB of GPU memory; this machine has no NVIDIA GPU. {ending}"
    assert not fit.ok


def test_the_time_is_foretold_for_known_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "0, GPU-a, NVIDIA A100-SXM4-80GB, 81920\n")
    exact, fast = (request_for({"model": "svd-xt", "speed": speed}) for speed in ("exact", "fast"))
    assert fits(find("svd-xt"), exact).sentence.endswith(" of 80 GB of GPU memory, all at once; about 38 s.")
    assert fits(find("svd-xt"), fast).sentence.endswith("; about 16 s.")


def test_a_large_decode_chunk_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "0, GPU-a, NVIDIA, 12288\n")
    request = request_for({"model": "svd-xt", "decode_chunk_size": 25})
    assert fits(find("svd-xt"), request).ok


def test_pocket_needs_ordinary_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    request = request_for({"model": "pocket"})
    monkeypatch.setattr(fit_module, "memory", lambda: Memory(16 * GIB, 8 * GIB))
    assert fits(find("pocket"), request) == Fit(True, "Fits: about 1.4 GB of 8.0 GB of free memory.")
    monkeypatch.setattr(fit_module, "memory", lambda: Memory(16 * GIB, GIB))
    assert fits(find("pocket"), request).sentence == "Needs about 1.4 GB of memory; 1.0 GB are free."
