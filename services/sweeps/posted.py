"""Grids of runs: what was asked for, the runs it names, and how far they are."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Row, func, select, tuple_

from ltd_core.errors import FieldProblem, InvalidSpec
from ltd_core.faults import invalid
from ltd_core.fields import Whole
from ltd_core.spec import RunSpec, parse_spec
from services.cache import Kept
from services.database.engine import now
from services.database.models import Run, Sweep, SweepRun, table
from services.database.rows import insert_missing, insert_rows
from services.errors import NotFound
from services.runs import lifecycle, submission
from services.runs.queries import read_cursor, write_cursor
from services.words import FINAL, OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from services.database.engine import Database

SWEEPS, MEMBERS, RUNS = table(Sweep), table(SweepRun), table(Run)
MOST_RUNS = 100_000
Coordinates = dict[str, Any]
Counts = tuple[Any, ...]
_ended: Kept[list[Counts]] = Kept(1000)
"""Of sweeps whose every run has succeeded, which never changes."""


class SweepRequest(BaseModel):
    """A base specification, values of some of its fields (dotted paths; a value may be a whole object), and seeds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=200, strict=True)] = "sweep"
    base: dict[str, Any] = Field(description="A specification; see RunSpec.")
    axes: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        default_factory=dict, description="Values by dotted field."
    )
    seeds: Annotated[list[Whole], Field(min_length=1)] = Field(default=[0], description="One run a seed and cell.")


@dataclass(frozen=True, slots=True)
class SweepPosted:
    """What became of a sweep's runs, in numbers."""

    sweep_id: str
    new: int
    restarted: int
    stood: int
    created: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """What a sweep asked for."""

    id: str
    base: dict[str, Any]
    axes: dict[str, list[Any]]
    seeds: list[int]

    def spec_at(self, coordinates: Coordinates) -> RunSpec:
        """Return the specification of a cell."""
        return parse_spec(_placed(self.base, coordinates), stored=True)


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

    @property
    def finished(self) -> bool:
        """Say whether every run has ended."""
        return all(state in FINAL for state in self.states)


def parse_request(data: object) -> SweepRequest:
    """Return the request in JSON-like data; raises InvalidSpec naming every wrong field."""
    if not isinstance(data, dict):
        raise InvalidSpec((FieldProblem("", "a sweep must be a JSON object", data),))
    try:
        return SweepRequest.model_validate(data)
    except ValidationError as error:
        raise invalid(SweepRequest, data, error) from None


def expand(request: SweepRequest) -> list[tuple[Coordinates, RunSpec]]:
    """Return every cell's coordinates and specification, in order, without repetitions; raises InvalidSpec."""
    axes = request.axes | ({} if "seed" in request.axes else {"seed": request.seeds})
    count = prod(len(values) for values in axes.values())
    if count > MOST_RUNS:
        raise InvalidSpec(
            (FieldProblem("axes", f"a sweep has at most {MOST_RUNS:,} runs, these axes make {count:,}", None),)
        )
    _check_values(request.base, axes)
    cells: dict[str, tuple[Coordinates, RunSpec]] = {}
    for coordinates, spec in _cells(request):
        cells.setdefault(spec.digest, (coordinates, spec))
    return list(cells.values())


def _cells(request: SweepRequest) -> Iterator[tuple[Coordinates, RunSpec]]:
    """Yield every cell; what was read for one seed is so for all."""
    seeds = [{}] if "seed" in request.axes else [{"seed": seed} for seed in request.seeds]
    for chosen in product(*request.axes.values()):
        coordinates = dict(zip(request.axes, chosen, strict=True))
        try:
            first = parse_spec(_placed(request.base, coordinates | seeds[0]))
        except InvalidSpec as error:
            raise InvalidSpec(tuple(_in_sweep(p, request, coordinates | seeds[0]) for p in error.problems)) from None
        for seed in seeds:
            yield coordinates | seed, first.seeded(**seed) if seed else first


def post(db: Database, request: SweepRequest) -> SweepPosted:
    """Store a sweep and queue what is missing of its runs, in one transaction."""
    cells = expand(request)
    asked = request.model_dump()
    sweep_id = hashlib.blake2b(_text([asked, [spec.digest for _, spec in cells]]).encode(), digest_size=16).hexdigest()
    stored = {name: orjson.dumps(value).decode() for name, value in asked.items()}  # the axes in the order they came in
    with db.write() as conn:
        done = submission.submit_in(conn, [spec for _, spec in cells])
        first, last = submission.made_between(conn, [spec.digest for _, spec in cells])
        more = {"id": sweep_id, "name": request.name, "created_at": now(conn), "runs": len(cells)}
        created = bool(insert_missing(conn, SWEEPS, [stored | more | {"first_run_at": first, "last_run_at": last}]))
        if created:
            members = [
                {"sweep_id": sweep_id, "position": i, "run_id": spec.digest, "coordinates": orjson.dumps(at).decode()}
                for i, (at, spec) in enumerate(cells)
            ]
            insert_rows(conn, MEMBERS, members)
    return SweepPosted(sweep_id, len(done.new), len(done.restarted), len(done.stood), created)


def get(db: Database, sweep_id: str) -> SweepView:
    """Return a sweep; raises NotFound."""
    found = _views(db, select(SWEEPS).where(SWEEPS.c.id == sweep_id))
    if not found:
        raise NotFound("sweep", sweep_id)
    return found[0]


def grid(db: Database, sweep_id: str) -> Grid:
    """Return what a sweep asked for; raises NotFound."""
    with db.read() as conn:
        row = conn.execute(select(SWEEPS).where(SWEEPS.c.id == sweep_id)).one_or_none()
    if row is None:
        raise NotFound("sweep", sweep_id)
    return Grid(row.id, orjson.loads(row.base), orjson.loads(row.axes), orjson.loads(row.seeds))


def list_sweeps(db: Database, cursor: str | None = None, limit: int = 50) -> tuple[list[SweepView], str | None]:
    """Return a page of sweeps, newest first, and the next cursor; raises BadCursor."""
    query = select(SWEEPS).order_by(SWEEPS.c.created_at.desc(), SWEEPS.c.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(SWEEPS.c.created_at, SWEEPS.c.id) < read_cursor(cursor))
    found = _views(db, query)
    page = found[:limit]
    return page, write_cursor(page[-1].created_at, page[-1].id) if len(found) > limit else None


def cancel(db: Database, sweep_id: str) -> int:
    """Cancel every run of a sweep that has not ended; returns how many. Raises NotFound."""
    get(db, sweep_id)
    mine = select(RUNS.c.id).join(MEMBERS, MEMBERS.c.run_id == RUNS.c.id).where(MEMBERS.c.sweep_id == sweep_id)
    with db.read() as conn:
        ids = conn.execute(mine.where(RUNS.c.state.in_(OPEN))).scalars().all()
    for run_id in ids:
        lifecycle.request_cancel(db, run_id)
    return len(ids)


def _views(db: Database, query: Any) -> list[SweepView]:
    with db.read() as conn:
        rows = conn.execute(query).all()
        known = {row.id: counts for row in rows if (counts := _ended.get((db.url, row.id)))}
        counted = known | _counted(conn, [row.id for row in rows if row.id not in known])
    for sweep_id, counts in counted.items():
        if all(state == "succeeded" for state, *_ in counts):
            _ended.put((db.url, sweep_id), counts)
    return [_view(row, counted[row.id]) for row in rows]


def _counted(conn: Connection, ids: list[str]) -> dict[str, list[Counts]]:
    """Return the runs of sweeps by state and outcome: how many, their steps and their updates."""
    found: dict[str, list[Counts]] = {sweep_id: [] for sweep_id in ids}
    if ids:
        figures = (func.count(), func.sum(RUNS.c.step), func.sum(RUNS.c.updates))
        groups = (MEMBERS.c.sweep_id, RUNS.c.state, RUNS.c.outcome_kind)
        query = select(*groups, *figures).join(RUNS, MEMBERS.c.run_id == RUNS.c.id)
        for sweep_id, *counts in conn.execute(query.where(MEMBERS.c.sweep_id.in_(ids)).group_by(*groups)):
            found[sweep_id].append(tuple(counts))
    return found


def _view(row: Row[Any], counted: list[Counts]) -> SweepView:
    states: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    done = total = 0
    for state, outcome, count, steps, updates in counted:
        states[state] = states.get(state, 0) + count
        if outcome:
            outcomes[outcome] = outcomes.get(outcome, 0) + count
        done += updates if state in FINAL else steps  # a run that ended early has no updates left
        total += updates
    read: dict[str, Any] = {name: orjson.loads(getattr(row, name)) for name in ("base", "axes", "seeds")}
    return SweepView(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        runs=row.runs,
        states=states,
        outcomes=outcomes,
        updates_done=int(done),
        updates_total=int(total),
        **read,
    )


def _check_values(base: dict[str, Any], axes: dict[str, list[Any]]) -> None:
    """Name the axis value that is wrong by itself, with its place, before cells are made."""
    first = {path: values[0] for path, values in axes.items()}
    for path, values in axes.items():
        for i, value in enumerate(values):
            try:
                parse_spec(_placed(base, first | {path: value}))
            except InvalidSpec as error:
                mine = [p for p in error.problems if _inside(p.field, path)]
                if mine:
                    raise InvalidSpec(tuple(p._replace(field=_axis_field(p.field, path, i)) for p in mine)) from None


def _inside(field: str, path: str) -> bool:
    return field == path or field.startswith((f"{path}.", f"{path}["))


def _axis_field(field: str, path: str, index: int) -> str:
    where = "seeds" if path == "seed" else f"axes.{path}"
    return f"{where}[{index}]{field.removeprefix(path)}"


def _in_sweep(problem: FieldProblem, request: SweepRequest, coordinates: Coordinates) -> FieldProblem:
    """Name the axis a problem comes from, else the base's field."""
    for path in coordinates:
        if _inside(problem.field, path):
            return problem._replace(field=f"axes.{path}", message=f"{problem.message}, at {_text(coordinates)}")
    at = f", at {_text(coordinates)}" if request.axes else ""
    return problem._replace(field=f"base.{problem.field}", message=problem.message + at)


def _placed(base: dict[str, Any], coordinates: Coordinates) -> dict[str, Any]:
    """Return the base with values put at dotted paths; raises InvalidSpec where a path leads through a number."""
    made = copy.deepcopy(base)
    for path, value in coordinates.items():
        *parents, last = path.split(".")
        holder = made
        for name in parents:
            holder = holder.setdefault(name, {})
            if not isinstance(holder, dict):
                raise InvalidSpec((FieldProblem(path, f"{name} of the base is no object", holder),))
        holder[last] = value
    return made


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
