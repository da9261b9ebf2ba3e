"""Many rows, or many keys, in one statement on either database.

Rows and keys travel as one JSON parameter where that is faster: psycopg takes tens of microseconds to bind a row, and
binding hundreds of keys one by one is slower than the query itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, Table, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql, sqlite


def upsert(conn: Connection, table: Table, rows: Sequence[dict[str, Any]], replace: Sequence[str]) -> None:
    """Insert rows; where the primary key is taken, replace the named columns, or leave the row when none is named."""
    conn.execute(_upsert(conn.dialect.name, table, tuple(replace)), rows)


def insert_rows(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert any number of rows that have the same columns, of strings and numbers."""
    if rows:
        conn.execute(_insert(conn.dialect.name, table, tuple(rows[0])), _parameters(conn, rows))


def insert_missing(conn: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> set[Any]:
    """Insert rows whose primary key (one column) is free and return those keys; safe against concurrent inserts."""
    if not rows:
        return set()
    statement = _insert_missing(conn.dialect.name, table, tuple(rows[0]))
    return set(conn.execute(statement, _parameters(conn, rows)).scalars())


def strings_of(conn: Connection, name: str) -> str:
    """Return the subquery of the strings in a parameter that `json_list` made."""
    if conn.dialect.name == "sqlite":
        return f"SELECT value FROM json_each(:{name})"  # noqa: S608 - a name of ours
    return f"SELECT json_array_elements_text(CAST(:{name} AS json))"


def json_list(strings: Iterable[str]) -> str:
    """Return strings as one parameter."""
    return orjson.dumps(list(strings)).decode()


@cache
def _upsert(dialect: str, table: Table, replace: tuple[str, ...]) -> Any:
    statement, keys = _module(dialect).insert(table), [column.name for column in table.primary_key]
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
    statement = _module(dialect).insert(table)
    if dialect != "postgresql":
        return statement.values({name: bindparam(name) for name in names})
    columns = [column(name, table.c[name].type) for name in names]
    rows = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON)).table_valued(*columns)
    return statement.from_select(names, select(rows.render_derived(with_types=True)))


def _parameters(conn: Connection, rows: Sequence[dict[str, Any]]) -> Any:
    return {"rows": orjson.dumps(rows).decode()} if conn.dialect.name == "postgresql" else rows


def _module(dialect: str) -> Any:
    return postgresql if dialect == "postgresql" else sqlite
