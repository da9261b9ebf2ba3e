"""A deleted sweep takes with it what nobody else has, and nothing else, whoever is killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from services.database.engine import Database
from services.errors import Conflict, NotFound
from services.maintenance import retention
from services.maintenance.verify import verify
from services.reconciler import reconcile_once
from services.runs import queries, submission
from services.settings import Settings
from services.sweeps import deletion, posted
from services.sweeps.cancellation import cancel
from services.sweeps.deletion import delete_sweep
from services.sweeps.metric_values import metric_values
from services.sweeps.request import expand
from tests.services.lab import claim
from tests.services.runs.test_deletion import end, rows
from tests.services.sweeps.asked import request
from tests.support.parts import ROOT, wait_for

OTHER = {"axes": {"clipping.threshold": [0.1, 2.0], "batch_size": [5, 20]}, "name": "other"}
"""Half of its runs are the first sweep's too."""
SLOWLY = """
import sys
from services.database.engine import Database
from services.sweeps import deletion
deletion.PAUSE_AFTER, deletion.PAUSE = 0.0, 0.3
deletion.delete_sweep(Database(sys.argv[1]), sys.argv[2])
"""


def ids(**changes: object) -> set[str]:
    return {spec.digest for _, spec in expand(request(**changes))}


def members(db: Database, sweep_id: str) -> int:
    with db.read() as conn:
        query = text("SELECT count(*) FROM sweep_runs WHERE sweep_id = :id")
        return int(conn.execute(query, {"id": sweep_id}).scalar_one())


def test_what_another_sweep_has_or_was_posted_alone_stays(db: Database) -> None:
    first, other = posted.post(db, request()).sweep_id, posted.post(db, request(**OTHER)).sweep_id
    retention.keep(db, 30, first)
    end(db)
    alone = min(ids() - ids(**OTHER))
    submission.submit(db, [spec for _, spec in expand(request()) if spec.digest == alone])
    told = deletion.plan(db, first)
    assert (told.runs, told.kept) == (3, 5)
    assert delete_sweep(db, first) == told
    with pytest.raises(NotFound):
        posted.get(db, first)
    assert {run.id for run in queries.some(db, sorted(ids(**OTHER) | {alone}))} == ids(**OTHER) | {alone}
    assert posted.get(db, other).states == {"succeeded": 8}
    assert (rows(db)["runs"], rows(db)["sweep_runs"], retention.policies(db)) == (9, 8, [])
    assert verify(db).care.findings == []
    assert delete_sweep(db, other).runs == 8
    assert (rows(db)["runs"], rows(db)["sweeps"]) == (1, 0)


def test_a_sweep_that_has_not_ended_is_to_be_cancelled_first_unless_others_wait_for_the_rest(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    with pytest.raises(Conflict, match=r"8 runs .* cancel it"):
        delete_sweep(db, sweep_id)
    assert posted.get(db, sweep_id).runs == 8
    posted.post(db, request(**OTHER))
    cancel(db, sweep_id)
    assert delete_sweep(db, sweep_id).kept == 4
    with pytest.raises(NotFound):
        delete_sweep(db, sweep_id)


def test_a_deleted_sweep_may_be_posted_again_and_is_told_anew(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    end(db)
    with db.read() as conn:
        assert set(metric_values(conn, sweep_id, "best_loss").values) == {0.5}
    assert posted.get(db, sweep_id).finished
    delete_sweep(db, sweep_id)
    again = posted.post(db, request())
    assert (again.sweep_id, again.new, again.created) == (sweep_id, 8, True)
    assert posted.get(db, sweep_id).states == {"queued": 8}
    with db.read() as conn:
        assert not (metric_values(conn, sweep_id, "best_loss").values == 0.5).any()


def test_a_process_killed_in_the_middle_leaves_a_sweep_in_no_list_that_is_deleted_later(
    settings: Settings, db: Database
) -> None:
    many = request(seeds=list(range(250)))
    sweep_id = posted.post(db, many).sweep_id
    cancel(db, sweep_id)
    with subprocess.Popen([sys.executable, "-c", SLOWLY, settings.database_url, sweep_id], cwd=ROOT) as process:
        wait_for(lambda: members(db, sweep_id) < 1000)
        process.send_signal(signal.SIGKILL)
    left = members(db, sweep_id)
    assert 0 < left < 1000
    assert rows(db)["runs"] == left
    assert posted.list_sweeps(db)[0] == []
    with pytest.raises(NotFound):
        posted.get(db, sweep_id)
    with pytest.raises(Conflict, match="is being deleted"):
        posted.post(db, many)
    assert verify(db).care.findings == []
    wait_for(lambda: reconcile_once(db, settings, "me").deleted == 0)
    assert sum(rows(db).values()) == 0
    assert posted.post(db, many).new == 1000


def test_the_same_request_again_goes_on_where_it_broke_off(db: Database) -> None:
    sweep_id = posted.post(db, request(seeds=list(range(50)))).sweep_id
    cancel(db, sweep_id)
    with db.write() as conn:
        conn.execute(text("UPDATE sweeps SET runs = -1"))
        assert deletion._slice(conn, sweep_id)
    assert delete_sweep(db, sweep_id).runs == 100
    assert sum(rows(db).values()) == 0


def test_runs_that_are_posted_while_their_sweep_goes_are_there_afterwards(settings: Settings, db: Database) -> None:
    """The other sweep has half of the runs, posted before the first is deleted, while, or after."""

    def post(_: object) -> None:
        own = Database(settings.database_url)
        try:
            posted.post(own, request(**OTHER, seeds=list(range(100))))
        finally:
            own.dispose()

    sweep_id = posted.post(db, request(seeds=list(range(100)))).sweep_id
    cancel(db, sweep_id)
    with ThreadPoolExecutor(1) as pool:
        posting = pool.submit(post, None)
        delete_sweep(db, sweep_id)
        posting.result()
    (other,) = posted.list_sweeps(db)[0]
    assert sum(other.states.values()) == other.runs == members(db, other.id) == 400
    assert rows(db)["runs"] == 400


def test_a_run_of_a_marked_sweep_that_somebody_posts_alone_stays(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    cancel(db, sweep_id)
    with db.write() as conn:
        conn.execute(text("UPDATE sweeps SET runs = -1"))
    (_, spec), *_ = expand(request())
    assert submission.submit(db, [spec]).restarted == [spec.digest]
    assert deletion.go_on(db, 60) == 1
    assert [one.lease.run_id for one in claim(db, 9)] == [spec.digest]
