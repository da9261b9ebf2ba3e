"""Each word is told once; where another language or a table has to repeat it, it says the same."""

from __future__ import annotations

from ltd_client import sdk, show
from ltd_core.catalog import FAMILIES as DESCRIBED
from ltd_core.outcome import OUTCOMES
from services.database.models import RunKinds
from services.words import FAMILIES, FINAL, OPEN, RESTARTABLE, STATES


def test_a_run_is_open_or_at_its_end() -> None:
    assert STATES == (*OPEN, *FINAL) == ("queued", "running", "succeeded", "failed", "cancelled")
    assert set(RESTARTABLE) == set(FINAL) - {"succeeded"}
    assert OUTCOMES == ("solved", "exhausted", "diverged")


def test_the_client_knows_them_all() -> None:
    assert frozenset(FINAL) == sdk.FINAL
    assert show._COLORS.keys() == {*STATES, *OUTCOMES}


def test_every_family_with_a_choice_has_a_column() -> None:
    assert ["key", "experiment", *FAMILIES] == list(RunKinds.__table__.columns.keys())
    assert set(FAMILIES) == {family for family, entries in DESCRIBED.items() if len(entries) > 1}
