"""Random specifications of every mechanism at extreme numbers: refused in words, or computed to numbers that can be."""

from __future__ import annotations

import random

import pytest

from ltd_core.experiments.training import Training
from tests.contracts.fuzz import accepted, faults, run


def check(first: int, count: int) -> int:
    """Run a range of specifications by number; return how many were accepted."""
    ran, wrong = 0, []
    for number in range(first, first + count):
        spec = accepted(random.Random(number))
        if spec is None:
            continue
        ran += 1
        try:
            traces, outcome = run(spec)
            found = faults(spec, traces, outcome)
            if isinstance(spec, Training) and number % 10 == 0:
                packed, _ = run(spec, spec.seeded(spec.seed + 1))
                found += [f"{n} differs packed" for n in traces if traces[n].tobytes() != packed[n].tobytes()]
        except Exception as error:  # noqa: BLE001 - any is a fault
            found = [f"{type(error).__name__}: {error}"]
        wrong += [f"{number}: {fault}\n    {spec.canonical_json()}" for fault in found]
    assert not wrong, "\n".join(wrong)
    return ran


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_what_is_accepted_is_computed(first: int) -> None:
    assert check(first, 20) > 1


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 10_000, 500))
def test_ten_thousand_that_are_accepted_are_computed(first: int) -> None:
    assert check(first, 500) > 50
