"""Insert or keep, insert or replace: one statement on either database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import JSON, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table


def upsert(conn: Connection, table: Table, rows: Sequence[dict[str, Any]], replace: Sequence[str]) -> None:
    """Insert rows; where the primary key is taken, replace the named columns, or leave the row when none is named."""
    conn.execute(_upsert(conn.dialect.name, table, tuple(replace)), rows)


def insert_rows(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of the same columns, each a text or a number; as many as there are."""
    if rows:
        conn.execute(_insert(conn.dialect.name, table, tuple(rows[0])), _given(conn, rows))


def insert_missing(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> set[Any]:
    """Do so where the primary key, of one column, is free; return those keys. Others may insert at the same time."""
    if not rows:
        return set()
    statement = _insert_missing(conn.dialect.name, table, tuple(rows[0]))
    return set(conn.execute(statement, _given(conn, rows)).scalars())


@cache
def _upsert(dialect: str, table: Table, replace: tuple[str, ...]) -> Any:
    statement, keys = _of(dialect).insert(table), [column.name for column in table.primary_key]
    if not replace:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in replace}
    )


@cache
def _insert_missing(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    (key,) = table.primary_key
    return _insert(dialect, table, names).on_conflict_do_nothing(index_elements=[key.name]).returning(key)


@cache
def _insert(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    """Return an insertion; on PostgreSQL of rows in one JSON, since its driver takes tens of microseconds for each."""
    statement = _of(dialect).insert(table)
    if dialect != "postgresql":
        return statement.values({name: bindparam(name) for name in names})
    columns = [column(name, table.c[name].type) for name in names]
    given = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON)).table_valued(*columns)
    return statement.from_select(names, select(given.render_derived(with_types=True)))


def _given(conn: Connection, rows: Sequence[dict[str, Any]]) -> Any:
    return {"rows": orjson.dumps(rows).decode()} if conn.dialect.name == "postgresql" else rows


def _of(dialect: str) -> Any:
    return postgresql if dialect == "postgresql" else sqlite
