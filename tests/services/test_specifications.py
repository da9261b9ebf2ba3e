"""A stored specification is read once."""

from __future__ import annotations

import pytest

from services.specifications import full_json, stored_spec, stored_traces
from tests.services.lab import spec


def test_mechanisms_are_read_once_for_all_seeds() -> None:
    one, other = stored_spec(spec(3).canonical_json()), stored_spec(spec(4).canonical_json())
    assert (one, other) == (spec(3), spec(4))
    assert one.problem is other.problem  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", [0, 1, 7, 10**12, 2**63 - 1])
def test_every_seed_is_told_apart(seed: int) -> None:
    wanted = spec(seed)
    for _ in range(2):
        assert stored_spec(wanted.canonical_json()) == wanted
        assert full_json(wanted.canonical_json()) == wanted.texts.full


def test_traces_are_those_that_it_declares() -> None:
    one = spec(3)
    assert list(stored_traces(one.canonical_json()).values()) == list(one.traces())
