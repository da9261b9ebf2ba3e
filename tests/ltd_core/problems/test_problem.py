"""What every problem keeps: shapes of its minibatches, lengths in their range, one lane as it would be alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from ltd_core.lazy import torch
from ltd_core.problems import PROBLEMS, Problem
from ltd_core.problems.problem import Batch
from ltd_core.randomness import Draws, stream_key
from tests.ltd_core.problems.harness import refused, small_problem
from tests.ltd_core.training import small

B, LANES = 4, 5
each = pytest.mark.parametrize("kind", list(PROBLEMS))
fresh_too = pytest.mark.parametrize("fresh", [False, True])


def drawn(kind: str, lanes: int = LANES, *, fresh: bool = False) -> tuple[Problem, Batch]:
    problem: Problem = small(problem=small_problem(kind)).problem
    draws = Draws.of([stream_key(seed, "data") for seed in range(lanes)], [3] * lanes)
    return problem, (problem.draw_fresh if fresh else problem.draw)(draws, B, torch.float64)


@fresh_too
@each
def test_a_minibatch_has_the_shapes_that_it_says(kind: str, *, fresh: bool) -> None:
    problem, batch = drawn(kind, fresh=fresh)
    assert batch.inputs.shape == (LANES, problem.longest, B, problem.input_size)
    assert batch.inputs.dtype == torch.float64
    assert torch.isfinite(batch.inputs).all()
    answers = (LANES, *([problem.answers] if problem.answers > 1 else []), B)
    if problem.right_within is None:
        assert batch.targets.shape == answers
        assert 0 <= int(batch.targets.min()) <= int(batch.targets.max()) < problem.output_size
    else:
        assert batch.targets.shape == (*answers, problem.output_size)
    assert 1 <= problem.scored <= problem.answers <= problem.shortest
    lengths = problem.longest - batch.starts
    assert ((lengths >= problem.shortest) & (lengths <= problem.longest)).all()


@fresh_too
@each
def test_a_lane_is_drawn_as_it_would_be_alone(kind: str, *, fresh: bool) -> None:
    _, together = drawn(kind, fresh=fresh)
    _, fewer = drawn(kind, 2, fresh=fresh)
    for mine, theirs in (
        (together.inputs, fewer.inputs),
        (together.targets, fewer.targets),
        (together.starts, fewer.starts),
    ):
        assert torch.equal(mine[:2], theirs)


def test_every_length_of_a_range_is_as_likely() -> None:
    problem = small(problem={"kind": "adding", "length": [10, 14]}).problem
    lengths = problem.lengths(Draws.of([3] * 3000, list(range(3000))), 0)
    counts = np.bincount(lengths.numpy(), minlength=15)
    assert not counts[:10].any()
    assert chisquare(counts[10:]).pvalue > 1e-3


def test_a_length_is_a_number_or_a_range_in_order() -> None:
    problem = small(problem={"kind": "adding", "length": [12, 20]}).problem
    assert (problem.shortest, problem.longest) == (12, 20)
    problem = small(problem={"kind": "adding", "length": 12}).problem
    assert (problem.shortest, problem.longest) == (12, 12)
    assert refused(kind="adding", length=[20, 12]) == {
        "length": "must be [shortest, longest] with shortest at most longest, not [20, 12]"
    }
    assert "must be one number, not a range" in refused(kind="copying", length=[10, 20])["length"]
