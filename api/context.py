"""What a request can reach: the settings and the database of its application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from flask import Flask

    from services.db import Database
    from services.settings import Settings

_NAME = "ltd"


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that every resource uses."""

    settings: Settings
    db: Database


def install(app: Flask, settings: Settings, db: Database) -> None:
    """Give an application its parts."""
    app.extensions[_NAME] = Context(settings, db)


def here() -> Context:
    """Return the parts of the application that serves this request."""
    return cast("Context", current_app.extensions[_NAME])
