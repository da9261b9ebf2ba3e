"""A real application for the client to ask: gunicorn, SQLite, a broker; no worker, so that runs wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ltd_client import Lab
from tests.support import lab as support
from tests.support.fixtures import broker, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.parts import Broker

__all__ = ["broker", "postgres"]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[support.Lab]:
    folder = tmp_path_factory.mktemp("house")
    made = support.Lab(folder, f"sqlite:///{folder / 'ltd.db'}", broker)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="session")
def server(house: support.Lab) -> str:
    return house.serve().url


@pytest.fixture
def sdk(server: str) -> Iterator[Lab]:
    with Lab(server) as made:
        yield made
