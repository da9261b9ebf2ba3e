"""An application on each real database, with a real broker, and Flask's client to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api import create_app
from api.http.context import Context
from services.database.engine import Database
from services.settings import Settings
from tests.support.fixtures import broker, database_url, empty_url, postgres
from tests.support.parts import Broker

__all__ = ["broker", "database_url", "empty_url", "postgres"]


@pytest.fixture
def settings(tmp_path: Path, database_url: str, broker: Broker) -> Settings:
    return Settings(home=tmp_path, database_url=database_url, broker_url=broker.url)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    app.extensions["ltd"].db.dispose()


@pytest.fixture
def db(app: Flask) -> Database:
    context = app.extensions["ltd"]
    assert isinstance(context, Context)
    return context.db


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
