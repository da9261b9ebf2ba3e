"""What experiments on a bare recurrence share: random directions, functions, and steps that never leave the range."""

from __future__ import annotations

import math
from typing import NamedTuple

from ltd_core.lazy import torch
from ltd_core.outcome import Summary
from ltd_core.randomness import Draws, stream_key

_LINEAR = 1e-10
"""Below this size tanh is the identity to the last bit."""


def draws_of(seed: int, *names: str) -> Draws:
    """Return the draws of streams of a run, a lane each."""
    return Draws.of([stream_key(seed, name) for name in names], [0] * len(names))


def unit_vector(seed: int, name: str, size: int) -> torch.Tensor:
    """Return a random direction, [H], float64."""
    drawn = draws_of(seed, name).normal(0, size)[0]
    unit: torch.Tensor = drawn / drawn.norm()
    return unit


def apply(function: str, values: torch.Tensor) -> torch.Tensor:
    """Return tanh, relu or the identity."""
    return torch.tanh(values) if function == "tanh" else torch.relu(values) if function == "relu" else values


class Step(NamedTuple):
    """What f(h W + x) is."""

    state: torch.Tensor
    """Its direction, [..., 1, H]."""
    log_size: torch.Tensor
    """The logarithm of its norm, [..., 1, 1], -inf for 0."""
    log_slopes: torch.Tensor
    """Logarithms of f', [..., 1, H]: that of tanh is no zero where the value itself is rounded to 1."""


def advance(
    function: str,
    state: torch.Tensor,
    log_size: torch.Tensor,
    matrix: torch.Tensor,
    entering: torch.Tensor | None = None,
) -> Step:
    """Return h = f(h W + x) for a direction h and the logarithm of its norm.

    The norm itself may be far outside float64: relu and the identity commute with a scale, and tanh is bounded.
    """
    base = torch.where(torch.isinf(log_size), 0.0, log_size)
    values = state @ matrix
    if entering is not None:
        if function == "tanh":  # of a smaller state it is the identity, but not of what enters
            least = base.clamp(min=math.log(_LINEAR))
            values, base = values * torch.exp(base - least), least
        values = values + entering * torch.exp(-base)
    if function == "tanh":
        size = torch.exp(base).clamp(min=_LINEAR)
        return Step(*rescaled(torch.tanh(values * size) / size, base), _log_slopes(function, values * size))
    return Step(*rescaled(apply(function, values), base), _log_slopes(function, values))


def pulled_back(
    delta: torch.Tensor, log_size: torch.Tensor, log_slopes: torch.Tensor, matrix: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (delta f') W^T, rows [..., R, H] as one of norm 1 with the logarithm of its size, [..., 1, 1].

    Slopes are told on the scale of the largest that delta meets: tanh has some of e^-2000.
    """
    met = torch.where((delta != 0).any(-2, keepdim=True), log_slopes, -torch.inf).amax(-1, keepdim=True)
    base = torch.where(met.isfinite(), met, 0.0)
    slopes = torch.exp((log_slopes - base).clamp(max=0.0))  # of more, delta is zero
    return rescaled((delta * slopes) @ matrix.transpose(-1, -2), log_size + base, (-2, -1))


def rescaled(
    values: torch.Tensor, log_size: torch.Tensor, dim: tuple[int, ...] = (-1,)
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return values over their norm along dimensions, which are kept, and what the logarithm of the size becomes."""
    norm = torch.linalg.vector_norm(values, dim=dim, keepdim=True)
    alive = norm > 0
    return values / torch.where(alive, norm, 1.0), torch.where(alive, log_size + torch.log(norm), -torch.inf)


def _log_slopes(function: str, values: torch.Tensor) -> torch.Tensor:
    """Return ln f' of tanh, relu or the identity; that of tanh is 4 s(2x) s(-2x), s the logistic function."""
    if function == "tanh":
        logistic = torch.nn.functional.logsigmoid
        return math.log(4.0) + logistic(2.0 * values) + logistic(-2.0 * values)
    none = torch.zeros_like(values)
    return none.masked_fill(values <= 0, -torch.inf) if function == "relu" else none


def exponential(logs: torch.Tensor) -> torch.Tensor:
    """Return e^logs, 0 for -inf; NaN where a number is too large or too small for a float."""
    found = torch.exp(logs)
    lost = logs.isfinite() & ((found == 0) | found.isinf())
    return torch.where(lost, torch.nan, found)


def finite(summary: dict[str, float]) -> Summary:
    """Return figures, None in place of those that are none; a rate of -inf is one: it ends as exactly zero."""
    return {name: value if value == -math.inf or math.isfinite(value) else None for name, value in summary.items()}
