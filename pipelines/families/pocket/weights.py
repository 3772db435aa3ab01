"""The built-in model's network on disk: one file."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from pipelines.families.pocket.denoiser import HappeningDenoiser

FILE = "denoiser.safetensors"


def open_denoiser(folder: Path) -> HappeningDenoiser:
    """The network in a folder, in float32 on the CPU; raises `OSError` where it is missing or damaged."""
    network = HappeningDenoiser()
    try:
        network.load_state_dict(load_file(folder / FILE))
    except (SafetensorError, RuntimeError) as error:
        raise OSError(f"{FILE} is damaged: {error}") from error
    return network.eval().requires_grad_(False)


def save_denoiser(network: HappeningDenoiser, folder: Path) -> None:
    """Write the network; raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: each.contiguous() for name, each in network.state_dict().items()}, folder / FILE)
