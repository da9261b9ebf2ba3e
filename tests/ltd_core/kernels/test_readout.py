"""Loss, error rate and slopes of answers against torch's losses and autograd."""

from __future__ import annotations

import pytest

from ltd_core.kernels.readout import back_function, read_function
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import compiled, drawn, shape_of

B, H = 3, 5


@pytest.mark.parametrize("outputs", [1, 8, 11])
@pytest.mark.parametrize(("answers", "scored"), [(1, 1), (4, 2)])
@pytest.mark.parametrize("tolerance", [None, 0.8])
def test_answers_are_judged_as_torch_does(outputs: int, answers: int, scored: int, tolerance: float | None) -> None:
    s = shape_of({"kind": "rnn", "hidden_size": H}, B, outputs, tolerance=tolerance, answers=answers, scored=scored)
    leaves = [
        drawn(s.rows, H).requires_grad_(),
        drawn(H, outputs, seed=1).requires_grad_(),
        drawn(outputs, seed=2).requires_grad_(),
    ]
    last, v, c = leaves
    predicted = last @ v + c
    if tolerance is None:
        targets = torch.randint(outputs, (s.rows,), generator=torch.Generator().manual_seed(3))
        loss, wrong = torch.nn.functional.cross_entropy(predicted, targets), predicted.argmax(-1) != targets
    else:
        targets = drawn(s.rows, outputs, seed=3)
        misses = predicted - targets
        loss, wrong = (misses**2).sum(-1).mean(), (misses.abs() >= tolerance).any(-1)
    loss.backward()
    slopes, found, error = (torch.zeros(n, dtype=torch.float64) for n in (s.rows * outputs, 1, 1))
    data = [leaf.detach() for leaf in leaves]
    compiled(read_function(s), s.precision, "read")(*data, targets, slopes, found, error)
    torch.testing.assert_close(found[0], loss.detach(), rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(error[0], wrong[-scored * B :].double().mean())
    made = [torch.zeros_like(part) for part in (data[1], data[2], data[0])]
    compiled(back_function(s), s.precision, "back")(data[0], data[1].T.contiguous(), slopes, *made)
    for mine, leaf in zip(made, (v, c, last), strict=True):
        assert leaf.grad is not None
        torch.testing.assert_close(mine, leaf.grad, rtol=1e-12, atol=1e-14)
