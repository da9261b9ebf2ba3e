"""The readout's kernels against torch's own losses and gradients."""

from __future__ import annotations

import math

import pytest

from ltd_core.kernels.readout import readout_kernels
from ltd_core.lazy import torch

SHAPES = [(3, 5, 7, 4), (2, 20, 50, 4), (8, 20, 50, 1), (2, 3, 50, 40), (2, 130, 16, 19), (1, 1, 1, 2)]
WITHIN = 0.5


class Case:
    """Random states inside a longer buffer, and weights inside rows."""

    def __init__(self, shape: tuple[int, int, int, int], dtype: torch.dtype, within: float | None) -> None:
        k, b, h, o = shape
        generator = torch.Generator().manual_seed(sum(shape))
        draw = {"generator": generator, "dtype": dtype}
        self.rows, self.last = torch.randn(k, h * o + o, **draw), torch.randn(k, 3, b, h, **draw)[:, 1]
        self.targets = torch.randn(k, b, o, **draw) if within else torch.randint(0, o, (k, b), generator=generator)
        self.loss, self.error, self.slopes = torch.zeros(k), torch.zeros(k), torch.zeros(k, b, o)
        self.gradient, self.delta = torch.zeros(k, h * o + o), torch.zeros(k, b, h)
        for name in ("loss", "error", "slopes", "gradient", "delta"):
            setattr(self, name, getattr(self, name).to(dtype))
        self.within, self.kernels = within, readout_kernels(b, h, o, within, str(dtype).removeprefix("torch."))
        self.split, self.shape = h * o, shape

    def run(self) -> None:
        k, _, h, o = self.shape
        weights = self.rows[:, : self.split], self.rows[:, self.split :]
        read = (self.last, *weights, self.targets, self.slopes, self.loss, self.error)
        self.kernels.read(*(t.data_ptr() for t in read), k, self.last.stride(0), self.rows.stride(0))
        transposed = weights[0].reshape(k, h, o).transpose(1, 2).contiguous()
        gradients = self.gradient[:, : self.split], self.gradient[:, self.split :]
        back = (self.last, transposed, self.slopes, *gradients, self.delta)
        self.kernels.back(*(t.data_ptr() for t in back), k, self.last.stride(0), self.gradient.stride(0))

    def expected(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return loss, error rate, gradient of the rows and of the states, by torch."""
        k, _, h, o = self.shape
        rows, last = self.rows.clone().requires_grad_(), self.last.clone().requires_grad_()
        outputs = rows[:, None, self.split :] + last @ rows[:, : self.split].reshape(k, h, o)
        if self.within:
            misses = outputs - self.targets
            loss, wrong = (misses**2).sum(-1).mean(1), (misses.abs() >= self.within).any(-1)
        else:
            cross = torch.nn.functional.cross_entropy(outputs.transpose(1, 2), self.targets, reduction="none")
            loss, wrong = cross.mean(1), outputs.argmax(-1) != self.targets
        loss.sum().backward()
        assert rows.grad is not None
        assert last.grad is not None
        return loss.detach(), wrong.to(loss.dtype).mean(1), rows.grad, last.grad


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("within", [None, WITHIN], ids=["classes", "numbers"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["single", "double"])
def test_loss_error_and_gradients_are_torchs(
    shape: tuple[int, int, int, int], within: float | None, dtype: torch.dtype
) -> None:
    case = Case(shape, dtype, within)
    case.run()
    found = (case.loss, case.error, case.gradient, case.delta)
    for mine, theirs in zip(found, case.expected(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4 if dtype == torch.float32 else 1e-12, atol=1e-5)


def test_of_equal_outputs_the_first_is_the_answer() -> None:
    case = Case((1, 3, 2, 4), torch.float64, None)
    case.rows.zero_()
    case.targets = torch.tensor([[0, 1, 3]])
    case.run()
    assert case.error.item() == pytest.approx(2 / 3)
    assert case.loss.item() == pytest.approx(torch.tensor(4.0).log().item())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("within", [None, WITHIN])
def test_what_is_not_finite_is_neither_hidden_nor_right(bad: float, within: float | None) -> None:
    case = Case((2, 1, 5, 3), torch.float32, within)
    case.last[1, 0, 2] = bad
    case.run()
    assert torch.isfinite(case.loss[0])
    assert not torch.isfinite(case.loss[1])
    assert case.error[1] == 1 or not math.isnan(bad)  # an infinite output may be the right one


def test_large_outputs_do_not_overflow() -> None:
    case = Case((1, 4, 5, 6), torch.float32, None)
    case.rows *= 1e4
    case.run()
    torch.testing.assert_close(case.loss, case.expected()[0], rtol=1e-5, atol=0)
