"""What a request can reach: the settings, the database and the figures of its application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from flask import Flask
    from prometheus_client import CollectorRegistry

    from services.db import Database
    from services.read_before import ReadBefore
    from services.settings import Settings

_NAME = "ltd"
STORE_FAILED = "ltd.store_failed"
"""In a request's environment: the error of a store that was asked for this very request already."""


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that every resource uses."""

    settings: Settings
    db: Database
    registry: CollectorRegistry
    accepted: ReadBefore
    """Bodies of runs."""


def install(app: Flask, context: Context) -> None:
    """Give an application its parts."""
    app.extensions[_NAME] = context


def here() -> Context:
    """Return the parts of the application that serves this request."""
    return cast("Context", current_app.extensions[_NAME])
