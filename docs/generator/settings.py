"""Every environment variable: of the services, of docker-compose.yml and of the client."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from ltd_client import cli, options
from services.settings import Settings

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
MEANINGS = {
    "LTD_DB_PASSWORD": "Password of the database; `make .env` makes it.",
    "LTD_TOKEN": "Bearer token that the API asks for; `make .env` makes it.",
    "LTD_PORT": "The one published port, on 127.0.0.1.",
    "LTD_WORKERS": "Processes of a worker container; 0 for one a core, or as the container's CPU quota allows.",
    "LTD_GPU_WORKERS": "The same of the profile `gpu`; 0 for one a GPU.",
    "LTD_LANES": "Runs that a process trains at once; 0 to measure once for each shape, kept in the volume `worker`.",
    "LTD_TEXTS_FOLDER": "Folder of text files of this machine, `/texts` in the containers; empty when not set.",
    "LTD_TEXTS": "Which of them problems may name: `fox=/texts/fox.txt`, separated by commas.",
    "LTD_WORKER_MEMORY": "Memory limit of a worker container; 0 for none.",
    "LTD_API_MEMORY": "Memory limit of the API's container.",
    "LTD_DATABASE_MEMORY": "Memory limit of the database's container.",
    "LTD_PYTHON_IMAGE": "Base image of API and workers.",
    "LTD_POSTGRES_IMAGE": "Image of the database.",
    "LTD_REDIS_IMAGE": "Image of the broker.",
}
"""What the variables of docker-compose.yml mean; the file has no place for that."""
_NAMED = re.compile(r"\$\{(LTD_\w+):([-?])([^}]*)\}")
_DEFAULTS = {"database_url": "SQLite", "broker_url": "a private server"}
"""Settings whose default is made of another."""


def page(note: str) -> str:
    """Return docs/reference/settings.md."""
    return "\n".join(
        [
            "# Settings",
            "",
            note,
            "",
            "## API, workers and migration",
            "",
            "Environment variables, read at start by `services.settings`.",
            "",
            *_table(("variable", "type", "default", "meaning"), map(_setting, Settings.model_fields.items())),
            "",
            "## docker-compose.yml",
            "",
            "Read from `.env` beside the file, or from the environment.",
            "",
            *_table(("variable", "default", "meaning"), ((f"`{n}`", d, MEANINGS[n]) for n, d in composed().items())),
            "",
            "## The client",
            "",
            "`ltd` takes each as an option too; `Lab()` of the SDK reads the same.",
            "",
            *_table(("variable", "option", "default", "meaning"), _of_the_client()),
            "",
        ]
    )


def composed() -> dict[str, str]:
    """Return the variables that docker-compose.yml names, in its order, and their defaults."""
    found = {}
    for name, sign, default in _NAMED.findall(COMPOSE.read_text(encoding="utf-8")):
        found[name] = "required" if sign == "?" else _shown(default)
    return found


def _setting(named: tuple[str, FieldInfo]) -> tuple[str, str, str, str]:
    name, field = named
    bounds = " ".join(f"{sign} {value}" for sign, value in _bounds(field))
    kind = f"{field.annotation.__name__ if field.annotation else ''} {bounds}".strip()
    return f"`LTD_{name.upper()}`", kind, _DEFAULTS.get(name, _shown(field.default)), field.description or ""


def _bounds(field: FieldInfo) -> Iterable[tuple[str, Any]]:
    signs = {"gt": ">", "ge": "≥", "le": "≤"}
    return (
        (sign, getattr(bound, name)) for bound in field.metadata for name, sign in signs.items() if hasattr(bound, name)
    )


def _of_the_client() -> Iterable[tuple[str, str, str, str]]:
    defaults = {"server": options.UP_HERE, "token": "", "home": ".ltd"}
    for name, option in (("server", options.Server), ("token", options.Token), ("home", cli.Home)):
        said = get_args(option)[1]
        yield f"`{said.envvar}`", f"`--{name}`", _shown(defaults[name]), said.help


def _shown(value: object) -> str:
    return f"`{value}`" if str(value) else "none"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]
