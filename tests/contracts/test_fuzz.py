"""Random specifications of every mechanism at extreme numbers: refused in words, or computed to numbers that can be."""

from __future__ import annotations

import random
import time

import pytest

from ltd_core.experiments.training import Training
from ltd_core.kernels.machine import Library
from tests.contracts.fuzz import accepted, faults, run

HANGS = 2.0
"""Seconds of a processor that a tiny run takes at most, without those in which its code is compiled: these are up to 2
on the machine where the run takes 0.2."""


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds of each compilation, as they come."""
    seconds, compile_text = [], Library.__init__

    def timed(self: Library, text: str) -> None:
        begun = time.process_time()
        compile_text(self, text)
        seconds.append(time.process_time() - begun)

    monkeypatch.setattr(Library, "__init__", timed)
    return seconds


def check(first: int, count: int, compiling: list[float]) -> int:
    """Run a range of specifications by number; return how many were accepted."""
    ran, wrong = 0, []
    for number in range(first, first + count):
        spec = accepted(random.Random(number))
        if spec is None:
            continue
        ran += 1
        try:
            begun = time.process_time() - sum(compiling)
            traces, outcome = run(spec)
            took = time.process_time() - sum(compiling) - begun
            found = faults(spec, traces, outcome) + ([f"took {took:.1f} s"] if took > HANGS else [])
            if isinstance(spec, Training) and number % 10 == 0:
                packed, _ = run(spec, spec.seeded(spec.seed + 1))
                found += [f"{n} differs packed" for n in traces if traces[n].tobytes() != packed[n].tobytes()]
        except Exception as error:  # noqa: BLE001 - any is a fault
            found = [f"{type(error).__name__}: {error}"]
        wrong += [f"{number}: {fault}\n    {spec.canonical_json()}" for fault in found]
    assert not wrong, "\n".join(wrong)
    return ran


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_what_is_accepted_is_computed(first: int, compiling: list[float]) -> None:
    assert check(first, 20, compiling) > 1
    assert compiling


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 10_000, 500))
def test_ten_thousand_that_are_accepted_are_computed(first: int, compiling: list[float]) -> None:
    assert check(first, 500, compiling) > 50
