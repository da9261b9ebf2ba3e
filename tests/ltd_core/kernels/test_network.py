"""Whole kernels: rooms may hold anything, lanes share nothing, a judge reads what training reads."""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import pytest

from ltd_core.engine import machine_network
from ltd_core.engine.machine_network import MachineNetwork, machine_judge
from ltd_core.kernels.network import judge_kernel, keeps, train_kernel
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from tests.ltd_core.cells.harness import Case
from tests.ltd_core.kernels.harness import shape_of

CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "plain": ({"kind": "rnn", "hidden_size": 5, "delays": [1, 3]}, "temporal_order", "none"),
    "layers": ({"kind": "gru", "hidden_size": 4, "layers": 3}, "temporal_order", "none"),
    "answers": ({"kind": "lstm", "hidden_size": 3}, "copying", "none"),
    "regularized": ({"kind": "rnn", "hidden_size": 5}, "adding", "norms"),
}


def trained(case: Case, lanes: slice, room: float) -> list[torch.Tensor]:
    """Return everything that training gives, with rooms that hold some number before."""
    rows, batch = case.rows[lanes].contiguous(), case.batch
    network, gradient = MachineNetwork(case.spec, len(rows)), torch.full_like(rows, room)
    for part in (*network._room, *network._reading, network._norms, network._omegas, network._pushes):
        part.fill_(room if part.is_floating_point() or math.isfinite(room) else 10**6)
    reading = network.train(rows, gradient, Batch(batch.inputs[lanes], batch.targets[lanes], batch.starts[lanes]))
    omega = [*network.omega] if case.regularizer != "none" else []
    return [*reading, gradient[:, case.trained], network.delta_logs, *omega]


@pytest.mark.parametrize("name", CASES)
def test_nothing_in_a_room_is_read_before_it_is_written(name: str) -> None:
    cell, problem, regularizer = CASES[name]
    case = Case(cell, 3, problem, regularizer)
    for clean, dirty in zip(trained(case, slice(0, 4), 0.0), trained(case, slice(0, 4), math.nan), strict=True):
        torch.testing.assert_close(clean, dirty, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", CASES)
def test_a_lane_has_the_numbers_that_it_has_alone(name: str) -> None:
    cell, problem, regularizer = CASES[name]
    case = Case(cell, 3, problem, regularizer)
    together = trained(case, slice(0, 4), 0.0)
    for lane in range(4):
        for mine, alone in zip(together, trained(case, slice(lane, lane + 1), 0.0), strict=True):
            torch.testing.assert_close(mine[lane : lane + 1], alone, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("name", CASES)
def test_a_judge_reads_what_training_reads(name: str) -> None:
    cell, problem, regularizer = CASES[name]
    case = Case(cell, 3, problem, regularizer)
    judged = machine_judge(case.spec, case.rows, case.batch)
    torch.testing.assert_close(tuple(judged), tuple(trained(case, slice(0, 4), 0.0)[:2]), rtol=1e-13, atol=0)


def test_all_states_are_kept_where_they_are_read_later() -> None:
    assert not keeps(shape_of({"kind": "rnn"}))
    assert keeps(shape_of({"kind": "rnn"}, answers=2))
    assert keeps(shape_of({"kind": "rnn", "layers": 2}))


def test_a_kernel_of_a_shape_is_compiled_once() -> None:
    shape = machine_network._shape(Case(CASES["plain"][0], 3).spec, 3)
    assert train_kernel(shape) is train_kernel(shape._replace())
    assert judge_kernel(shape) is judge_kernel(shape._replace())


def test_kernels_of_shapes_trained_long_ago_are_let_go() -> None:
    for kernel in (train_kernel, judge_kernel):
        assert kernel.cache_info().maxsize == 256
        kernel.cache_clear()
        code = weakref.ref(kernel(shape_of({"kind": "rnn", "hidden_size": 3})).library)  # type: ignore[attr-defined]
        gc.collect()
        assert code() is not None, "in use"
        kernel.cache_clear()
        gc.collect()
        assert code() is None, "nobody can call it"
