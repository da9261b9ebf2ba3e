"""What kinds of mechanisms a run is made of: the combination that lists filter and search by."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import URL

from services.models import RunKinds, table
from services.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from ltd_core.spec import RunSpec
    from services.db import Database

KINDS = table(RunKinds)
FAMILIES = ("problem", "cell", "initialization", "regularizer", "clipping", "optimizer")
Kinds = tuple[str | None, ...]
_known: set[tuple[URL, Kinds]] = set()
"""Combinations that a database is known to hold."""


def kinds_of(spec: RunSpec) -> Kinds:
    """Return the experiment, then the kind of each family; None where the experiment has no such field."""
    return spec.experiment, *(getattr(getattr(spec, family, None), "kind", None) for family in FAMILIES)


@cache
def key_of(kinds: Kinds) -> str:
    """Return the combination's key, 16 hexadecimal characters."""
    return hashlib.blake2b(repr(kinds).encode(), digest_size=8).hexdigest()


def unknown(conn: Connection, combinations: Iterable[Kinds]) -> list[Kinds]:
    """Return the combinations that this process has not seen in the database yet."""
    url = conn.engine.url
    return [kinds for kinds in combinations if (url, kinds) not in _known]


def are_known(db: Database, kinds: Kinds) -> bool:
    """Say whether this process knows that the database holds a combination."""
    return (db.engine_url, kinds) in _known


def remember(db: Database, combinations: Iterable[Kinds]) -> None:
    """Note, after a commit, that combinations are there: they never go."""
    _known.update((db.engine_url, kinds) for kinds in combinations)


def store(conn: Connection, combinations: Iterable[Kinds]) -> None:
    """Keep the combinations that are not there yet."""
    names = ("key", "experiment", *FAMILIES)
    rows = sorted((key_of(kinds), *kinds) for kinds in combinations)
    if rows:
        upsert(conn, KINDS, [dict(zip(names, row, strict=True)) for row in rows], replace=())
