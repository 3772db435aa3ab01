"""Puts the averaged weights of a run where the studio finds them: `python -m training.ship RUN`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.catalogue import POCKET_FOLDER
from pipelines.pocket.pipeline import save_networks
from pipelines.pocket.sampling import Networks
from pipelines.pocket.weights import open_networks


def ship(run: Path, folder: Path = POCKET_FOLDER) -> None:
    """Write the run's averaged weights to a pipeline folder, in float16: half the download for no visible change."""
    averaged = open_networks(run / "averaged")
    save_networks(Networks(averaged.unet.half(), averaged.encoder.half(), averaged.codec), folder)


def main(run: Annotated[Path, typer.Argument(help="The folder of a training run.")]) -> None:
    """Ship the averaged weights of a run."""
    ship(run)


if __name__ == "__main__":
    typer.run(main)
