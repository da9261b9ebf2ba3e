"""A process of the pool, in this process: what it reports, how it works, how it stops."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
import torch

from services import workers
from tests.support.lab import Lab, long, small
from tests.support.parts import wait_for
from worker.process import STOP_SIGNAL, Process

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ENDLESS = 1_000_000


@pytest.fixture
def process(lab: Lab) -> Iterator[Process]:
    """A process as Celery starts it; what it changes of this one is put back."""
    handler, threads = signal.getsignal(STOP_SIGNAL), torch.get_num_threads()
    made = Process(lab.settings.model_copy(update={"lanes": 2, "device": "cpu", "renew_seconds": 0.2}), 0)
    made.start()
    try:
        yield made
    finally:
        made._keeper.stop()
        signal.signal(STOP_SIGNAL, handler)
        torch.set_num_threads(threads)


def send_once_it_trains(lab: Lab, run_id: str, number: signal.Signals) -> threading.Thread:
    def send() -> None:
        lab.reaches(run_id, 16)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_it_is_heard_from_before_it_works(lab: Lab, process: Process) -> None:
    (seen,) = wait_for(lambda: workers.list_workers(lab.db))
    assert (seen["device"], seen["running"]) == ("cpu", [])
    assert seen["id"] == process._drain._journal._owner
    assert str(os.getpid()) in seen["id"]


def test_it_works_until_nothing_is_queued_and_gives_the_signal_back(lab: Lab, process: Process) -> None:
    before = signal.getsignal(signal.SIGTERM)
    ids = lab.submit(*(small(seed) for seed in range(3)), hint=False)
    process.work()
    assert [lab.run(run_id).state for run_id in ids] == ["succeeded"] * 3
    assert signal.getsignal(signal.SIGTERM) == before


def test_sigterm_gives_the_run_back_and_ends_the_process(lab: Lab, process: Process) -> None:
    (run_id,) = lab.submit(long(updates=ENDLESS), hint=False)
    sender = send_once_it_trains(lab, run_id, signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        process.work()
    sender.join()
    assert ended.value.code == 0
    assert lab.events(run_id) == ["queued", "claimed", "released"]


def test_the_parents_signal_gives_the_run_back_and_leaves_the_end_to_the_parent(lab: Lab, process: Process) -> None:
    (run_id,) = lab.submit(long(updates=ENDLESS), hint=False)
    sender = send_once_it_trains(lab, run_id, STOP_SIGNAL)
    process.work()
    sender.join()
    assert lab.events(run_id) == ["queued", "claimed", "released"]
    process.work()
    assert lab.run(run_id).state == "queued", "a process that was told to stop claims nothing more"
