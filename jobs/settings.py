"""What a person may set about jobs, by STILLMOTION_* variables."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.errors import InputError
from pipelines.machine import data_folder

DATABASE_FILE = "studio.sqlite"

GB = 1_000_000_000
"""Bytes of what disks are sold in."""


SHORTEST_SECRET = 32
"""Letters: what `openssl rand -hex 16` prints."""

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg", "sqlite")


class JobSettings(BaseSettings):
    """Where jobs and clips are kept, and how many there may be. Each field is the variable STILLMOTION_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="STILLMOTION_", env_ignore_empty=True, frozen=True)

    database_url: str = Field("", description="postgresql://... for many hosts; empty for a file in the data folder")
    store: str = Field("", description="a shared folder or an fsspec URL for clips; empty for the data folder")
    workers: int = Field(0, ge=0, le=64, description="workers on this machine; 0 for one per GPU, or one for the CPU")
    warm: bool = Field(True, description="load the default model before the first job asks for one")
    waiting_per_user: int = Field(3, ge=1, description="jobs that one visitor may have waiting")
    waiting_in_all: int = Field(200, ge=1, description="jobs that may wait in all")
    checkpoint_every: int = Field(5, ge=1, description="sampling steps between checkpoints; one follows the last")
    idle_unload_s: float = Field(300, ge=0, description="idle seconds after which workers leave memory; 0: never")
    keep_days: float = Field(0, ge=0, description="days after which clips that are no favourites go; 0: never")
    keep_gb: float = Field(0, ge=0, description="GB of clips above which the oldest but favourites go; 0: no limit")
    exports_gb: float = Field(10, gt=0, description="GB of files in other formats above which the least asked for go")
    secret: str = Field("", repr=False, description="signs cookies; the same on all hosts that serve one page")
    credentials: bool = Field(True, description="put signed Content Credentials (C2PA) into downloads")
    free_gb: float = Field(0.5, ge=0, description="GB that stay free where clips are stored: below, no job is taken")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and url.partition("://")[0] not in SCHEMES:
            raise ValueError("it begins neither with postgresql:// nor with sqlite:///")
        return url

    @field_validator("secret")
    @classmethod
    def _long_secret(cls, secret: str) -> str:
        if secret and len(secret) < SHORTEST_SECRET:
            raise ValueError(f"it has less than {SHORTEST_SECRET} letters")
        return secret

    @property
    def data(self) -> Path:
        """The folder of this machine: the default database, locks, scratch."""
        return data_folder().resolve()

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database."""
        if not self.database_url:
            return f"sqlite:///{self.data / DATABASE_FILE}"
        # both spellings of PostgreSQL are common; the driver is the one that is installed
        scheme, separator, rest = self.database_url.partition("://")
        return f"postgresql+psycopg{separator}{rest}" if scheme in {"postgres", "postgresql"} else self.database_url

    def environment(self) -> dict[str, str]:
        """The variables that give a worker's process these very settings."""
        return {f"STILLMOTION_{name.upper()}": str(getattr(self, name)) for name in type(self).model_fields}


def job_settings() -> JobSettings:
    """The settings of this process; raises `InputError` for a value that cannot be used."""
    try:
        return JobSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"STILLMOTION_{'_'.join(map(str, first['loc'])).upper()}"
        raise InputError(f"The setting {name} cannot be used: {first['msg']}.", "Change it or leave it out.") from error
