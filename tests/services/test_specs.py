"""A stored specification is parsed once for all seeds."""

from __future__ import annotations

import pytest

from ltd_core.spec import parse_spec
from services.specs import full_settings, stored_spec, stored_traces
from tests.services.lab import spec


def test_mechanisms_are_parsed_once_for_all_seeds() -> None:
    one, other = stored_spec(spec(3).canonical_json()), stored_spec(spec(4).canonical_json())
    assert (one, other) == (spec(3), spec(4))
    assert one.problem is other.problem  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", [0, 1, 7, 10**12, 2**63 - 1])
def test_every_seed_is_told_apart(seed: int) -> None:
    wanted = spec(seed)
    for _ in range(2):
        found = stored_spec(wanted.canonical_json())
        assert (found, found.digest, found.shape_key) == (wanted, wanted.digest, wanted.shape_key)
        assert list(full_settings(wanted.canonical_json()).items()) == list(wanted.full().items())


def test_a_long_one_is_not_kept() -> None:
    matrix = [[float(i == j) / 3 for j in range(100)] for i in range(100)]
    long = parse_spec({"experiment": "linear_recurrence", "matrix": matrix, "seed": 2})
    first, again = (stored_spec(long.canonical_json()) for _ in range(2))
    assert first == again == long
    assert first.matrix is not again.matrix  # type: ignore[attr-defined]


def test_traces_are_those_that_it_declares() -> None:
    one = spec(3)
    former = one.former_traces().values()
    assert list(stored_traces(one.canonical_json()).values()) == [*one.traces(), *former]
