"""What every time scale gives its cell: an alpha in [0, 1] for each unit, by the numbers that it names."""

from __future__ import annotations

import pytest

from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from ltd_core.recurrence.expression import constant, parameter, walk
from ltd_core.recurrence.tensors import evaluate
from ltd_core.time_scales import TIME_SCALES


@pytest.mark.parametrize("kind", list(TIME_SCALES))
def test_units_leak_by_an_alpha_of_their_own(kind: str) -> None:
    scale = TIME_SCALES[kind].model_validate({"kind": kind})
    names, leak = {*scale.parameters, *scale.constants}, scale.leak()
    if leak is None:
        assert not names
        return
    assert {node.name for node in walk([leak]) if node.name} == names
    assert len(names) == 1
    given = torch.full((50,), scale.groups[0] if scale.groups else 0.5, dtype=torch.float64)
    numbers = scale.draw(Draws.of([7], [0]), 2, 50, given)
    assert numbers.shape == (50,)
    assert numbers.dtype == torch.float64
    (name,) = names
    alpha = evaluate(leak, {parameter(name): numbers, constant(name): numbers})
    assert ((alpha >= 0) & (alpha <= 1)).all()
    if scale.groups:
        torch.testing.assert_close(alpha, given, rtol=1e-14, atol=0)
    else:
        assert len(alpha.unique()) == 50
