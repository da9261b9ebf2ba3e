"""`ltd replay`, with a real worker, of runs whose stored numbers are as training left them, and not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests.ltd_client.command import ltd
from tests.support import lab as support
from tests.support.parts import Broker

pytestmark = pytest.mark.xdist_group("replaying")


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[support.Lab]:
    folder = tmp_path_factory.mktemp("replaying")
    broker.flush()
    made = support.Lab(folder, f"sqlite:///{folder / 'ltd.db'}", broker)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def address(training: support.Lab) -> str:
    return training.serve().url


def test_an_equal_run_is_told_and_a_different_one_is_an_error(training: support.Lab, address: str) -> None:
    honest, other = training.submit(support.small(1), support.small(2))
    assert training.ends([honest, other]) == ["succeeded", "succeeded"]
    with training.db.write() as conn:
        conn.execute(text("UPDATE runs SET summary = '{\"final_loss\": 0.5}' WHERE id = :id"), {"id": other})
    told = ltd("replay", honest, "--json", "--server", address)
    assert (told.status, told.json["replay"]["verdict"]) == (0, "equal")
    done = ltd("replay", other, "--server", address)
    assert done.status == 1
    assert "differs: metric final_loss is 0.5, trained again " in done.err
    assert "DIFFERENT" in done.out
    assert "DIFFERS" in ltd("runs", other[:12], "--server", address).out
    assert ltd("replay", other, "--server", address).status == 1, "told again, not trained again"


def test_a_run_that_has_not_succeeded_is_refused(training: support.Lab, address: str) -> None:
    (run_id,) = training.submit(support.long(updates=1_000_000))
    done = ltd("replay", run_id, "--server", address)
    assert (done.status, "must have succeeded" in done.err) == (2, True)
    assert ltd("cancel", run_id, "--server", address).status == 0
