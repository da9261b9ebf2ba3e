"""A run that is deleted leaves nothing, and may be posted again; what has not ended or is needed is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import text

from ltd_core.trace import TraceBlock
from services.database.engine import Database
from services.errors import Conflict, NotFound
from services.maintenance.verify import verify
from services.runs import deletion, imports, lifecycle, queries, replays, submission
from services.runs.deletion import Deleted, delete_run
from services.runs.row import replay_id
from services.sweeps import posted
from services.sweeps.request import expand
from services.traces import reading, writing
from tests.services.lab import block, claim, progress, spec, submit
from tests.services.sweeps.asked import request


def end(db: Database, limit: int = 100) -> None:
    """Let every queued run end, with points and pages of its pyramid."""
    while claims := claim(db, limit):
        losses = (block(1, 1000),)
        lifecycle.record(db, [(one.lease, progress(1000, losses, "exhausted", best_loss=0.5)) for one in claims])


def add_noise(db: Database, *run_ids: str) -> None:
    """Store 200 kB more of points, and pages of the pyramid."""
    values = np.random.default_rng(0).random(50_000, np.float32)
    with db.write() as conn:
        writing.append(conn, {run_id: [TraceBlock("loss", 1001, 1, values)] for run_id in run_ids})


def rows(db: Database) -> dict[str, int]:
    """Return how many rows the tables of runs have."""
    names = [*(part.name for part in deletion._PARTS), "runs", "sweep_runs", "sweeps"]
    with db.read() as conn:
        return {name: conn.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def test_a_deleted_run_leaves_no_row_and_its_neighbor_all(db: Database) -> None:
    gone, stays = submit(db, 2)
    end(db)
    add_noise(db, gone, stays)
    before = rows(db)
    told = deletion.plan(db, gone)
    assert rows(db) == before
    assert (told.runs, told.kept) == (1, 0)
    assert told.bytes > 150_000
    assert delete_run(db, gone) == told
    after = rows(db)
    assert {name: 2 * count for name, count in after.items()} == before
    assert all(after[name] for name in ("trace_blocks", "trace_pages", "run_states", "run_metrics", "run_events"))
    with pytest.raises(NotFound):
        delete_run(db, gone)
    assert len(reading.read(db, stays, "loss", end=1000).values) == 1000
    assert verify(db).care.findings == []


def test_its_room_is_there_for_others(db: Database) -> None:
    if db.dialect != "sqlite":
        return  # PostgreSQL's vacuum gives it back in its own time
    (run_id,) = submit(db, 1)
    end(db)
    add_noise(db, run_id)
    told = delete_run(db, run_id)
    with db.read() as conn:
        free, size = (conn.execute(text(f"PRAGMA {name}")).scalar_one() for name in ("freelist_count", "page_size"))
    assert free * size > 0.9 * told.bytes


def test_a_deleted_run_is_computed_anew_when_it_is_posted_again(db: Database) -> None:
    (run_id,) = submit(db, 1)
    end(db)
    assert reading.read(db, run_id, "loss", max_points=10).maximum is not None
    delete_run(db, run_id)
    assert list(submission.submit(db, [spec()]).new) == [run_id]
    run = queries.get(db, run_id)
    assert (run.state, run.step, run.epoch, run.summary) == ("queued", 0, 0, {})
    (one,) = claim(db)
    lifecycle.record(db, [(one.lease, progress(1000, (block(1, 1000, offset=7.0),), "solved"))])
    assert reading.read(db, run_id, "loss", max_points=10).maximum[0] > 100.0
    assert reading.read(db, run_id, "loss", max_points=1000).values[0] == 8.0
    assert [event.kind for event in queries.events(db, run_id)] == ["queued", "claimed", "succeeded"]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_has_not_ended_is_to_be_cancelled_first(db: Database, state: str) -> None:
    (run_id,) = submit(db, 1)
    leases = [one.lease for one in claim(db)] if state == "running" else []
    for refused in (deletion.plan, delete_run):
        with pytest.raises(Conflict, match=f"is {state}: cancel it"):
            refused(db, run_id)
    lifecycle.request_cancel(db, run_id)
    for lease in leases:
        lifecycle.finish_cancel(db, lease)
    assert delete_run(db, run_id).runs == 1
    assert sum(rows(db).values()) == 0


def test_a_run_of_a_sweep_is_refused_by_the_sweeps_name(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    end(db)
    with pytest.raises(Conflict, match=sweep_id):
        delete_run(db, expand(request())[0][1].digest)


def test_a_replay_goes_with_its_run_and_alone_takes_its_verdict_along(db: Database) -> None:
    (run_id,) = submit(db, 1)
    end(db)
    replays.request(db, run_id)
    with pytest.raises(Conflict, match=replay_id(run_id)):
        delete_run(db, run_id)
    end(db)
    assert replays.settle(db) == 1
    assert queries.get(db, run_id).replayed == {"id": replay_id(run_id), "verdict": "equal", "difference": None}
    assert delete_run(db, replay_id(run_id)).runs == 1
    assert queries.get(db, run_id).replayed is None
    assert replays.request(db, run_id)
    end(db)
    assert delete_run(db, run_id).runs == 2
    assert sum(rows(db).values()) == 0
    assert replays.settle(db) == 0


def test_a_failed_run_and_an_imported_one_go_alike(db: Database) -> None:
    (run_id,) = submit(db, 1)
    lifecycle.fail(db, claim(db)[0].lease, "broken")
    assert delete_run(db, run_id) == Deleted(1, 0, 0)
    at, end_of = datetime.now(UTC).isoformat(), {"kind": "exhausted", "step": 0, "message": "over"}
    data = {"id": run_id, "spec": spec().full(), "step": 0, "outcome": end_of, "summary": {"final_loss": 0.25}}
    brought = imports.parse_run(data | {"started_at": at, "finished_at": at, "origin": "first"})
    for _ in range(2):
        assert imports.store(db, *brought, {})
        assert delete_run(db, run_id) == Deleted(1, 0, 0)
    assert sum(rows(db).values()) == 0
