"""Where the studio listens."""

from __future__ import annotations

import os
import socket

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.errors import InputError


class Listening(BaseSettings):
    """Read from STILLMOTION_HOST, STILLMOTION_PORT; PORT wins, as it does on hosts of web apps.

    `hosts` are further names by which the studio may be asked for, `proxies` the addresses of proxies whose word is
    taken for who asks and how (`X-Forwarded-For`, `X-Forwarded-Proto`), both parted by commas.
    """

    model_config = SettingsConfigDict(env_prefix="STILLMOTION_")
    host: str = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"  # noqa: S104  # a Space is reached from outside
    hosts: str = ""
    proxies: str = ""
    port: int = Field(7860, validation_alias=AliasChoices("PORT", "STILLMOTION_PORT"))

    def check(self) -> None:
        """Raises `InputError` where somebody else listens already."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                cure = f"Choose another one: PORT={self.port + 1} make run."
                raise InputError(f"Port {self.port} is taken.", cure) from error
