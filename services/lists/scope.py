"""From the filters and words of a list to what its runs have: kinds, final states, sweeps, the beginning of an id."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, select

from ltd_core.outcome import OUTCOMES
from services.database.models import Sweep, table
from services.runs.kinds import all_kinds
from services.words import FAMILIES, STATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from services.runs.kinds import AllKinds

SWEEPS = table(Sweep)
Status = tuple[str, str | None]
ENDED: tuple[Status, ...] = tuple(("succeeded", outcome) for outcome in OUTCOMES)
STATUSES: tuple[Status, ...] = (*((state, None) for state in STATES if state != "succeeded"), *ENDED)
"""Every pair of a state and an outcome that a run can have."""
_BEGINNING = re.compile(r"[0-9a-f]{2,32}")
_MOST_SWEEPS = 20


@dataclass(frozen=True, slots=True)
class Scope:
    """What the runs of a list have; None stands for anything."""

    kinds: tuple[str, ...] | None = None
    statuses: tuple[Status, ...] | None = None
    sweeps: tuple[str, ...] | None = None
    sweep_runs: int = 0
    oldest: float = 0.0
    newest: float = 0.0
    """Between these the runs of the sweeps were made."""
    prefix: str = ""

    @property
    def empty(self) -> bool:
        """Say whether no run can be meant."""
        return () in (self.kinds, self.statuses, self.sweeps)

    def of_kinds(self, kinds: frozenset[str]) -> Scope:
        """Return the part of these kinds."""
        return replace(self, kinds=tuple(sorted(kinds if self.kinds is None else kinds.intersection(self.kinds))))

    def ended(self) -> Scope:
        """Return the part that has metrics."""
        return self if self.statuses is None else replace(self, statuses=tuple(s for s in self.statuses if s in ENDED))

    def of_status(self, word: str) -> Scope:
        """Return the part in a state, or with an outcome."""
        left = STATUSES if self.statuses is None else self.statuses
        return replace(self, statuses=tuple(pair for pair in left if word in pair))

    def of_sweeps(self, conn: Connection, which: ColumnElement[bool]) -> Scope:
        """Return the part of some sweeps, the newest of them."""
        columns = (SWEEPS.c.id, SWEEPS.c.runs, SWEEPS.c.first_run_at, SWEEPS.c.last_run_at)
        query = select(*columns).where(which).order_by(SWEEPS.c.created_at.desc()).limit(_MOST_SWEEPS)
        found = conn.execute(query).all()
        return replace(
            self,
            sweeps=tuple(row.id for row in found if self.sweeps is None or row.id in self.sweeps),
            sweep_runs=sum(row.runs for row in found),
            oldest=min((row.first_run_at for row in found), default=0.0),
            newest=max((row.last_run_at for row in found), default=0.0),
        )


def scope_of(conn: Connection, filters: Mapping[str, Any]) -> Scope:
    """Return what the filters ask for: state, outcome, sweep, experiment, a kind by its family, words to search."""
    scope = Scope()
    for name in ("state", "outcome"):
        if name in filters:
            scope = scope.of_status(filters[name])
    if "sweep" in filters:
        scope = scope.of_sweeps(conn, SWEEPS.c.id == filters["sweep"])
    chosen = [(family, filters[family]) for family in ("experiment", *FAMILIES) if family in filters]
    words = str(filters.get("search", "")).lower().split()
    if chosen or words:
        known = all_kinds(conn)
        for pair in chosen:
            scope = scope.of_kinds(known.of.get(pair, frozenset()))
        for word in words:
            scope = _with_word(conn, scope, known, word)
    return scope


def _with_word(conn: Connection, scope: Scope, known: AllKinds, word: str) -> Scope:
    """Narrow by a word: a state or outcome, else a kind or its beginning, else that of an id, else part of a name."""
    if any(word in pair for pair in STATUSES):
        return scope.of_status(word)
    if word in known.named:
        return scope.of_kinds(known.named[word])
    if begun := [keys for name, keys in known.named.items() if name.startswith(word)]:
        return scope.of_kinds(frozenset().union(*begun))
    if _BEGINNING.fullmatch(word) and not scope.prefix:
        return replace(scope, prefix=word)
    return scope.of_sweeps(conn, SWEEPS.c.name.icontains(word, autoescape=True))
