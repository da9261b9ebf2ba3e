"""What the examples of the documentation are and compute stays what it was, whatever is rewritten around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts import kept

KEPT = kept.read(kept.KEPT)
RUNS = sorted(kept.EXAMPLES.glob("*.json"))
SWEEPS = sorted(kept.EXAMPLES.glob("sweeps/*.json"))
CLOSE = 1e-3
"""On another processor: bits differ with the width of its vectors (decision 6)."""


def name_of(path: Path) -> str:
    return path.stem


def test_every_example_is_kept() -> None:
    assert [set(KEPT["runs"]), set(KEPT["sweeps"])] == [{path.stem for path in paths} for paths in (RUNS, SWEEPS)]


@pytest.mark.parametrize("path", RUNS, ids=name_of)
def test_a_run_keeps_its_identity_and_its_shape(path: Path) -> None:
    before = KEPT["runs"][path.stem]
    assert kept.identity(path) == {name: before[name] for name in ("digest", "shape_key")}


@pytest.mark.parametrize("path", SWEEPS, ids=name_of)
def test_a_sweep_keeps_its_runs(path: Path) -> None:
    assert kept.sweep_identity(path) == KEPT["sweeps"][path.stem]


@pytest.mark.parametrize("path", RUNS, ids=name_of)
def test_a_run_keeps_its_traces_and_weights(path: Path) -> None:
    before = KEPT["runs"][path.stem]
    checksum, numbers = kept.computed(kept.shortened(path))
    assert numbers.keys() == before["numbers"].keys()
    for name, (first, size) in before["numbers"].items():
        assert numbers[name] == pytest.approx([first, size], rel=CLOSE, abs=CLOSE * size), name
    if kept.processor() == KEPT["processor"]:
        assert checksum == before["checksum"]
