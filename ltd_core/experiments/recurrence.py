"""What experiments on a bare recurrence share: random matrices, states and functions."""

from __future__ import annotations

from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key


def draws_of(seed: int, name: str) -> Draws:
    """Return the draws of one stream of a run."""
    return Draws.of([stream_key(seed, name)], [0])


def unit_vector(seed: int, name: str, size: int) -> torch.Tensor:
    """Return a random direction, [H], float64."""
    drawn = draws_of(seed, name).normal(0, size)[0]
    unit: torch.Tensor = drawn / drawn.norm()
    return unit


def slopes_of(function: str, values: torch.Tensor) -> torch.Tensor:
    """Return the derivative of tanh, relu or the identity, from the function's values."""
    if function == "tanh":
        return 1.0 - values * values
    return (values > 0).to(values.dtype) if function == "relu" else torch.ones_like(values)


def apply(function: str, values: torch.Tensor) -> torch.Tensor:
    """Return tanh, relu or the identity."""
    return torch.tanh(values) if function == "tanh" else torch.relu(values) if function == "relu" else values
