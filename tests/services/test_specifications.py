"""A stored specification is read once."""

from __future__ import annotations

from services.specifications import stored_spec, stored_traces
from tests.services.lab import spec


def test_it_is_the_specification_and_the_same_one_each_time() -> None:
    one = spec(3)
    assert stored_spec(one.canonical_json()) == one
    assert stored_spec(one.canonical_json()) is stored_spec(one.canonical_json())
    assert list(stored_traces(one.canonical_json()).values()) == list(one.traces())
