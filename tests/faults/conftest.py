"""The parts that these tests run."""

from __future__ import annotations

import pytest

from tests.support.fixtures import broker, database_url, lab, postgres
from tests.support.lab import Lab
from tests.support.parts import Broker
from tests.support.undisturbed import Results, submit_both

__all__ = ["broker", "database_url", "lab", "postgres", "undisturbed"]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Results:
    """What two runs leave that train alone, one after the other, in one piece."""
    folder = tmp_path_factory.mktemp("undisturbed")
    broker.flush()
    lab = Lab(folder, f"sqlite:///{folder / 'ltd.db'}", broker)
    try:
        lab.start({"LTD_LANES": "1"})
        ids = submit_both(lab)
        assert lab.ends(ids) == ["succeeded", "succeeded"]
        return {run_id: lab.rows(run_id) for run_id in ids}
    finally:
        lab.end()
