"""A stored specification is read once."""

from __future__ import annotations

from services.specifications import stored_spec, stored_traces
from tests.services.lab import spec


def test_it_is_the_specification_and_its_mechanisms_are_read_once_for_all_seeds() -> None:
    one, other = spec(3), spec(0)
    assert stored_spec(one.canonical_json()) == one
    assert stored_spec(other.canonical_json()) == other
    assert stored_spec(one.canonical_json()).seed == 3
    assert stored_spec(one.canonical_json()).problem is stored_spec(other.canonical_json()).problem  # type: ignore[attr-defined]
    assert list(stored_traces(one.canonical_json()).values()) == list(one.traces())
