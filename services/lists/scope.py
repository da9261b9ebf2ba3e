"""What a question's filters and words mean for its runs: keys of `run_kinds`, states and outcomes, sweeps, ids.

A word of `search` is the first of these that it can be: a state or an outcome; a kind of mechanism, or its beginning;
the beginning of a run's id (one word of a search); part of a sweep's name, then of the newest sweeps that have it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, select

from ltd_core.outcome import OUTCOMES
from services.database.models import Sweep, table
from services.lists.question import ListQuestion
from services.runs.kinds import AllKinds, all_kinds
from services.words import STATES

SWEEPS = table(Sweep)
Status = tuple[str, str | None]
ENDED: tuple[Status, ...] = tuple(("succeeded", outcome) for outcome in OUTCOMES)
STATUSES: tuple[Status, ...] = (*((state, None) for state in STATES if state != "succeeded"), *ENDED)
"""Every pair of a state and an outcome that a run can have."""
_BEGINNING = re.compile(r"[0-9a-f]{2,32}")
_MOST_SWEEPS = 20


@dataclass(frozen=True, slots=True)
class Scope:
    """What the runs of a list have; None stands for anything. Runs of the sweeps were created from oldest to newest."""

    kinds: tuple[str, ...] | None = None
    statuses: tuple[Status, ...] | None = None
    sweeps: tuple[str, ...] | None = None
    sweep_runs: int = 0
    oldest: float = 0.0
    newest: float = 0.0
    prefix: str = ""

    @property
    def empty(self) -> bool:
        """Say whether no run can have all of this."""
        return () in (self.kinds, self.statuses, self.sweeps)

    def with_kinds(self, keys: frozenset[str]) -> Scope:
        """Narrow to some keys of `run_kinds`."""
        return replace(self, kinds=tuple(sorted(keys if self.kinds is None else keys.intersection(self.kinds))))

    def with_status(self, word: str) -> Scope:
        """Narrow to a state or an outcome."""
        statuses = STATUSES if self.statuses is None else self.statuses
        return replace(self, statuses=tuple(status for status in statuses if word in status))

    def with_sweeps(self, conn: Connection, which: ColumnElement[bool]) -> Scope:
        """Narrow to some sweeps, the newest of them."""
        columns = (SWEEPS.c.id, SWEEPS.c.runs, SWEEPS.c.first_run_at, SWEEPS.c.last_run_at)
        query = select(*columns).where(which).order_by(SWEEPS.c.created_at.desc()).limit(_MOST_SWEEPS)
        rows = conn.execute(query).all()
        return replace(
            self,
            sweeps=tuple(row.id for row in rows if self.sweeps is None or row.id in self.sweeps),
            sweep_runs=sum(row.runs for row in rows),
            oldest=min((row.first_run_at for row in rows), default=0.0),
            newest=max((row.last_run_at for row in rows), default=0.0),
        )

    def with_word(self, conn: Connection, every: AllKinds, word: str) -> Scope:
        """Narrow to what a word of a search means."""
        if any(word in status for status in STATUSES):
            return self.with_status(word)
        if word in every.named:
            return self.with_kinds(every.named[word])
        if begun := [keys for name, keys in every.named.items() if name.startswith(word)]:
            return self.with_kinds(frozenset().union(*begun))
        if _BEGINNING.fullmatch(word) and not self.prefix:
            return replace(self, prefix=word)
        return self.with_sweeps(conn, SWEEPS.c.name.icontains(word, autoescape=True))


def scope_of(conn: Connection, question: ListQuestion) -> Scope:
    """Return what a question's filters and words mean; in the order of a metric, ended runs alone have one."""
    scope = Scope()
    for word in (question.state, question.outcome):
        scope = scope if word is None else scope.with_status(word)
    if question.sweep is not None:
        scope = scope.with_sweeps(conn, SWEEPS.c.id == question.sweep)
    kinds, words = list(question.kinds()), question.search.lower().split()
    if kinds or words:
        every = all_kinds(conn)
        for pair in kinds:
            scope = scope.with_kinds(every.of.get(pair, frozenset()))
        for word in words:
            scope = scope.with_word(conn, every, word)
    if question.order.metric and scope.statuses is not None:
        scope = scope.with_status("succeeded")
    return scope
