"""The parent: its reconciler finds what no hint told of, and its processes are told to stop."""

from __future__ import annotations

import logging
import time

import billiard
import pytest

from services.errors import StoreUnavailable
from tests.support.lab import Lab, small
from tests.support.parts import DEADLINE
from worker.process import STOP_SIGNAL
from worker.supervisor import StopProcesses, _repeat

workers = pytest.mark.xdist_group("workers")


@workers
def test_a_lost_hint_is_sent_again(lab: Lab) -> None:
    ids = lab.submit(small(0), small(1))
    lab.broker.flush()
    lab.start()
    assert lab.ends(ids) == ["succeeded", "succeeded"]


@workers
def test_a_run_that_was_never_hinted_is_found(lab: Lab) -> None:
    lab.start()
    ids = lab.submit(small(), hint=False)
    assert lab.ends(ids) == ["succeeded"]


def test_the_reconciler_outlives_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    faults = iter([StoreUnavailable("away"), ValueError("unforeseen"), SystemExit()])

    def action() -> None:
        raise next(faults)

    with caplog.at_level(logging.WARNING), pytest.raises(SystemExit):
        _repeat(action, 0.01)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert "away" in caplog.text
    assert "unforeseen" in caplog.text


def test_closing_sends_every_process_the_signal_that_it_stops_by() -> None:
    children = [billiard.get_context("spawn").Process(target=time.sleep, args=(DEADLINE,)) for _ in range(2)]
    for child in children:
        child.start()
    StopProcesses.close(None, None)
    for child in children:
        child.join(DEADLINE)
    assert [child.exitcode for child in children] == [-STOP_SIGNAL, -STOP_SIGNAL]
