"""Sweeps in the database: posted with their runs, listed with how far these are."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select, tuple_, update

from ltd_core.spec import RunSpec, parse_spec
from services.cache import Cache
from services.database.engine import Database, clock
from services.database.models import Run, Sweep, SweepRun, table
from services.database.rows import insert_missing, insert_new
from services.errors import Conflict, NotFound
from services.lists.cursor import read_cursor, write_cursor
from services.runs import limits, submission, turns
from services.settings import Settings
from services.sweeps.request import Coordinates, SweepRequest, expand, with_values
from services.sweeps.slices import slices
from services.words import FINAL

SWEEPS, MEMBERS, RUNS = table(Sweep), table(SweepRun), table(Run)
_UNSEEN = 0
"""`runs` of a sweep that is being stored."""
DELETED = -1
"""`runs` of a sweep that is being deleted."""
SEEN = SWEEPS.c.runs > _UNSEEN
Counts = tuple[Any, ...]
_ended: Cache[list[Counts]] = Cache(1000)
"""Of sweeps whose every run has succeeded: these never change."""


@dataclass(frozen=True, slots=True)
class SweepPosted:
    """How many runs of a sweep were inserted, queued again, or left as they stood."""

    sweep_id: str
    new: int
    restarted: int
    stood: int
    created: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """A sweep as it was requested."""

    id: str
    base: dict[str, Any]
    axes: dict[str, list[Any]]
    seeds: list[int]

    def spec_at(self, coordinates: Coordinates) -> RunSpec:
        """Return the specification of a cell."""
        return parse_spec(with_values(self.base, coordinates), stored=True)


@dataclass(frozen=True, slots=True)
class SweepView:
    """A sweep as it stands."""

    id: str
    name: str
    base: dict[str, Any]
    axes: dict[str, list[Any]]
    seeds: list[int]
    created_at: float
    runs: int
    states: dict[str, int]
    outcomes: dict[str, int]
    updates_done: int
    updates_total: int
    cancelled_at: float | None

    @property
    def finished(self) -> bool:
        return all(state in FINAL for state in self.states)


def post(db: Database, request: SweepRequest, settings: Settings | None = None) -> SweepPosted:
    """Store a sweep and queue its missing runs, a slice a transaction, so that others can write in between.

    The sweep is seen when the last slice is stored. Where that fails, the runs of earlier slices are queued by
    themselves, and the same request again adds what is missing. Raises InvalidSpec, also for more than settings allow.
    """
    cells = expand(request)
    if settings:
        limits.check_sweep(settings, (spec for _, spec in cells))
    ids = [spec.digest for _, spec in cells]
    asked = request.model_dump()
    canonical = json.dumps([asked, ids], sort_keys=True, separators=(",", ":"))
    sweep_id = hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()
    row: dict[str, Any] = {name: orjson.dumps(value).decode() for name, value in asked.items()}  # axes in their order
    row |= {"id": sweep_id, "name": request.name, "created_at": 0.0, "runs": _UNSEEN}
    counts, created, turn = Counter[str](), False, 0
    for positions in slices(len(cells)):
        first, some = positions.start, cells[positions.start : positions.stop]
        runs = submission.prepared(spec for _, spec in some)
        members = _members(sweep_id, first, some)
        with db.write() as conn:
            if first > 0 or not insert_missing(conn, SWEEPS, [row]):
                _hold(conn, sweep_id, {} if first else {"cancelled_at": None})
            turn = turns.first(conn, sweep_id) if first == 0 else turn
            done = submission.submit_in(conn, runs, sweep_id, turn + first)
            insert_new(conn, MEMBERS, members)
            if positions.stop == len(cells):
                created = _show(conn, sweep_id, ids)
        counts.update(new=len(done.new), restarted=len(done.restarted), stood=len(done.stood))
    return SweepPosted(sweep_id, counts["new"], counts["restarted"], counts["stood"], created)


def _hold(conn: Connection, sweep_id: str, values: dict[str, Any]) -> None:
    """Keep a sweep from being deleted until the transaction ends; raises Conflict where that has begun."""
    standing = (SWEEPS.c.id == sweep_id) & (SWEEPS.c.runs >= _UNSEEN)
    if not conn.execute(update(SWEEPS).where(standing).values({"id": sweep_id} | values)).rowcount:
        raise Conflict(f"sweep {sweep_id} is being deleted: post it again when it is gone, in some seconds")


def _members(sweep_id: str, first: int, cells: list[tuple[Coordinates, RunSpec]]) -> list[dict[str, Any]]:
    """Return the rows that make the runs of some cells members, from a position on."""
    return [
        {"sweep_id": sweep_id, "position": i, "run_id": spec.digest, "coordinates": orjson.dumps(values).decode()}
        for i, (values, spec) in enumerate(cells, first)
    ]


def _show(conn: Connection, sweep_id: str, ids: list[str]) -> bool:
    """Make a sweep that is whole seen; False where it is already."""
    first, last = submission.created_between(conn, ids)
    values = {"runs": len(ids), "created_at": clock(conn), "first_run_at": first, "last_run_at": last}
    unseen = (SWEEPS.c.id == sweep_id) & (SWEEPS.c.runs == _UNSEEN)
    return bool(conn.execute(update(SWEEPS).where(unseen).values(**values)).rowcount)


def get(db: Database, sweep_id: str) -> SweepView:
    """Return a sweep; raises NotFound."""
    views = _views(db, select(SWEEPS).where(SWEEPS.c.id == sweep_id, SEEN))
    if not views:
        raise NotFound("sweep", sweep_id)
    return views[0]


def grid(db: Database, sweep_id: str) -> Grid:
    """Return a sweep as it was requested; raises NotFound."""
    with db.read() as conn:
        row = conn.execute(select(SWEEPS).where(SWEEPS.c.id == sweep_id, SEEN)).one_or_none()
    if row is None:
        raise NotFound("sweep", sweep_id)
    return Grid(row.id, orjson.loads(row.base), orjson.loads(row.axes), orjson.loads(row.seeds))


def list_sweeps(db: Database, cursor: str | None = None, limit: int = 50) -> tuple[list[SweepView], str | None]:
    """Return a page of sweeps, newest first, and the next cursor; raises BadCursor."""
    query = select(SWEEPS).where(SEEN).order_by(SWEEPS.c.created_at.desc(), SWEEPS.c.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(SWEEPS.c.created_at, SWEEPS.c.id) < read_cursor(cursor))
    views = _views(db, query)
    page = views[:limit]
    return page, write_cursor((page[-1].created_at, page[-1].id)) if len(views) > limit else None


def _views(db: Database, query: Any) -> list[SweepView]:
    with db.read() as conn:
        rows = conn.execute(query).all()
        keys = {row.id: (db.url, row.id, row.created_at) for row in rows}  # one that was deleted may be posted again
        counts = {sweep_id: cached for sweep_id, key in keys.items() if (cached := _ended.get(key))}
        counts |= _counted(conn, [sweep_id for sweep_id in keys if sweep_id not in counts])
    for sweep_id, groups in counts.items():
        if all(state == "succeeded" for state, *_ in groups):
            _ended.put(keys[sweep_id], groups)
    return [_view(row, counts[row.id]) for row in rows]


def _counted(conn: Connection, ids: list[str]) -> dict[str, list[Counts]]:
    """Return the runs of sweeps by state and outcome: how many, their steps and their updates."""
    by_sweep: dict[str, list[Counts]] = {sweep_id: [] for sweep_id in ids}
    if ids:
        figures = (func.count(), func.sum(RUNS.c.step), func.sum(RUNS.c.updates))
        groups = (MEMBERS.c.sweep_id, RUNS.c.state, RUNS.c.outcome_kind)
        query = select(*groups, *figures).join(RUNS, MEMBERS.c.run_id == RUNS.c.id)
        for sweep_id, *counts in conn.execute(query.where(MEMBERS.c.sweep_id.in_(ids)).group_by(*groups)):
            by_sweep[sweep_id].append(tuple(counts))
    return by_sweep


def _view(row: Row[Any], groups: list[Counts]) -> SweepView:
    states, outcomes = Counter[str](), Counter[str]()
    done = total = 0
    for state, outcome, count, steps, updates in groups:
        states[state] += count
        if outcome:
            outcomes[outcome] += count
        done += updates if state in FINAL else steps  # a run that ended early has no updates left
        total += updates
    base, axes, seeds = (orjson.loads(text) for text in (row.base, row.axes, row.seeds))
    counts = (dict(states), dict(outcomes), int(done), int(total))
    return SweepView(row.id, row.name, base, axes, seeds, row.created_at, row.runs, *counts, row.cancelled_at)
