"""Stillmotion: turn a still into a moving clip. `python app.py` serves the studio, `--help` tells the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.log import configure_log
from pipelines.errors import ClipError, InputError, ModelError, StillmotionError
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


@cli.callback(invoke_without_command=True)
def start(context: typer.Context) -> None:
    """Turn a still into a moving clip, in the browser or here."""
    configure_log()
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def serve() -> None:
    """Serve the studio (what `python app.py` does)."""
    from ui.lean_gradio import prepare

    prepare()
    import uvicorn

    from ui.listening import Listening
    from ui.owner import PATH
    from ui.server import build_server

    listening = Listening()
    with _plainly():
        listening.check()
        backstage = _backstage()
        server = build_server(backstage, listening.hosts)
    address = f"http://{listening.host}:{listening.port}"
    typer.echo(f"Stillmotion is at {address}")
    typer.echo(f"Its owner, who may fetch and add models, comes in at {address}{PATH}/{backstage.keys.owner}")
    uvicorn.run(
        server,
        host=listening.host,
        port=listening.port,
        log_level="warning",
        timeout_graceful_shutdown=CLOSING_S,
        proxy_headers=bool(listening.proxies),
        forwarded_allow_ips=listening.proxies,
    )


def _backstage() -> Backstage:
    from jobs.caretaker import UPLOADS
    from jobs.durable_queue import DurableQueue
    from jobs.exports import Exports
    from jobs.job import CLIP
    from jobs.metrics import metrics_text
    from jobs.owners import UsedKeys
    from jobs.secret import secret_of
    from jobs.settings import job_settings
    from jobs.shares import Shares
    from ui.backstage import Backstage
    from ui.door.library_keys import LibraryKeys
    from ui.door.uploads import Uploads
    from ui.door.visitors import Keys

    settings = job_settings()
    queue = DurableQueue(settings)
    exports = Exports(settings.data, lambda job_id: queue.file(job_id, CLIP), settings.credentials)
    secret, uploads = secret_of(settings), Uploads(settings.data / UPLOADS)
    shares, library_keys = Shares(queue.engine), LibraryKeys(secret, UsedKeys(queue.engine))
    return Backstage(queue, shares, exports, metrics_text(queue.engine), Keys(secret), uploads, library_keys)


@cli.command()
def worker() -> None:
    """Make clips for a studio elsewhere: STILLMOTION_DATABASE_URL and STILLMOTION_STORE say which."""
    from jobs.supervisor import run_workers

    with _plainly():
        run_workers(typer.echo)


@cli.command()
@request_options
def animate(
    still: Annotated[Path, typer.Argument(help="A PNG, JPEG, WebP, AVIF, HEIC or GIF picture.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Where it goes: .mp4 .webm .gif .webp .png .jpg .zip, or a folder."),
    ],
    to: Annotated[
        list[Path] | None,
        typer.Option("--to", help="A picture that the clip ends with; repeated, pictures on its way."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON about the clip.")] = False,
    **controls: Any,
) -> None:
    """Animate one picture."""
    with _plainly():
        from jobs.animate_file import animate_file

        made = animate_file(still, output, controls, to or [])
    for sentence in made.get("told", []):
        typer.echo(sentence, err=True)
    if as_json:
        typer.echo(json.dumps(made))
    else:
        typer.echo(f"{made['path']}: {made['num_frames']} frames, {made['seconds']:g} s, seed {made['seed']}")


@models_cli.callback(invoke_without_command=True)
def list_models(context: typer.Context) -> None:
    """A table of the models."""
    if context.invoked_subcommand is not None:
        return
    with _plainly():
        from ui.models_table import models_table

        typer.echo(models_table())


@models_cli.command("add")
def add_model(path: Annotated[Path, typer.Argument(help="A folder or a .safetensors file.")]) -> None:
    """Make a local folder or file known: a model, a UNet or LoRA for one, or TAESD for the previews."""
    with _plainly():
        from pipelines.loading import add

        sentence = add(path)
    typer.echo(sentence)


@models_cli.command("remove")
def remove_model(model: Annotated[str, typer.Argument(help="The id that it was added by.")]) -> None:
    """Forget what was added; its files stay where they are."""
    with _plainly():
        from pipelines.loading import remove

        sentence = remove(model)
    typer.echo(sentence)


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
