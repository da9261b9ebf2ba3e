"""Runs from their submission to their results, through real worker processes."""

from __future__ import annotations

import pytest

from services import queue
from services.runs import lifecycle
from services.sweeps import posted
from services.sweeps.request import SweepRequest, expand
from services.traces import reading
from tests.support.lab import Lab, long, small
from tests.support.parts import wait_for

pytestmark = pytest.mark.xdist_group("workers")


def test_a_sweep_posted_is_a_sweep_trained(lab: Lab) -> None:
    base = small().full()
    request = SweepRequest(
        name="small",
        base=base,
        axes={"clipping": [{"kind": "none"}, {"kind": "norm", "threshold": 1.0}], "batch_size": [2, 4]},
        seeds=[0, 1, 2],
    )
    lab.start({"LTD_WORKERS": "2"})
    done = posted.post(lab.db, request)
    queue.hint(lab.settings, done.new)
    ids = [spec.digest for _, spec in expand(request)]
    assert done.new == len(ids) == 12
    assert set(lab.ends(ids)) == {"succeeded"}
    for run_id in ids:
        assert lab.run(run_id).step == 200
        loss = reading.read(lab.db, run_id, "loss", max_points=1000)
        assert list(loss.steps) == list(range(1, 201))
    assert posted.post(lab.db, request).stood == 12


def test_more_runs_than_lanes_are_refilled_one_by_one(lab: Lab) -> None:
    lab.start({"LTD_LANES": "2"})
    specs = [small(seed, updates=40 * (seed + 1)) for seed in range(7)]
    ids = lab.submit(*specs)
    assert lab.ends(ids) == ["succeeded"] * 7
    assert [lab.run(run_id).step for run_id in ids] == [spec.updates for spec in specs]


def test_a_queued_run_is_cancelled_at_once_and_a_running_one_at_its_next_block(lab: Lab) -> None:
    lab.start({"LTD_LANES": "1"})
    ids = lab.submit(*(long(seed, updates=1_000_000) for seed in range(20)))  # more than crews beside take
    lab.reaches(ids[0], 1)
    assert lifecycle.request_cancel(lab.db, ids[-1]) == "cancelled"
    for run_id in ids[:-1]:
        lifecycle.request_cancel(lab.db, run_id)
    assert lab.ends(ids) == ["cancelled"] * len(ids)
    after = lab.submit(small())
    assert lab.ends(after) == ["succeeded"]


def test_a_cancelled_run_leaves_its_neighbors_alone(lab: Lab) -> None:
    lab.start()
    ids = lab.submit(long(0, updates=1_000_000), long(1, updates=3000))
    lab.reaches(ids[0], 1)
    lifecycle.request_cancel(lab.db, ids[0])
    assert lab.ends(ids) == ["cancelled", "succeeded"]
    assert lab.run(ids[1]).step == 3000


def test_events_tell_the_way_of_a_run(lab: Lab) -> None:
    lab.start()
    ids = lab.submit(small())
    lab.ends(ids)
    assert lab.events(ids[0]) == ["queued", "claimed", "succeeded"]


def test_a_run_posted_alone_and_a_second_sweep_start_while_thousands_of_a_sweep_wait(lab: Lab) -> None:
    lab.start()
    base = {name: value for name, value in small().full().items() if name != "seed"}
    sweeps = []
    for batch_size in (4, 3):
        request = SweepRequest(base=base | {"batch_size": batch_size}, seeds=list(range(3000)))
        sweeps.append(posted.post(lab.db, request).sweep_id)
        queue.hint(lab.settings, 3000)
        wait_for(lambda: posted.get(lab.db, sweeps[-1]).states.get("succeeded", 0) > 8)
    ids = [lab.submit(small(9999)), lab.submit(small(9999, batch_size=7))]  # of the first sweep's shape, of another
    assert lab.ends([run_id for (run_id,) in ids]) == ["succeeded", "succeeded"]
    done = [posted.get(lab.db, sweep_id).states["succeeded"] for sweep_id in sweeps]
    wait_for(lambda: all(_more(lab, sweep_id, count) for sweep_id, count in zip(sweeps, done, strict=True)))
    assert all(posted.get(lab.db, sweep_id).states["queued"] > 1500 for sweep_id in sweeps)


def _more(lab: Lab, sweep_id: str, done: int) -> bool:
    return posted.get(lab.db, sweep_id).states["succeeded"] > done
