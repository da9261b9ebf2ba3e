"""A database of any earlier release, filled in that release's own shape, is read by this one after migrating."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, text

import services
from ltd_core.catalog import FAMILIES as MECHANISMS
from ltd_core.spec import EXPERIMENTS, RunSpec, parse_spec
from services.database.engine import Database
from services.lists.page import list_runs
from services.lists.question import ListQuestion
from services.migrate import migrate
from services.runs import kinds, queries
from services.settings import Settings
from services.sweeps import posted
from services.sweeps.request import SweepRequest, expand
from services.traces import reading
from services.traces.codec import checksum, encode
from services.words import FAMILIES
from tests.services.lab import spec

ROOT = Path(services.__file__).parents[1]
REVISIONS = sorted(path.name[:4] for path in ROOT.glob("services/migrations/versions/[0-9]*.py"))
VALUES = np.linspace(1, 0, 40, dtype=np.float32)
SWEEP = SweepRequest(base=spec().full(), axes={"cell": [{"kind": "gru"}, {"kind": "lstm"}]}, seeds=[99])
MEMBERS = [one for _, one in expand(SWEEP)]


def examples() -> list[RunSpec]:
    """Return the examples of the documentation, of every experiment, and of every mechanism of every family."""
    read = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("docs/examples/*.json"))]
    read += [cls.example() for cls in EXPERIMENTS.values()]
    for family in FAMILIES:
        for kind, cls in MECHANISMS[family].items():
            short = {"length": 10} if kind == "temporal_order" else {}
            read.append(spec().full() | {family: cls.example() | short})
    known = [parse_spec(one) for one in read]
    members = [member for path in ROOT.glob("docs/examples/sweeps/*.json") for member in _members(path)]
    return list({one.digest: one for one in known + members}.values())


def _members(path: Path) -> list[RunSpec]:
    return [one for _, one in expand(SweepRequest(**json.loads(path.read_text(encoding="utf-8"))))][::50]


EXAMPLES = examples()


def frozen() -> ModuleType:
    path = next((ROOT / "services" / "migrations" / "versions").glob("0005*.py"))
    found = importlib.util.spec_from_file_location("frozen", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


FROZEN = frozen()
"""What 0005 knows of kinds."""


def insert(conn: Connection, table: str, **values: Any) -> None:
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    conn.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)


def insert_run(conn: Connection, number: int, one: RunSpec, **more: Any) -> None:
    """Insert a run as the first release did; every other has ended."""
    insert(
        conn, "runs", **plain(one), **(ended(number) if number % 2 else {"state": "queued", "summary": "{}"}), **more
    )
    insert(conn, "run_events", run_id=one.digest, seq=1, at=5.0, kind="queued", data="{}")


def plain(one: RunSpec) -> dict[str, Any]:
    return {
        "id": one.digest,
        "spec": one.canonical_json(),
        "experiment": one.experiment,
        "shape_key": one.shape_key,
        "seed": one.seed,
        "updates": one.steps,
        "step": 0,
        "epoch": 0,
        "attempts": 0,
        "cancel_requested": False,
        "created_at": 5.0,
        "updated_at": 5.0,
    }


def ended(number: int) -> dict[str, Any]:
    outcome = {"outcome_kind": "exhausted", "outcome_step": 40, "outcome_message": "over"}
    return outcome | {"state": "succeeded", "summary": json.dumps({"final_loss": number, "best_loss": None})}


def insert_points(conn: Connection, run_id: str, revision: str) -> None:
    payload = encode(VALUES)
    array = {"dtype": "<f4", "shape": "[40]", "checksum": checksum(payload), "payload": payload}
    old = {"level": 0, "count": 40} if revision == "0001" else {}
    steps = {"first_step": 1, "last_step": 40, "every": 1}
    insert(conn, "trace_blocks", run_id=run_id, trace="loss", **steps, **array, **old)


def key(one: RunSpec) -> str:
    return str(FROZEN.key_of(FROZEN.kinds_of(json.loads(one.canonical_json()))))


def insert_kinds(conn: Connection) -> None:
    """Insert the rows by which lists find the runs, as releases since 0005 did."""
    runs = EXAMPLES + MEMBERS
    for found in {FROZEN.kinds_of(json.loads(one.canonical_json())) for one in runs}:
        insert(conn, "run_kinds", key=FROZEN.key_of(found), **dict(zip(("experiment", *FAMILIES), found, strict=True)))
    for number, one in list(enumerate(runs))[1::2]:
        metric = {"metric": "final_loss", "outcome_kind": "exhausted", "value": float(number)}
        insert(conn, "run_metrics", run_id=one.digest, kinds=key(one), **metric)


def insert_sweep(conn: Connection, **more: Any) -> None:
    stored = {name: json.dumps(value) for name, value in SWEEP.model_dump().items()} | {"name": "old"}
    insert(conn, "sweeps", id="s" * 32, created_at=5.0, runs=2, **stored, **more)
    for position, (coordinates, one) in enumerate(expand(SWEEP)):
        where = {"position": position, "run_id": one.digest, "coordinates": json.dumps(coordinates)}
        insert(conn, "sweep_runs", sweep_id="s" * 32, **where)


@pytest.fixture(params=REVISIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path, empty_url: str) -> Database:
    """Return a database that was filled at an earlier revision (at 0004 as imports did) and has been migrated."""
    revision = request.param
    migrate(Settings(database_url=empty_url), revision)
    made = Database(empty_url)
    with made.write() as conn:
        for number, one in enumerate(EXAMPLES + MEMBERS):
            insert_run(conn, number, one, **({"kinds": key(one)} if revision > "0004" else {}))
        if revision > "0004":
            insert_kinds(conn)
        insert_points(conn, MEMBERS[0].digest, revision)
        insert_sweep(conn, **({"first_run_at": 5.0, "last_run_at": 5.0} if revision > "0006" else {}))
    migrate(Settings(home=tmp_path, database_url=empty_url))
    yield made
    made.dispose()


def listed(db: Database, **filters: str) -> set[str]:
    return {run.id for run in list_runs(db, ListQuestion(**filters), None, 1000).runs}


def test_runs_are_read_as_they_were(old: Database) -> None:
    for number, one in enumerate(EXAMPLES):
        run = queries.get(old, one.digest)
        assert (run.spec, run.state) == (one, "succeeded" if number % 2 else "queued")
        assert run.summary == ({"final_loss": number, "best_loss": None} if number % 2 else {})
    assert [event.kind for event in queries.events(old, EXAMPLES[0].digest)] == ["queued"]
    assert reading.read(old, MEMBERS[0].digest, "loss").values.tolist() == VALUES.tolist()
    assert posted.get(old, "s" * 32).runs == 2
    assert listed(old, sweep="s" * 32) == {one.digest for one in MEMBERS}


def test_runs_are_listed_by_kind_and_metric(old: Database) -> None:
    known = EXAMPLES + MEMBERS
    for place, family in enumerate(("experiment", *FAMILIES)):
        for kind in {kinds.kinds_of(one)[place] for one in known} - {None}:
            expected = {one.digest for one in known if kinds.kinds_of(one)[place] == kind}
            assert listed(old, **{family: kind}) == expected, (family, kind)
    order = list_runs(old, ListQuestion(sort="-final_loss"), None, 1000).runs
    assert [run.id for run in order] == [one.digest for one in known[1::2][::-1]]
    assert listed(old, metric="final_loss", below="4") == {known[1].digest, known[3].digest}
    assert listed(old, metric="best_loss", below="1e9") == set()


def test_the_migration_sees_the_kinds_that_the_code_sees() -> None:
    for one in EXAMPLES:
        expected = kinds.kinds_of(one)
        assert FROZEN.kinds_of(json.loads(one.canonical_json())) == expected, one
        assert FROZEN.key_of(expected) == kinds.key_of(expected)


def test_a_kind_of_a_package_that_is_gone_stays_a_kind() -> None:
    gone = {"experiment": "training", "problem": {"kind": "temporal_order"}, "cell": {"kind": "of_another_package"}}
    assert FROZEN.kinds_of(gone)[:3] == ("training", "temporal_order", "of_another_package")
    assert FROZEN.kinds_of({"experiment": "of_another_package", "cell": 3}) == ("of_another_package", *[None] * 6)


def test_runs_that_have_kinds_are_left_alone(tmp_path: Path, empty_url: str) -> None:
    migrate(Settings(database_url=empty_url), "0004")
    db, one = Database(empty_url), EXAMPLES[0]
    with db.write() as conn:
        insert_run(conn, 1, one, kinds="as they are")
        metric = {"metric": "final_loss", "kinds": "as they are", "outcome_kind": "exhausted", "value": 9.0}
        insert(conn, "run_metrics", run_id=one.digest, **metric)
    migrate(Settings(home=tmp_path, database_url=empty_url))
    with db.read() as conn:
        assert conn.execute(text("SELECT kinds FROM runs")).scalars().all() == ["as they are"]
        assert conn.execute(text("SELECT value FROM run_metrics")).scalars().all() == [9.0]
    db.dispose()


@pytest.mark.parametrize("old", ["0004"], indirect=True)
def test_down_and_up_again_changes_nothing(old: Database) -> None:
    before = [listed(old, cell="lstm"), listed(old, metric="final_loss", above="7")]
    for revision in reversed(REVISIONS):
        migrate(Settings(database_url=old.url), revision)
    migrate(Settings(database_url=old.url))
    assert [listed(old, cell="lstm"), listed(old, metric="final_loss", above="7")] == before


def test_runs_that_were_imported_are_recognized_by_their_event(tmp_path: Path, empty_url: str) -> None:
    migrate(Settings(database_url=empty_url), "0008")
    db = Database(empty_url)
    with db.write() as conn:
        for number, one in enumerate(EXAMPLES[:2]):
            insert_run(conn, number, one)
        insert(conn, "run_events", run_id=EXAMPLES[1].digest, seq=2, at=5.0, kind="imported", data="{}")
    migrate(Settings(home=tmp_path, database_url=empty_url))
    assert [queries.get(db, one.digest).origin for one in EXAMPLES[:2]] == ["trained", "imported"]
    db.dispose()


@pytest.mark.parametrize("old", ["0007"], indirect=True)
def test_a_queued_run_of_no_sweep_was_posted_alone(old: Database) -> None:
    with old.read() as conn:
        alone = conn.execute(text("SELECT id FROM runs WHERE posted_alone")).scalars().all()
    assert set(alone) == {one.digest for one in EXAMPLES[::2]}
