"""One leader at a time; lapsed leases and lost hints are healed."""

from __future__ import annotations

from sqlalchemy import text

from services import idempotency, queue
from services.database.engine import Database
from services.reconciler import reconcile_once
from services.runs import queries
from services.settings import Settings
from tests.services.lab import claim, submit
from tests.support.parts import Broker


def hints(settings: Settings) -> int:
    with queue.celery_app(settings).connection_for_read() as connection:
        return int(connection.default_channel.queue_declare(queue.QUEUE).message_count)


def test_lapsed_runs_are_queued_and_hinted_at_again(settings: Settings, db: Database, broker: Broker) -> None:
    own = Settings(**(settings.model_dump() | {"broker_url": broker.url}))
    ids = submit(db, 3)
    claim(db, 2)
    with db.write() as conn:
        conn.execute(text("UPDATE runs SET lease_expires_at = 1 WHERE state = 'running'"))
    report = reconcile_once(db, own, "me")
    assert (report.led, report.expired, report.hinted) == (True, 2, 3)
    assert {queries.get(db, run_id).state for run_id in ids} == {"queued"}
    assert hints(own) == 3
    reconcile_once(db, own, "me")
    assert hints(own) == 3  # those that wait there are enough
    with queue.celery_app(own).connection_for_write() as connection:
        connection.default_channel.queue_purge(queue.QUEUE)


def test_one_leads_until_its_lease_lapses(settings: Settings, db: Database) -> None:
    assert reconcile_once(db, settings, "first").led
    assert not reconcile_once(db, settings, "second").led
    assert reconcile_once(db, settings, "first").led
    with db.write() as conn:
        conn.execute(text("UPDATE leader SET expires_at = 1"))
    assert reconcile_once(db, settings, "second").led
    assert not reconcile_once(db, settings, "first").led


def test_a_broker_that_is_away_stops_nothing(settings: Settings, db: Database) -> None:
    submit(db, 1)
    assert not queue.hint(settings, 1)
    assert not queue.answers(settings)
    assert reconcile_once(db, settings, "me").led


def test_old_idempotency_keys_are_forgotten(settings: Settings, db: Database) -> None:
    for key in ("old", "new"):
        idempotency.check(db, key, b"body")
    with db.write() as conn:
        conn.execute(text("UPDATE idempotency_keys SET created_at = created_at - 90000 WHERE key = 'old'"))
    reconcile_once(db, settings, "me")
    with db.read() as conn:
        assert conn.execute(text("SELECT key FROM idempotency_keys")).scalars().all() == ["new"]
