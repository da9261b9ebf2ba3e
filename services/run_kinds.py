"""What kinds of mechanisms a run is made of: the combination that lists filter and search by."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from services.models import RunKinds, table
from services.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from ltd_core.spec import RunSpec

KINDS = table(RunKinds)
FAMILIES = ("problem", "cell", "initialization", "regularizer", "clipping", "optimizer")
Kinds = tuple[str | None, ...]


def kinds_of(spec: RunSpec) -> Kinds:
    """Return the experiment, then the kind of each family; None where the experiment has no such field."""
    return spec.experiment, *(getattr(getattr(spec, family, None), "kind", None) for family in FAMILIES)


@cache
def key_of(kinds: Kinds) -> str:
    """Return the combination's key, 16 hexadecimal characters."""
    return hashlib.blake2b(repr(kinds).encode(), digest_size=8).hexdigest()


def store(conn: Connection, combinations: Iterable[Kinds]) -> None:
    """Keep the combinations that are not there yet."""
    names = ("experiment", *FAMILIES)
    rows = [{"key": key_of(kinds)} | dict(zip(names, kinds, strict=True)) for kinds in sorted(combinations, key=key_of)]
    upsert(conn, KINDS, rows, replace=())
