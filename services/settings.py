"""Every setting, read from the environment here and nowhere else."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_UNCLEAR = (
    "is no address of the form scheme://user:password@host:port/name (not shown, it may hold a password); "
    "inside a password, write @ as %40, / as %2F, : as %3A, # as %23, ? as %3F and % as %25"
)
_TEXT_NAME = re.compile(r"[a-z0-9_-]{1,64}")


class Settings(BaseSettings):
    """What an operator may decide, by environment variables with the prefix LTD_."""

    # an error that shows its input shows passwords
    model_config = SettingsConfigDict(env_prefix="LTD_", extra="ignore", frozen=True, hide_input_in_errors=True)

    home: Path = Field(default=Path(".ltd"), description="Folder of the embedded database, broker and logs.")
    database_url: str = Field(default="", description="SQLAlchemy URL; SQLite inside `home` when empty.")
    broker_url: str = Field(default="", description="Redis URL; a private server on a socket inside `home` when empty.")
    host: str = Field(default="127.0.0.1", description="Address the API listens on; any but loopback asks for a token.")
    port: int = Field(default=8421, ge=0, le=65535, description="Port of the API; 0 for any.")
    token: str = Field(default="", description="Bearer token that the API asks for; none when empty.")
    workers: int = Field(default=0, ge=0, description="Worker processes; 0 for one a core, or a GPU.")
    lanes: int = Field(default=0, ge=0, description="Runs that a worker process trains at once; 0 to choose by shape.")
    device: str = Field(default="auto", description="auto, cpu, cuda or cuda:N.")
    lease_seconds: float = Field(
        default=30.0, gt=0, description="How long a run stays with a worker that is not heard from."
    )
    renew_seconds: float = Field(default=5.0, gt=0, description="How often a worker renews its leases.")
    abandon_seconds: float = Field(
        default=20.0, gt=0, description="A worker stops writing a run whose lease it could not renew for so long."
    )
    reconcile_seconds: float = Field(
        default=5.0, gt=0, description="How often leases are checked and hints sent again."
    )
    max_attempts: int = Field(
        default=5, ge=1, description="A run that was taken so often without getting further fails."
    )

    texts: str = Field(
        default="", description="Text files that problems may name, UTF-8: name=path, separated by commas."
    )

    @field_validator("database_url")
    @classmethod
    def _of_a_database(cls, value: str) -> str:
        """Refuse an address whose host would hold a part of the password, since errors repeat the host."""
        try:
            clear = not value or "@" not in (make_url(value).host or "")
        except (ArgumentError, ValueError):  # whose text may hold that part
            clear = False
        if not clear:
            raise ValueError(_UNCLEAR)
        return value

    @field_validator("broker_url")
    @classmethod
    def _of_a_broker(cls, value: str) -> str:
        """Refuse the same of a broker's address, or of several separated by semicolons."""
        for address in value.split(";"):
            try:
                parts = urlsplit(address)
                clear = parts.scheme == "redis+socket" or (parts.port is None or "@" not in parts.path)
            except ValueError:
                clear = False
            if not clear:
                raise ValueError(_UNCLEAR)
        return value

    @field_validator("texts")
    @classmethod
    def _of_files(cls, value: str) -> str:
        """Check the list of files, and make their paths absolute."""
        files = dict[str, Path]()
        for entry in filter(None, (part.strip() for part in value.split(","))):
            name, _, path = (part.strip() for part in entry.partition("="))
            if not _TEXT_NAME.fullmatch(name) or name in files or not path:
                raise ValueError(
                    f"must be name=path, separated by commas, each name once, of a-z, 0-9, _ and -; not {entry!r}"
                )
            files[name] = Path(path).absolute()
            if not files[name].is_file():
                raise ValueError(f"{name}: there is no file {files[name]}")
        return ",".join(f"{name}={path}" for name, path in files.items())

    @property
    def text_files(self) -> dict[str, Path]:
        entries = (entry.partition("=") for entry in self.texts.split(",") if entry)
        return {name: Path(path) for name, _, path in entries}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        home = self.home.absolute()
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{home / 'ltd.db'}")
        if not self.broker_url:
            object.__setattr__(self, "broker_url", f"redis+socket://{home / 'run' / 'broker.sock'}")
        if self.host not in LOOPBACK and not self.token:
            raise ValueError(
                f"LTD_HOST={self.host} can be reached from other machines: set LTD_TOKEN, or listen on 127.0.0.1"
            )
        return self

    def environment(self) -> dict[str, str]:
        """Return the process's environment with these settings written out, for a child."""
        return {**os.environ, **{f"LTD_{name.upper()}": str(value) for name, value in self.model_dump().items()}}
