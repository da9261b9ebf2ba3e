"""The parts that these tests run."""

from tests.support.fixtures import broker, database_url, lab, postgres

__all__ = ["broker", "database_url", "lab", "postgres"]
