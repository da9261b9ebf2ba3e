"""What takes the room, against sums over the rows."""

from __future__ import annotations

from sqlalchemy import select

from services.database.engine import Database
from services.maintenance.usage import usage
from services.traces.rows import BLOCKS, PAGES
from tests.services.maintenance.conftest import Stored


def test_bytes_and_rows_are_those_of_the_tables(db: Database, stored: Stored) -> None:
    found = usage(db)
    assert found["rows"]["runs"] == len(stored.ids)
    with db.read() as conn:
        for kind, of in (("blocks", BLOCKS), ("pages", PAGES)):
            rows = conn.execute(select(of.c.trace, of.c.payload)).all()
            assert found["rows"][f"trace_{kind}"] == len(rows)
            for entry in found["traces"]:
                mine = [bytes(row.payload) for row in rows if row.trace == entry["name"]]
                assert (entry[kind], entry[f"{kind}_bytes"]) == (len(mine), sum(map(len, mine)))
    assert [entry["name"] for entry in found["traces"]] == ["loss", "delta_norm"]
    assert found["bytes"] > sum(entry["blocks_bytes"] + entry["pages_bytes"] for entry in found["traces"])
    assert found["states_bytes"] > 0
