"""The scale of a way back in tensor operations: when it changes, and that the larger of two decides."""

from __future__ import annotations

import pytest

from ltd_core.engine.scales import Scales
from ltd_core.lazy import torch

STEPS = 24


def given(*sizes: float) -> torch.Tensor:
    """Return one delta a lane, given to the last state, [K, 1, 2, 3]."""
    return torch.tensor(sizes).view(-1, 1, 1, 1).expand(-1, 1, 2, 3)


@pytest.mark.parametrize("size", [1.0, 2.0**-40, 2.0**40, 0.0, torch.inf, torch.nan])
def test_what_is_near_the_middle_or_has_no_size_stays_as_it_is(size: float) -> None:
    scales = Scales(given(size, 1.0), None, STEPS)
    by = scales.follow(STEPS - 1, [torch.zeros(2, 2, 3)], [])
    assert by.flatten().tolist() == [1.0, 1.0]
    assert not scales.exponents().any()


def test_lanes_are_brought_near_one_each_by_itself() -> None:
    scales = Scales(given(2.0**-60, 1.0, 2.0**60), None, STEPS)
    by = scales.follow(STEPS - 1, [torch.zeros(3, 2, 3)], [])
    assert by.shape == (3, 1, 1)
    near = scales.given(STEPS - 1).amax((1, 2))
    assert ((near >= 0.5) & (near <= 1.0)).all()
    assert [-59 - int(e) for e in -scales.exponents()[-1]] == [0, -59, -120]


def test_the_larger_of_what_is_given_and_what_comes_back_decides() -> None:
    """What is given may have an exponent far beyond a float's."""
    theirs = torch.tensor([[3000, 3000]])
    scales = Scales(given(1.0, 0.0), theirs, 1)
    back = torch.tensor([2.0**-50, 2.0**-50]).view(2, 1, 1).expand(2, 2, 3)
    scales.follow(0, [back], [])
    assert scales.exponents()[0].tolist() == [49, 49]
    assert not scales.given(0).any()
    scales = Scales(given(1.0, 0.0), -theirs, 1)
    by = scales.follow(0, [back], [])
    assert scales.exponents()[0].tolist() == [-3001, 49]
    assert (back * by).amax((1, 2)).tolist()[1] == 0.5
    assert scales.given(0).amax((1, 2)).tolist() == [0.5, 0.0]


def test_a_scale_is_chosen_for_eight_steps() -> None:
    scales = Scales(given(1.0), None, STEPS)
    assert [t for t in range(STEPS) if scales.due(t)] == [7, 15, 23]
    tiny = torch.full((1, 2, 3), 2.0**-60)
    for t, seen in ((23, []), (15, [tiny]), (7, [tiny])):
        scales.follow(t, [tiny], seen)
    assert scales.exponents().flatten().tolist() == [118] * 9 + [59] * 8 + [0] * 7
