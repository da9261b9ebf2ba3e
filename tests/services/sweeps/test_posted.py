"""Sweeps: what they expand to, and what of it is run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.errors import NotFound
from services.runs import lifecycle
from services.sweeps import posted
from tests.services.lab import claim, progress

if TYPE_CHECKING:
    from services.settings import Settings

BASE: dict[str, Any] = {
    "problem": {"kind": "temporal_order", "length": 20},
    "clipping": {"kind": "norm"},
    "updates": 100,
}


def request(**changes: Any) -> posted.SweepRequest:
    asked = {
        "name": "a sweep",
        "base": BASE,
        "axes": {"clipping.threshold": [0.1, 1.0], "batch_size": [5, 20]},
        "seeds": [0, 1],
    }
    return posted.parse_request(asked | changes)


def test_cells_are_the_product_of_axes_and_seeds_in_their_order() -> None:
    cells = posted.expand(request())
    assert len(cells) == 8
    assert [at for at, _ in cells[:3]] == [
        {"clipping.threshold": 0.1, "batch_size": 5, "seed": 0},
        {"clipping.threshold": 0.1, "batch_size": 5, "seed": 1},
        {"clipping.threshold": 0.1, "batch_size": 20, "seed": 0},
    ]
    for at, spec in cells:
        full = spec.full()
        found = (full["clipping"]["threshold"], full["batch_size"], full["seed"])
        assert found == (at["clipping.threshold"], at["batch_size"], at["seed"])


@pytest.mark.parametrize("changes", [{"seeds": [3, 0, 2**62]}, {"axes": {"seed": [1.0, 2], "batch_size": [5, 20]}}])
def test_a_cell_is_the_run_that_it_is_alone(changes: dict[str, Any]) -> None:
    cells = posted.expand(request(**changes))
    assert len({spec.digest for _, spec in cells}) == len(cells) > 3
    for at, spec in cells:
        clipping = {"kind": "norm", "threshold": at.get("clipping.threshold", 1)}
        alone = parse_spec(BASE | {"clipping": clipping, "batch_size": at["batch_size"], "seed": at["seed"]})
        assert alone == spec
        assert (alone.digest, alone.shape_key) == (spec.digest, spec.shape_key)


def test_an_axis_may_hold_whole_objects() -> None:
    rules = [{"kind": "none"}, {"kind": "value", "threshold": 0.5}]
    cells = posted.expand(request(axes={"clipping": rules}))
    assert [spec.full()["clipping"]["kind"] for _, spec in cells] == ["none", "none", "value", "value"]


def test_posted_again_it_starts_nothing_and_with_one_value_more_only_the_new_cells(db: Database) -> None:
    first = posted.post(db, request())
    assert (first.new, first.stood, first.created) == (8, 0, True)
    again = posted.post(db, request())
    assert (again.new, again.stood, again.created, again.sweep_id) == (0, 8, False, first.sweep_id)
    wider = posted.post(db, request(axes={"clipping.threshold": [0.1, 1.0, 3.0], "batch_size": [5, 20]}))
    assert (wider.new, wider.stood, wider.created) == (4, 8, True)
    other = posted.post(db, request(axes={"clipping.threshold": [0.1, 2.0], "batch_size": [5, 20]}))
    assert (other.new, other.stood) == (4, 4)


def test_the_same_sweep_posted_at_once_is_one(settings: Settings) -> None:
    def send(_: int) -> tuple[bool, int]:
        own = Database(settings.database_url)
        try:
            done = posted.post(own, request())
            return done.created, done.new
        finally:
            own.dispose()

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(send, range(5)))
    assert sum(created for created, _ in answers) == 1
    assert sum(new for _, new in answers) == 8


def test_progress_is_counted(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    done, going = claim(db, 2)
    lifecycle.record(db, [(done.lease, progress(40, outcome="diverged")), (going.lease, progress(25))])
    view = posted.get(db, sweep_id)
    assert (view.runs, view.updates_total, view.updates_done) == (8, 800, 125)
    assert view.states == {"queued": 6, "running": 1, "succeeded": 1}
    assert view.outcomes == {"diverged": 1}
    assert not view.finished


def test_cancelled_it_ends(db: Database) -> None:
    sweep_id = posted.post(db, request()).sweep_id
    assert posted.cancel(db, sweep_id) == 8
    assert posted.get(db, sweep_id).finished
    with pytest.raises(NotFound):
        posted.cancel(db, "0" * 32)
    assert posted.post(db, request()).restarted == 8


def test_pages_hold_every_sweep_once(db: Database) -> None:
    ids = [posted.post(db, request(name=f"sweep {i}")).sweep_id for i in range(5)]
    seen, cursor = [], None
    while True:
        page, cursor = posted.list_sweeps(db, cursor, 2)
        seen += [view.id for view in page]
        if cursor is None:
            break
    assert seen == ids[::-1]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("axes.batch_size[1]", {"axes": {"batch_size": [5, 0]}}),
        ("axes.other[0]", {"axes": {"other": [1]}}),
        ("axes.batch_size", {"axes": {"batch_size": []}}),
        ("axes", {"axes": {"batch_size": list(range(1, 300)), "updates": list(range(1, 300))}}),
        ("seeds[1]", {"seeds": [0, -1]}),
        ("base.updates", {"base": BASE | {"updates": 0}}),
        ("other", {"other": 1}),
    ],
)
def test_what_is_wrong_is_named(db: Database, field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        posted.post(db, request(**changes))
    assert [problem.field for problem in caught.value.problems] == [field]
    assert posted.list_sweeps(db) == ([], None)
