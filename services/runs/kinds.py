"""What kinds of mechanisms a run is made of: the combination that lists filter and search by."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Row, func, select

from ltd_core.spec import RunSpec
from services.database.engine import store_of
from services.database.models import RunKinds, table
from services.database.rows import upsert
from services.words import FAMILIES

KINDS = table(RunKinds)
Kinds = tuple[str | None, ...]
_COUNT = select(func.count()).select_from(KINDS)


class AllKinds(NamedTuple):
    """Every combination of a database: its keys, and those that have a name in a family, or in any."""

    keys: frozenset[str]
    of: Mapping[tuple[str, str], frozenset[str]]
    named: Mapping[str, frozenset[str]]


_known: dict[str, AllKinds] = {}
"""By database."""


def kinds_of(spec: RunSpec) -> Kinds:
    """Return the experiment, then the kind of each family; None where the experiment has no such field."""
    return spec.experiment, *(getattr(getattr(spec, family, None), "kind", None) for family in FAMILIES)


@cache
def key_of(kinds: Kinds) -> str:
    """Return the combination's key, 16 hexadecimal characters."""
    return hashlib.blake2b(repr(kinds).encode(), digest_size=8).hexdigest()


def all_kinds(conn: Connection) -> AllKinds:
    """Return the combinations there are; read again where there are more than before, since they never go."""
    url = store_of(conn)
    known = _known.get(url)
    if known is None or len(known.keys) != conn.execute(_COUNT).scalar_one():
        known = _known[url] = _gathered(conn.execute(select(KINDS)).all())
    return known


def _gathered(rows: Iterable[Row[tuple[str, ...]]]) -> AllKinds:
    keys, of, named = set[str](), defaultdict[tuple[str, str], set[str]](set), defaultdict[str, set[str]](set)
    for row in rows:
        keys.add(row.key)
        for family in ("experiment", *FAMILIES):
            if name := getattr(row, family):
                of[family, name].add(row.key)
                named[name].add(row.key)
    return AllKinds(
        frozenset(keys),
        {where: frozenset(found) for where, found in of.items()},
        {name: frozenset(found) for name, found in named.items()},
    )


def store(conn: Connection, combinations: Iterable[Kinds]) -> None:
    """Keep the combinations that are not there yet."""
    wanted = {key_of(kinds): kinds for kinds in combinations}
    known = _known.get(store_of(conn))
    if known and wanted.keys() <= known.keys:  # as nearly always: none ever goes
        return
    names, known = ("key", "experiment", *FAMILIES), all_kinds(conn)
    if missing := sorted(wanted.keys() - known.keys):
        upsert(conn, KINDS, [dict(zip(names, (key, *wanted[key]), strict=True)) for key in missing], replace=())
