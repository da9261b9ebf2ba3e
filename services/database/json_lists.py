"""Texts that a statement takes as one parameter, a JSON list: hundreds take longer to bind than to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


def texts_of(conn: Connection, name: str) -> str:
    """Return the query of the texts in a parameter."""
    if conn.dialect.name == "sqlite":
        return f"SELECT value FROM json_each(:{name})"  # noqa: S608 - a name of ours
    return f"SELECT json_array_elements_text(CAST(:{name} AS json))"


def json_list(texts: Iterable[str]) -> str:
    """Return such a parameter."""
    return orjson.dumps(list(texts)).decode()
