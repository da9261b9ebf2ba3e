"""Insert or keep, insert or replace: one statement on either database."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import JSON, Connection, Text, bindparam, cast, column, exc, func, select
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table

    from services.db import RowWriter

_SQLITE = sqlite.dialect(paramstyle="qmark")


def upsert(conn: Connection, table: Table, rows: Sequence[dict[str, Any]], replace: Sequence[str]) -> None:
    """Insert rows; where the primary key is taken, replace the named columns, or leave the row when none is named."""
    conn.execute(_upsert(conn.dialect.name, table, tuple(replace)), rows)


def insert_rows(conn: Connection | RowWriter, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of the same columns, each a text or a number; as many as there are."""
    if rows:
        _run(conn, _insert(conn.dialect.name, table, tuple(rows[0])), rows)


def insert_missing(conn: Connection | RowWriter, table: Table, rows: Sequence[dict[str, Any]]) -> set[Any]:
    """Do so where the primary key, of one column, is free; return those keys. Others may insert at the same time."""
    if not rows:
        return set()
    return {row[0] for row in _run(conn, _insert_missing(conn.dialect.name, table, tuple(rows[0])), rows)}


@cache
def _upsert(dialect: str, table: Table, replace: tuple[str, ...]) -> Any:  # noqa: ANN401 - a statement of either dialect
    statement, keys = _of(dialect).insert(table), [column.name for column in table.primary_key]
    if not replace:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in replace}
    )


@cache
def _insert_missing(dialect: str, table: Table, names: tuple[str, ...]) -> Any:  # noqa: ANN401
    (key,) = table.primary_key
    return _insert(dialect, table, names).on_conflict_do_nothing(index_elements=[key.name]).returning(key)


@cache
def _insert(dialect: str, table: Table, names: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Return an insertion; on PostgreSQL of rows in one JSON, since its driver takes tens of microseconds for each."""
    statement = _of(dialect).insert(table)
    if dialect != "postgresql":
        return statement.values({name: bindparam(name) for name in names})
    columns = [column(name, table.c[name].type) for name in names]
    given = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON)).table_valued(*columns)
    return statement.from_select(names, select(given.render_derived(with_types=True)))


def _run(conn: Connection | RowWriter, statement: Any, rows: Sequence[dict[str, Any]]) -> Any:  # noqa: ANN401 - rows, where any return
    if isinstance(conn, Connection) and (conn.dialect.name == "postgresql" or len(rows) > 1):
        given = {"rows": orjson.dumps(rows).decode()} if conn.dialect.name == "postgresql" else rows
        return conn.execute(statement, given)
    # by itself: a third of what SQLAlchemy takes around one row
    driver: Any = conn.connection.driver_connection if isinstance(conn, Connection) else conn.driver
    words, names = _words(statement)
    try:
        return [found for row in rows for found in driver.execute(words, [row[name] for name in names])]
    except driver.IntegrityError as error:
        raise exc.IntegrityError(words, None, error) from error


@cache
def _words(statement: Any) -> tuple[str, tuple[str, ...]]:  # noqa: ANN401
    """Return a statement of SQLite as the driver takes it, and the names of its parameters in their order."""
    compiled = statement.compile(dialect=_SQLITE)
    return str(compiled), tuple(compiled.positiontup)


def _of(dialect: str) -> Any:  # noqa: ANN401 - a module of either dialect
    return postgresql if dialect == "postgresql" else sqlite
