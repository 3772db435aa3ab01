"""What each speed gives up: `python -m benchmarks.svd_fidelity --model PATH [--still FILE]`.

For people who have weights: the approximate speeds cannot be judged on random ones. Each clip is compared with the one
of the exact speed, from the same still and seed. LPIPS is measured where it is installed: see `benchmarks.perceptual`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from skimage.metrics import structural_similarity

from benchmarks.perceptual import Distance, lpips_distance
from benchmarks.pocket_figures.bench import SHIPPED_STILLS
from jobs.make_clip import find_anchor
from media.framing import frame_still
from media.stills import open_still
from pipelines.contract import RGB
from pipelines.loading import load_animator
from pipelines.models.asking import request_for
from pipelines.models.catalogue import find

SPEEDS = ("fast", "faster", "turbo")

STEPS_OF_EXACT = 25
"""Steps of the clip that the others are held against."""

BRIGHTEST = 255


@dataclass(frozen=True)
class Fidelity:
    """How near a speed comes to the exact clip: the worst frame's PSNR in dB, the mean SSIM, and its share of time.

    `lpips` is the mean LPIPS distance, None where that is not installed.
    """

    speed: str
    psnr: float
    ssim: float
    time: float
    lpips: float | None = None


def main(
    model: Annotated[str, typer.Option(help="A model of the catalogue, a diffusers folder or a single file.")],
    still: Annotated[Path, typer.Option(help="The picture to move.")] = SHIPPED_STILLS / "lake.jpg",
    json_file: Annotated[Path | None, typer.Option("--json", help="Where the figures go as JSON.")] = None,
    size: Annotated[str, typer.Option(help="Width x height in pixels.")] = "1024x576",
) -> None:
    """Measure and print every speed that the model's weights allow."""
    width, height = (int(side) for side in size.split("x"))
    distance = lpips_distance()
    results = measure(model, still, {"width": width, "height": height}, None if isinstance(distance, str) else distance)
    typer.echo(table(results))
    if isinstance(distance, str):
        typer.echo(f"\n{distance}")
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")


def table(results: Sequence[Fidelity]) -> str:
    """The results as Markdown."""
    rows = ["| speed | PSNR, worst frame | SSIM, mean | LPIPS, mean | time over exact |", "|---|---|---|---|---|"]
    for result in results:
        lpips = "not measured" if result.lpips is None else f"{result.lpips:.3f}"
        rows.append(f"| {result.speed} | {result.psnr:.1f} dB | {result.ssim:.3f} | {lpips} | {result.time:.2f} x |")
    return "\n".join(rows)


def measure(model: str, still: Path, controls: dict[str, object], distance: Distance | None = None) -> list[Fidelity]:
    """One result per speed that the model's weights allow, each against the exact clip of the same seed."""
    spec = find(model)
    animator = load_animator(model, None, None)

    def clip(speed: str) -> tuple[RGB, float]:
        asked = {"num_inference_steps": STEPS_OF_EXACT} if speed == "exact" else {}
        request = request_for({"model": model, "seed": 1, "speed": speed} | asked | controls, find)
        opened = open_still(still)
        framed = frame_still(opened, request, find_anchor(opened, request))
        begun = time.perf_counter()
        frames = np.concatenate([chunk.frames for chunk in animator.animate(framed, request)])
        return frames, time.perf_counter() - begun

    exact, seconds = clip("exact")
    allowed = [speed for speed in SPEEDS if speed != "turbo" or spec.is_distilled]
    return [_compared(speed, exact, clip(speed), seconds, distance) for speed in allowed]


def _compared(
    speed: str, exact: RGB, clip: tuple[RGB, float], exact_took: float, distance: Distance | None
) -> Fidelity:
    frames, took = clip
    pairs = list(zip(exact, frames, strict=True))
    similar = [structural_similarity(a, b, channel_axis=2) for a, b in pairs]
    lpips = None if distance is None else distance(exact, frames)
    return Fidelity(speed, min(psnr(a, b) for a, b in pairs), float(np.mean(similar)), took / exact_took, lpips)


def psnr(a: RGB, b: RGB) -> float:
    """Peak signal to noise ratio of two pictures in dB; infinite where they are equal."""
    error = float(((a.astype(np.float32) - b) ** 2).mean())
    return 10 * math.log10(BRIGHTEST**2 / error) if error else math.inf


if __name__ == "__main__":
    typer.run(main)
