"""The declarations of traces, and the blocks that real runs hand over: gapless, in order, of the declared shape."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from ltd_core.trace import TraceBlock, TraceInfo
from tests.ltd_core.training import alone, small


@pytest.mark.parametrize(
    ("first", "every", "points", "last"), [(1, 1, 1, 1), (17, 1, 48, 64), (250, 250, 4, 1000), (16, 16, 1, 16)]
)
def test_the_last_step_follows_from_the_first(first: int, every: int, points: int, last: int) -> None:
    assert TraceBlock("loss", first, every, np.zeros((points, 3))).last_step == last


def test_neither_can_be_changed() -> None:
    info, block = TraceInfo("loss", "nats", ("step",), 1, "Loss."), TraceBlock("loss", 1, 1, np.zeros(1))
    assert info.size == ()
    for frozen in (info, block):
        with pytest.raises(FrozenInstanceError):
            frozen.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blocks_of_a_run_join_without_gap_or_overlap(dtype: str) -> None:
    spec = small(dtype=dtype, updates=520, evaluation={"every": 40, "sequences": 20, "stop": False})
    declared = {info.name: info for info in spec.traces()}
    ends: dict[str, int] = {}
    for progress in alone(spec):
        for block in progress.blocks:
            info = declared[block.name]
            assert block.first_step == ends.get(block.name, 0) + info.every
            assert block.last_step <= progress.step
            assert block.values.shape[1:] == info.size
            assert len(info.size) == len(info.axes) - 1
            assert block.values.flags.c_contiguous
            if not block.name.startswith("evaluation"):
                assert block.values.dtype == dtype
            ends[block.name] = block.last_step
    assert ends == {name: 520 // info.every * info.every for name, info in declared.items()}


def test_every_declaration_can_be_read() -> None:
    infos = small().traces()
    assert len({info.name for info in infos}) == len(infos)
    for info in infos:
        assert info.axes[0] == "step"
        assert info.unit
        assert info.description.endswith(".")


def test_an_axis_has_its_declared_values_else_lags_from_0_and_all_others_from_1() -> None:
    info = TraceInfo("t", "norm", ("step", "lag", "unit", "gate"), 1, "", (3, 2, 2), {"gate": ("i", "f")})
    assert [list(info.along(axis)) for axis in info.axes] == [[], [0, 1, 2], [1, 2], ["i", "f"]]
