"""Lists of runs against a plain filter over all of them, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import text

from ltd_core.outcome import Outcome, Progress
from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.errors import BadCursor, BadQuestion
from services.lists import ranges, search
from services.runs import lifecycle, queries, submission
from services.sweeps import posted
from tests.services.lab import claim, progress, spec, submit
from tests.support.fixtures import new_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.runs.queries import RunView

LOSSES = (0.5, 0.25, 0.125, 1e-5, 0.25, 3e4, -1.5)
AXES: dict[str, list[Any]] = {
    "cell": [{"kind": "rnn"}, {"kind": "lstm"}, {"kind": "gru"}],
    "clipping": [{"kind": "none"}, {"kind": "norm"}, {"kind": "value"}],
    "optimizer": [{"kind": "sgd"}, {"kind": "adam"}],
}


def fill(db: Database) -> list[str]:
    """Store sweeps whose runs have every state and outcome; returns the sweeps' ids."""
    problems = ("temporal_order", "adding")
    requests = [
        posted.SweepRequest(
            name=f"{kind} Part", base={"problem": {"kind": kind, "length": 20}}, axes=AXES, seeds=[0, 1]
        )
        for kind in problems
    ]
    ids = [posted.post(db, request).sweep_id for request in requests]
    submission.submit(db, [parse_spec({"experiment": "weight_product", "seed": seed}) for seed in range(3)])
    draw = np.random.default_rng(0)
    while claims := claim(db, 100):
        for number, taken in enumerate(claims):
            end(db, taken, int(draw.integers(6)), LOSSES[number % len(LOSSES)])
    return ids


def end(db: Database, taken: lifecycle.Claim, way: int, loss: float) -> None:
    """End a run in one of six ways; one of them is to go on."""
    kinds = ("solved", "exhausted", "diverged")
    if way < len(kinds):
        values = {"final_loss": None if way == 2 else loss, "success": float(way == 0), "best_loss": float("inf")}
        ended = Progress(9, (), b"s", values, Outcome(kinds[way], 9, "why"))  # type: ignore[arg-type]
        lifecycle.record(db, [(taken.lease, ended)])
    elif way == 3:
        lifecycle.fail(db, taken.lease, "tired")
    elif way == 4:
        lifecycle.finish_cancel(db, taken.lease)


def every(db: Database, **filters: Any) -> list[str]:
    """Return the ids on all pages."""
    found: list[str] = []
    cursor = None
    while True:
        page = queries.list_runs(db, filters, cursor, 7)
        found += [run.id for run in page.runs]
        cursor = page.next
        if cursor is None:
            return found


def fits(run: RunView, members: dict[str, set[str]], filters: dict[str, Any]) -> bool:
    full = run.spec.full()
    found = {"state": run.state, "outcome": (run.outcome or {}).get("kind"), "experiment": run.experiment}
    found |= {name: full.get(name, {}).get("kind") for name in (*AXES, "problem") if name in full}
    value = run.summary.get("final_loss")
    return (
        all(found.get(name) == wanted for name, wanted in filters.items() if name in {*found, *AXES, "problem"})
        and ("sweep" not in filters or run.id in members.get(filters["sweep"], ()))
        and ("metric" not in filters or value is not None)
        and value_between(value, filters)
    )


def value_between(value: float | None, filters: dict[str, Any]) -> bool:
    low, high = filters.get("above", -np.inf), filters.get("below", np.inf)
    return "metric" not in filters or (value is not None and low < value < high)


class Filled:
    """A store with runs of every kind, and what a plain filter needs of them."""

    def __init__(self, db: Database) -> None:
        self.db, self.sweeps = db, fill(db)
        views = {run_id: queries.get(db, run_id) for run_id in every(db)}
        assert len(views) == 2 * 36 + 3
        self.by_age = sorted(views.values(), key=lambda run: (run.created_at, run.id), reverse=True)
        with db.read() as conn:
            rows = conn.execute(text("SELECT sweep_id, run_id FROM sweep_runs")).all()
        self.members = {name: {row.run_id for row in rows if row.sweep_id == name} for name in self.sweeps}

    def fitting(self, filters: dict[str, Any]) -> list[RunView]:
        return [run for run in self.by_age if fits(run, self.members, filters)]

    def named(self, choice: dict[str, Any]) -> dict[str, Any]:
        """Return a choice with the first sweep's id where it says so."""
        return choice | {"sweep": self.sweeps[0]} if choice.get("sweep") == "first" else choice


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("filled")
    db = Database(new_database(request, folder))
    yield Filled(db)
    db.dispose()


@pytest.fixture(params=[(most, few) for most in (64, 3) for few in (0, 1500)], ids=str)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges or walks, of large sweeps or small ones: how lists are found must not show."""
    most, few = request.param
    monkeypatch.setattr(ranges, "_MOST_MERGED", most)
    monkeypatch.setattr(ranges, "_MOST_LOOKED_UP", few)
    monkeypatch.setattr(search, "_SMALL_SWEEPS", few)


CHOICES: list[dict[str, Any]] = [
    *({"state": state} for state in ("queued", "running", "succeeded", "failed", "cancelled")),
    *({"outcome": outcome} for outcome in ("solved", "exhausted", "diverged")),
    *({"experiment": "weight_product"}, {"problem": "adding"}, {"cell": "lstm"}, {"optimizer": "adam"}),
    *({"clipping": "norm"}, {"clipping": "unheard"}, {"sweep": "first"}, {"sweep": "0" * 32}),
]
RANGES: list[dict[str, Any]] = [
    {"metric": "final_loss"},
    {"metric": "final_loss", "below": 0.3},
    {"metric": "final_loss", "above": 0.125, "below": 1.0},
]


def words(filters: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in filters.items()) or "all"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("first", CHOICES, ids=words)
def test_every_list_is_what_a_plain_filter_finds(filled: Filled, first: dict[str, Any]) -> None:
    for second in CHOICES:
        filters = filled.named(first | second)
        assert every(filled.db, **filters) == [run.id for run in filled.fitting(filters)], filters


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("within", [{}, {"sweep": "first"}], ids=words)
@pytest.mark.parametrize("order", RANGES, ids=words)
def test_every_list_in_the_order_of_a_metric_is_a_plain_sort(
    filled: Filled, order: dict[str, Any], within: dict[str, Any]
) -> None:
    for choice in [{}, *CHOICES]:
        filters = filled.named(choice | order | within)
        wanted = [(run.summary["final_loss"], run.id) for run in filled.fitting(filters)]
        assert every(filled.db, **filters) == [run_id for _, run_id in sorted(wanted)], filters
        found = every(filled.db, **filters, sort="-final_loss")
        assert found == [run_id for _, run_id in sorted(wanted, reverse=True)], filters


@pytest.mark.parametrize("few", [0, 300], ids=["large", "few"])
def test_a_sweep_lists_the_runs_that_stood_before_it_too(
    db: Database, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(ranges, "_MOST_LOOKED_UP", few)
    old = submit(db, 3)
    with db.write() as conn:
        conn.execute(text("UPDATE runs SET created_at = created_at - 86400"))
    others = [spec(seed).digest for seed in (3, 4)]
    base = {name: value for name, value in spec(0).full().items() if name != "seed"}
    sweep = posted.post(db, posted.SweepRequest(base=base, seeds=[4, 3, 2, 1])).sweep_id
    submit(db, 5)
    for _ in range(2):
        assert every(db, sweep=sweep) == every(db, sweep=sweep, state="queued") == [*others, old[2], old[1]]
        assert len(every(db)) == 5


def test_words_are_searched_in_turn(db: Database) -> None:
    ids = fill(db)
    adding = set(every(db, problem="adding"))
    assert set(every(db, search="ADDING")) == set(every(db, search="add")) == adding
    assert set(every(db, search="adding lstm solved")) == set(
        every(db, problem="adding", cell="lstm", outcome="solved")
    )
    assert set(every(db, search="part")) == set(every(db, sweep=ids[0])) | set(every(db, sweep=ids[1]))
    one = next(iter(adding))
    assert every(db, search=one) == every(db, search=f"{one[:9]} add") == [one]
    assert every(db, search="100%") == every(db, search="lstm gru") == []
    assert every(db, search="norm", sort="final_loss") == every(db, clipping="norm", sort="final_loss")
    known = every(db, search="part adding", sort="final_loss")
    assert every(db, search=f"part {known[0][:9]}", sort="final_loss") == [known[0]]


def test_a_kind_that_came_after_the_first_question_is_found(db: Database) -> None:
    submit(db, 1)
    assert every(db, experiment="training") == [spec(0).digest]
    assert every(db, experiment="weight_product") == every(db, search="weight_product") == []
    other = parse_spec({"experiment": "weight_product"})
    submission.submit(db, [other])
    assert every(db, experiment="weight_product") == every(db, search="weight_product") == [other.digest]


def test_a_number_that_is_none_or_infinite_is_in_no_order(db: Database) -> None:
    fill(db)
    assert every(db, sort="best_loss") == []
    assert set(every(db, metric="success")) == set(every(db, state="succeeded"))


def test_a_run_that_goes_on_has_no_metric_yet(db: Database) -> None:
    submit(db, 1)
    (taken,) = claim(db)
    lifecycle.record(db, [(taken.lease, progress(16, final_loss=0.5))])
    assert every(db, sort="final_loss") == []
    lifecycle.record(db, [(taken.lease, progress(20, (), "solved", final_loss=0.25))])
    assert every(db, sort="final_loss") == [spec(0).digest]


def test_a_small_sweep_shows_what_has_ended_since_it_was_asked_for(db: Database) -> None:
    base = {name: value for name, value in spec(0).full().items() if name != "seed"}
    first, second = (
        posted.post(db, posted.SweepRequest(name="Same part", base=base, seeds=seeds)).sweep_id
        for seeds in ([0, 1, 2], [2, 3])
    )
    ended: list[tuple[float, str]] = []
    for number, taken in enumerate(claim(db, 4)):
        lifecycle.record(db, [(taken.lease, progress(20, (), "solved", final_loss=1.0 / (1 + number)))])
        ended.append((1.0 / (1 + number), taken.lease.run_id))
        for sweep, seeds in ((first, (0, 1, 2)), (second, (2, 3))):
            mine = [run_id for _, run_id in sorted(ended) if run_id in {spec(seed).digest for seed in seeds}]
            assert every(db, sweep=sweep, sort="final_loss") == mine
            assert every(db, sweep=sweep, sort="-final_loss") == mine[::-1]
        assert every(db, search="same part", sort="final_loss") == [run_id for _, run_id in sorted(ended)]


@pytest.mark.parametrize(
    ("filters", "field"),
    [({"below": 1.0}, "below"), ({"above": 1.0}, "above"), ({"metric": "success", "sort": "final_loss"}, "sort")],
)
def test_a_range_needs_its_metric(db: Database, filters: dict[str, Any], field: str) -> None:
    with pytest.raises(BadQuestion) as caught:
        queries.list_runs(db, filters)
    assert caught.value.field == field


@pytest.mark.parametrize("at", [0.0, 1.5, -2.5e-7, 1e300, 1.7e9 + 0.123456])
def test_a_cursor_keeps_its_number_exactly(at: float) -> None:
    assert queries.read_cursor(queries.write_cursor(at, "a" * 32)) == (at, "a" * 32)


def test_no_cursor_of_this_service(db: Database) -> None:
    with pytest.raises(BadCursor):
        queries.list_runs(db, {}, queries.write_cursor(float("nan"), "a" * 32))
