"""Minibatches of a problem as plain numpy, one sequence at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.lazy import torch
from ltd_core.problems import Problem
from ltd_core.randomness import Draws, stream_key
from ltd_core.spec import parse_spec

_SMALL: dict[str, dict[str, Any]] = {
    "copying": {"length": 1},
    "permutation": {"length": [10, 12], "symbols": 5},
    "digits": {"length": 8},
    "characters": {"length": 10, "alphabet": 5},
    "sines": {"length": 10},
}


def small_problem(kind: str) -> dict[str, Any]:
    """Return a problem of few steps: at most 12 where there is a choice, of drawn length where that has a meaning."""
    return {"kind": kind, **_SMALL.get(kind, {"length": [10, 12]})}


def sequences(
    problem: Problem, count: int, batch_size: int = 4, *, fresh: bool = False
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield inputs [L, I] without what lies before the start, and the target or targets, of many minibatches."""
    steps, draw = list(range(1, count + 1)), problem.draw_fresh if fresh else problem.draw
    batch = draw(Draws.of([stream_key(3, "data")] * count, steps), batch_size, torch.float64)
    for lane in range(count):
        for place in range(batch_size):
            targets = batch.targets[lane].unbind(-1 if problem.right_within is None else -2)[place]
            yield batch.inputs[lane, int(batch.starts[lane]) :, place].numpy(), targets.numpy()


def refused(**problem: Any) -> dict[str, str]:
    """Return the fields of a problem that are refused, each with its reason."""
    with pytest.raises(InvalidSpec) as caught:
        parse_spec({"problem": problem})
    return {found.field.removeprefix("problem."): found.message for found in caught.value.problems}


def check_uncorrelated(rows: np.ndarray, batch_size: int = 4) -> None:
    """Check what was drawn for each sequence, [sequences, draws], over whole minibatches."""
    drawn = rows.reshape(len(rows) // batch_size, -1)
    correlations = np.corrcoef(drawn.T)[np.triu_indices(drawn.shape[1], 1)]
    assert np.abs(correlations).max() < 5.5 / len(drawn) ** 0.5


def check_statelessness(problem: Problem, *, fresh: bool = False) -> None:
    """A minibatch depends on its seed and step alone, whatever is drawn beside it and before."""
    keys, draw = [stream_key(seed, "data") for seed in (1, 2)], problem.draw_fresh if fresh else problem.draw
    together = draw(Draws.of([keys[0], keys[1], keys[0]], [5, 5, 6]), 3, torch.float32)
    for lane, (key, step) in enumerate(((keys[0], 5), (keys[1], 5), (keys[0], 6))):
        alone = draw(Draws.of([key], [step]), 3, torch.float32)
        assert torch.equal(alone.inputs[0], together.inputs[lane])
        assert torch.equal(alone.targets[0], together.targets[lane])
        assert alone.starts[0] == together.starts[lane]
    assert not torch.equal(together.inputs[0], together.inputs[1])
    assert not torch.equal(together.inputs[0], together.inputs[2])
