from __future__ import annotations

from services.database.engine import Database
from services.runs import queries
from services.runs.events import log, log_alike
from tests.services.lab import submit


def test_the_events_of_each_run_are_numbered_from_one_without_gaps(db: Database) -> None:
    first, second = submit(db, 2)
    with db.write() as conn:
        log(conn, [(first, "claimed", {"epoch": 1}), (first, "released", {}), (second, "claimed", {"epoch": 7})], 5.0)
        log_alike(conn, [first, second], "cancelled", 6.0)
        log(conn, [], 7.0)
    one, other = queries.events(db, first), queries.events(db, second)
    assert [(event.seq, event.kind) for event in one[1:]] == [(2, "claimed"), (3, "released"), (4, "cancelled")]
    assert [(event.seq, event.kind) for event in other[1:]] == [(2, "claimed"), (3, "cancelled")]
    assert (one[0].seq, one[1].data, one[1].at, one[-1].data) == (1, {"epoch": 1}, 5.0, {})
