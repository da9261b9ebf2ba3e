"""Cursors of pages: a row's sort value and its id, opaque to clients."""

from __future__ import annotations

import base64
import re

from services.errors import BadCursor

Position = tuple[float, str]
"""A row's place in a list: the number that the list is sorted by, then the row's id."""
_CURSOR = re.compile(r"(-inf|-?\d{1,20}(?:\.\d{1,20})?(?:e[+-]\d{1,3})?) ([0-9a-f]{32})")


def write_cursor(position: Position) -> str:
    """Return the cursor of the rows behind a position."""
    return base64.urlsafe_b64encode(f"{position[0]!r} {position[1]}".encode()).decode()


def read_cursor(cursor: str) -> Position:
    """Return a cursor's position; raises BadCursor."""
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError:
        text = ""
    parts = _CURSOR.fullmatch(text)
    if parts is None:
        raise BadCursor(f"{cursor!r} is not a cursor of this service: use the `next` of a page")
    return float(parts[1]), parts[2]
