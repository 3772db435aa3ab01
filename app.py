"""Stillmotion: turn a still into a moving clip. `python app.py` serves the studio, `--help` tells the rest."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobs.log import configure_log
from pipelines.errors import ClipError, InputError, ModelError, StillmotionError, WorkerError
from ui.options import request_options

if TYPE_CHECKING:
    from ui.backstage import Backstage

cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
models_cli = typer.Typer(help="The models: which there are, which are here.")
cli.add_typer(models_cli, name="models")

BAD_INPUT, FAILED = 2, 1
"""Exit codes: something given was not usable; something went wrong."""

BAD_INPUTS = (InputError, ModelError, ClipError)
"""A picture, a control, a model that is not here, a place that cannot be written to: the caller can mend them."""


CLOSING_S = 3
"""Seconds that open pages have to let go after Ctrl-C: their heartbeats never end by themselves."""


class Settings(BaseSettings):
    """Read from STILLMOTION_HOST, STILLMOTION_PORT; PORT wins, as it does on hosts of web apps."""

    model_config = SettingsConfigDict(env_prefix="STILLMOTION_")
    host: str = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"  # noqa: S104  # a Space is reached from outside
    port: int = 7860


@cli.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Turn a still into a moving clip, in the browser or here."""
    configure_log()
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def serve() -> None:
    """Serve the studio (what `python app.py` does)."""
    import uvicorn

    from ui.server import build_server

    settings = Settings()
    port = int(os.environ.get("PORT", settings.port))
    with _plainly():
        _check_port(settings.host, port)
        backstage = _backstage()
    typer.echo(f"Stillmotion is at http://{settings.host}:{port}")
    uvicorn.run(
        build_server(backstage),
        host=settings.host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=CLOSING_S,
    )


def _backstage() -> Backstage:
    from jobs.durable_queue import DurableQueue
    from jobs.exports import Exports
    from jobs.job import CLIP
    from jobs.metrics import metrics_text
    from jobs.schema import secret_of
    from jobs.settings import job_settings
    from jobs.shares import Shares
    from ui.backstage import Backstage

    settings = job_settings()
    queue = DurableQueue(settings)
    exports = Exports(settings.data, lambda job_id: queue.file(job_id, CLIP), settings.credentials)
    return Backstage(queue, Shares(queue.engine), exports, metrics_text(queue.engine), secret_of(queue.engine))


@cli.command()
def worker() -> None:
    """Make clips for a studio elsewhere: STILLMOTION_DATABASE_URL and STILLMOTION_STORE say which."""
    from jobs.schema import open_database
    from jobs.settings import job_settings
    from jobs.supervisor import Supervisor

    with _plainly():
        settings = job_settings()
        supervisor = Supervisor(settings, open_database(settings.url))
        supervisor.start()
        typer.echo("Workers: " + ", ".join(supervisor.names))
        supervisor.run_until_signalled()
        if supervisor.sentence:
            raise WorkerError(supervisor.sentence)


@cli.command()
@request_options
def animate(
    still: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP, AVIF, HEIC or GIF picture.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the clip goes, an .mp4 file.")],
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON about the clip.")] = False,
    **controls: Any,
) -> None:
    """Animate one picture."""
    with _plainly():
        from jobs.make_clip import Order, facts_in_json, make_clip
        from pipelines.catalogue import request_for

        request = request_for(controls).with_seed()
        if output.suffix.lower() != ".mp4":
            raise InputError(f"{output.name} is not the name of an .mp4 file.", "End it in .mp4.")
        facts = facts_in_json(make_clip(Order(still, request, output)))
    if as_json:
        made = {"path": str(output), "model": request.model, "seed": request.seed, **facts}
        typer.echo(json.dumps(made | {"peak_rss_mb": round(_peak_rss_mb(), 1)}))
    else:
        typer.echo(f"{output}: {facts['num_frames']} frames, {facts['seconds']:g} s, seed {request.seed}")


@models_cli.callback(invoke_without_command=True)
def list_models(context: typer.Context) -> None:
    """A table of the models."""
    if context.invoked_subcommand is not None:
        return
    with _plainly():
        from ui.models_table import models_table

        typer.echo(models_table())


@models_cli.command("add")
def add_model(folder: Annotated[Path, typer.Argument(help="A diffusers folder with safetensors.")]) -> None:
    """Make a local folder known as a model."""
    with _plainly():
        from pipelines.catalogue import add_local

        spec = add_local(folder)
    typer.echo(f"{spec.name} is known as {spec.id}.")


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(f"Port {port} is taken.", f"Choose another one: PORT={port + 1} make run.") from error


def _peak_rss_mb() -> float:
    import resource  # not on Windows; only --json asks for it

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _plainly() -> Iterator[None]:
    """Ends the command with one sentence instead of a traceback."""
    try:
        yield
    except StillmotionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_INPUT if isinstance(error, BAD_INPUTS) else FAILED) from error


if __name__ == "__main__":
    cli()
