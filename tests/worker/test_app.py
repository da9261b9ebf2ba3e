"""The Celery application, as `celery -A worker.app worker` runs it."""

from __future__ import annotations

import pytest

from services import workers
from tests.support.lab import Lab, long, small
from tests.support.parts import wait_for

pytestmark = pytest.mark.xdist_group("workers")


def test_as_many_processes_as_set_are_listed_and_a_busy_one_leaves_the_hints_to_the_others(lab: Lab) -> None:
    lab.start({"LTD_WORKERS": "2", "LTD_RENEW_SECONDS": "0.2", "LTD_RECONCILE_SECONDS": "3600"})
    found = wait_for(lambda: (seen := workers.list_workers(lab.db)) and len(seen) == 2 and seen)
    assert {worker["device"] for worker in found} == {"cpu"}
    (busy,) = lab.submit(long(0, updates=1_000_000))
    wait_for(lambda: [busy] in [worker["running"] for worker in workers.list_workers(lab.db)])
    for size in (2, 3, 4):  # shapes that no free lane is offered to: each needs a process of its own
        assert lab.ends(lab.submit(small(batch_size=size))) == ["succeeded"]
    assert lab.run(busy).state == "running"
