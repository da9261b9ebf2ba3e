"""Non-linearities, forward into a buffer and backward from the output; no result depends on alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Callable


class Nonlinearity(NamedTuple):
    """forward(z, out): out = f(z). backward(delta, h, out): out = delta * f'(z), given h = f(z)."""

    forward: Callable[[torch.Tensor, torch.Tensor], object]
    backward: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object]


def _tanh(z: torch.Tensor, out: torch.Tensor) -> object:
    return torch.tanh(z, out=out)


def _tanh_backward(delta: torch.Tensor, h: torch.Tensor, out: torch.Tensor) -> object:
    return torch.ops.aten.tanh_backward.grad_input(delta, h, grad_input=out)


def _relu(z: torch.Tensor, out: torch.Tensor) -> object:
    return torch.clamp_min(z, 0.0, out=out)


def _relu_backward(delta: torch.Tensor, h: torch.Tensor, out: torch.Tensor) -> object:
    return torch.ops.aten.threshold_backward.grad_input(delta, h, 0.0, grad_input=out)


NONLINEARITIES = {"tanh": Nonlinearity(_tanh, _tanh_backward), "relu": Nonlinearity(_relu, _relu_backward)}
