"""Combinations of kinds: each has one row and one key, whoever stores it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import event, select

from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.runs import kinds
from services.settings import Settings
from tests.services.lab import spec

RNN, GRU = kinds.kinds_of(spec()), kinds.kinds_of(spec(cell={"kind": "gru"}))


def test_kinds_are_those_of_the_specification() -> None:
    assert RNN[:3] == ("training", "temporal_order", "rnn")
    assert len(RNN) == len(GRU) == 7
    assert kinds.kinds_of(spec(7)) == RNN != GRU
    assert kinds.kinds_of(parse_spec({"experiment": "weight_product"}))[0] == "weight_product"


def test_a_key_is_the_same_in_every_process_and_release() -> None:
    assert kinds.key_of(("training", "adding", "rnn", None, "none", "norm", "sgd")) == "0a0f40f110f9e282"
    assert kinds.key_of(RNN) != kinds.key_of(GRU)


def test_what_another_process_has_stored_is_seen(db: Database) -> None:
    with db.write() as conn:
        kinds.store(conn, [RNN])
    with db.read() as conn:
        assert kinds.all_kinds(conn).keys == {kinds.key_of(RNN)}
    with db.write() as conn:  # as another process does, whose memory is not ours
        row = dict(zip(("key", *kinds.KINDS.columns.keys()[1:]), (kinds.key_of(GRU), *GRU), strict=True))
        conn.execute(kinds.KINDS.insert(), row)
    with db.read() as conn:
        found = kinds.all_kinds(conn)
    assert found.keys == {kinds.key_of(RNN), kinds.key_of(GRU)}
    assert found.of["cell", "gru"] == found.named["gru"] == {kinds.key_of(GRU)}
    assert found.of["problem", "temporal_order"] == found.keys
    assert ("cell", "lstm") not in found.of


def test_a_combination_stored_at_once_is_there_once(settings: Settings, db: Database) -> None:
    def send(_: int) -> None:
        own = Database(settings.database_url)
        with own.write() as conn:
            kinds.store(conn, [RNN, GRU])
        own.dispose()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    with db.read() as conn:
        assert len(conn.execute(select(kinds.KINDS)).all()) == 2


def test_a_known_combination_asks_the_database_nothing(db: Database) -> None:
    with db.write() as conn:
        kinds.store(conn, [RNN])
        kinds.all_kinds(conn)
        asked: list[str] = []
        event.listen(conn, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
        kinds.store(conn, [RNN])
        assert asked == []
        kinds.store(conn, [RNN, GRU])
        assert asked[-1].startswith("INSERT")
