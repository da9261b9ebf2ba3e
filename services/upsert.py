"""Insert or keep, insert or replace: one statement on either database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table


def upsert(conn: Connection, table: Table, rows: Sequence[dict[str, Any]], replace: Sequence[str]) -> None:
    """Insert rows; where the primary key is taken, replace the named columns, or leave the row when none is named."""
    conn.execute(_upsert(conn.dialect.name, table, tuple(replace)), rows)


def insert_missing(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> set[Any]:
    """Insert rows whose primary key, of one column, is free; return those keys. Others may insert at the same time."""
    return set(conn.execute(_insert_missing(conn.dialect.name, table), rows).scalars()) if rows else set()


@cache
def _upsert(dialect: str, table: Table, replace: tuple[str, ...]) -> Any:  # noqa: ANN401 - a statement of either dialect
    statement, keys = _insert(dialect, table), [column.name for column in table.primary_key]
    if not replace:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in replace}
    )


@cache
def _insert_missing(dialect: str, table: Table) -> Any:  # noqa: ANN401
    (key,) = table.primary_key
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=[key.name]).returning(key)


def _insert(dialect: str, table: Table) -> Any:  # noqa: ANN401
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
