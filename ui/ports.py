"""Whether the studio can listen where it is told to."""

from __future__ import annotations

import socket

from pipelines.errors import InputError


def check_port(host: str, port: int) -> None:
    """Raises `InputError` where somebody else listens already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(f"Port {port} is taken.", f"Choose another one: PORT={port + 1} make run.") from error
