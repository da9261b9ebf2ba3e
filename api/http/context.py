"""What a request can reach: the settings, the database and the figures of its application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
from prometheus_client import CollectorRegistry

from services.database.engine import Database
from services.settings import Settings

_NAME = "ltd"


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that every resource uses."""

    settings: Settings
    db: Database
    registry: CollectorRegistry


def install(app: Flask, context: Context) -> None:
    """Give an application its parts."""
    app.extensions[_NAME] = context


def here() -> Context:
    """Return the parts of the application that serves this request."""
    return cast("Context", current_app.extensions[_NAME])
