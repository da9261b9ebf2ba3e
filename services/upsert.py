"""Insert or keep, insert or replace: one statement on either database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table


def upsert(conn: Connection, table: Table, rows: Sequence[dict[str, Any]], replace: Sequence[str]) -> None:
    """Insert rows; where the primary key is taken, replace the named columns, or leave the row when none is named."""
    statement, keys = _insert(conn, table), [column.name for column in table.primary_key]
    if replace:
        statement = statement.on_conflict_do_update(
            index_elements=keys, set_={name: statement.excluded[name] for name in replace}
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    conn.execute(statement, rows)


def insert_missing(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> set[Any]:
    """Insert rows whose primary key, of one column, is free; return those keys. Others may insert at the same time."""
    (key,) = table.primary_key
    statement = _insert(conn, table).on_conflict_do_nothing(index_elements=[key.name]).returning(key)
    return set(conn.execute(statement, rows).scalars())


def _insert(conn: Connection, table: Table) -> Any:  # noqa: ANN401 - a statement of either dialect
    make = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    return make(table)
