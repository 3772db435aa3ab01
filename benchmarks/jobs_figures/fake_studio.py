"""The real studio, whose workers have the fake model: `python -m benchmarks.jobs_figures.fake_studio`."""

from __future__ import annotations

import sys

import app
from jobs import worker_launch
from jobs.log import configure_log

FAKE_WORKER = [sys.executable, "-P", "-m", "benchmarks.jobs_figures.fake_worker"]


def main() -> None:
    """Serves as `python app.py` does."""
    worker_launch.COMMAND = FAKE_WORKER
    configure_log()
    app.serve()


if __name__ == "__main__":
    main()
