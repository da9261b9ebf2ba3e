"""Chrono initialization: gates that remember for times of every order up to a longest one."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from ltd_core.fields import Whole
from ltd_core.lazy import torch
from ltd_core.randomness import Draws

_SHORTEST = 3


def _none_or_long(value: int) -> int:
    if 0 < value < _SHORTEST:
        raise ValueError(f"must be 0, or at least {_SHORTEST} time steps, not {value}")
    return value


Chrono = Annotated[Whole, Field(ge=0, le=1_000_000), AfterValidator(_none_or_long)]


def chrono_bias(draws: Draws, draw: int, size: int, longest: int) -> torch.Tensor:
    """Return ln U[1, longest - 1), [H]: with bias ln u the mean memory is 1 + u steps (Tallec and Ollivier 2018)."""
    return torch.log(1.0 + (longest - 2.0) * draws.uniform(draw, size)[0])
