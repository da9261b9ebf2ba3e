"""The kinds of mechanisms that a run combines: lists filter and search by a combination's key, not by each kind."""

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
    """The keys of every combination in a database, of those with a kind in a family, and with a kind in any."""

    keys: frozenset[str]
    of: Mapping[tuple[str, str], frozenset[str]]
    named: Mapping[str, frozenset[str]]


_by_store: dict[str, AllKinds] = {}


def kinds_of(spec: RunSpec) -> Kinds:
    """Return the experiment, then the kind of each family; None where the experiment has no such field."""
    return spec.experiment, *(getattr(getattr(spec, family, None), "kind", None) for family in FAMILIES)


@cache
def key_of(kinds: Kinds) -> str:
    """Return the key of a combination, 16 hexadecimal characters."""
    return hashlib.blake2b(repr(kinds).encode(), digest_size=8).hexdigest()


def all_kinds(conn: Connection) -> AllKinds:
    """Return all combinations, cached until their number changes: rows of `run_kinds` are never deleted."""
    url = store_of(conn)
    cached = _by_store.get(url)
    if cached is None or len(cached.keys) != conn.execute(_COUNT).scalar_one():
        cached = _by_store[url] = _indexed(conn.execute(select(KINDS)).all())
    return cached


def store(conn: Connection, combinations: Iterable[Kinds]) -> None:
    """Insert the combinations that are missing; nearly always all are in the cache already."""
    wanted = {key_of(kinds): kinds for kinds in combinations}
    cached = _by_store.get(store_of(conn))
    if cached and wanted.keys() <= cached.keys:
        return
    columns = ("key", "experiment", *FAMILIES)
    if missing := sorted(wanted.keys() - all_kinds(conn).keys):
        upsert(conn, KINDS, [dict(zip(columns, (key, *wanted[key]), strict=True)) for key in missing], replace=())


def _indexed(rows: Iterable[Row[tuple[str, ...]]]) -> AllKinds:
    keys, of, named = set[str](), defaultdict[tuple[str, str], set[str]](set), defaultdict[str, set[str]](set)
    for row in rows:
        keys.add(row.key)
        for family in ("experiment", *FAMILIES):
            if kind := getattr(row, family):
                of[family, kind].add(row.key)
                named[kind].add(row.key)
    return AllKinds(
        frozenset(keys),
        {pair: frozenset(members) for pair, members in of.items()},
        {kind: frozenset(members) for kind, members in named.items()},
    )
