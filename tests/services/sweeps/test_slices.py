"""Slices of a sweep."""

from __future__ import annotations

import pytest

from services.sweeps import slices


def test_slices_hold_every_position_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", 3)
    assert list(slices.slices(7)) == [range(3), range(3, 6), range(6, 7)]
    assert list(slices.slices(3)) == [range(3)]


def test_who_waits_for_the_lock_gets_it_between_two_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only after a slice that took long: a short one keeps nobody waiting."""
    pauses: list[float] = []
    times = iter([0.0, 0.5, 1.5, 1.5, 1.6])
    monkeypatch.setattr(slices, "SLICE", 3)
    monkeypatch.setattr(slices.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(slices.time, "sleep", pauses.append)
    assert len(list(slices.slices(9))) == 3
    assert pauses == [0.12]
