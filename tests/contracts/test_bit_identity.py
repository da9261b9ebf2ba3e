"""A packed run equals the same run alone, to the last bit, whatever its neighbors, its lane and their number."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from ltd_core.cells import CELLS
from ltd_core.clipping import CLIPPINGS
from ltd_core.initializations import INITIALIZATIONS
from ltd_core.lazy import torch
from ltd_core.optimizers import OPTIMIZERS
from ltd_core.problems import PROBLEMS
from ltd_core.spec import RunSpec
from tests.ltd_core.problems.harness import small_problem
from tests.ltd_core.training import alone, exactly, small, train

LANES = (2, 5, 9)


@cache
def alone_exactly(spec: RunSpec) -> list[Any]:
    return exactly(alone(spec))


def check(runs: list[RunSpec], lanes: int, refill: list[RunSpec]) -> None:
    """Train runs together and compare each with itself alone."""
    together = train(runs, lanes, refill)
    assert len(together) == len(runs) + len(refill)
    for spec in runs + refill:
        assert exactly(together[spec.digest]) == alone_exactly(spec), spec


def neighbors(**common: Any) -> list[RunSpec]:
    """Return nine runs of one shape: ordinary ones, one that diverges, one that ends early, one much longer."""
    diverging = {
        "optimizer": {"kind": "sgd", "lr": 1e38 if common.get("dtype") != "float64" else 1e308, "momentum": 0.9},
        "clipping": {"kind": "none"},
    }
    return [
        small(seed=1, **common),
        small(seed=2, **common | diverging),
        small(seed=3, **common | {"updates": 17}),
        small(seed=4, **common | {"clipping": {"kind": "value", "threshold": 0.01}}),
        small(seed=5, **common | {"optimizer": {"kind": "sgd", "lr": 0.2, "momentum": 0.0}}),
        small(seed=6, **common | {"updates": 150}),
        small(seed=7, **common | {"initialization": {"kind": "gaussian", "gain": 0.3}}),
        small(seed=8, **common | {"clipping": {"kind": "norm", "threshold": 1e-3}}),
        small(seed=9, **common),
    ]


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden_size", [1, 3, 7, 16, 50])
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_any_lane_any_number_of_lanes(dtype: str, hidden_size: int, nonlinearity: str) -> None:
    cell = {"kind": "rnn", "hidden_size": hidden_size, "nonlinearity": nonlinearity}
    runs = neighbors(cell=cell, dtype=dtype)
    assert alone_exactly(runs[1])[-1][1].kind == "diverged"
    for lanes in LANES:
        check(runs[:lanes], lanes, runs[lanes:])
        check(runs[:lanes][::-1], lanes + 1, [])


def test_the_number_of_threads_changes_nothing() -> None:
    """With two threads, torch would sum products of matrices of 64 units in another order."""
    cell = {"kind": "rnn", "hidden_size": 64, "constraint": "orthogonal"}
    runs = [small(seed=seed, cell=cell, updates=10) for seed in range(3)]
    one = [alone_exactly(run) for run in runs]
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        check(runs, 3, [])
        assert exactly(alone(runs[0])) == one[0]
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("kind", list(PROBLEMS))
def test_every_problem(kind: str) -> None:
    runs = neighbors(problem=small_problem(kind))
    check(runs[:4], 4, runs[4:])


@pytest.mark.parametrize("kind", list(CELLS))
def test_every_cell(kind: str) -> None:
    runs = neighbors(cell={"kind": kind, "hidden_size": 12})
    check(runs[:5], 6, runs[5:])


def test_every_mechanism_that_lanes_may_differ_in() -> None:
    choices = {
        "clipping": [{"kind": kind} for kind in ("none", "value", "norm", "layer_norm")],
        "initialization": [{"kind": kind} for kind in INITIALIZATIONS],
    }
    runs = [small(seed=i, **{family: value}) for family, values in choices.items() for i, value in enumerate(values)]
    check(runs[:3], 3, runs[3:])


@pytest.mark.parametrize("per", ["minibatch", "example"])
@pytest.mark.parametrize("kind", list(CLIPPINGS))
def test_every_clipping_rule(kind: str, per: str) -> None:
    if (kind, per) in {("none", "example"), ("quantile", "example")}:
        return  # these clip no examples
    rule: dict[str, Any] = {"kind": kind, "per": per}
    if "threshold" in CLIPPINGS[kind].model_fields:
        rule["threshold"] = {"quantile": 0.5, "minibatches": 5}
    runs = [small(seed=seed, clipping=rule, updates=40) for seed in range(1, 6)]
    check(runs[:3], 3, runs[3:])


@pytest.mark.parametrize("kind", list(OPTIMIZERS))
def test_every_optimizer(kind: str) -> None:
    runs = [small(seed=seed, optimizer={"kind": kind, "lr": 10.0**-seed}) for seed in range(1, 5)]
    check(runs[:2], 3, runs[2:])


@pytest.mark.parametrize("batch_size", [1, 6, 17])
def test_every_batch_size(batch_size: int) -> None:
    runs = neighbors(batch_size=batch_size)
    check(runs[:6], 6, runs[6:])
