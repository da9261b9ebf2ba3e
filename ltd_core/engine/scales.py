"""The scale of each lane's way back in tensor operations: a power of two that keeps it in the middle of the range."""

from __future__ import annotations

from collections.abc import Sequence

from ltd_core.lazy import torch
from ltd_core.scaling import power_of_two, scaled

_TOGETHER = 8
"""Steps that share a scale: looking at each would cost as much as the step."""
_NOTHING = -(2**40)
"""The exponent of zero."""


class Scales:
    """Exponents by step and lane, for deltas that are given to the last states on scales of their own."""

    def __init__(self, given: torch.Tensor, exponents: torch.Tensor | None, steps: int) -> None:
        lanes, answers = given.shape[:2]
        self._given, self._first, self._steps = given, steps - answers, steps
        none = torch.zeros(lanes, dtype=torch.int64, device=given.device)
        self._theirs = none.expand(answers, -1) if exponents is None else exponents
        self._now, self._of = none, [none] * steps
        self._third = (127 if given.dtype == torch.float32 else 1023) // 3

    def due(self, t: int) -> bool:
        """Return whether a scale is chosen before step t."""
        return (self._steps - 1 - t) % _TOGETHER == 0

    def follow(self, t: int, carried: Sequence[torch.Tensor], slopes: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return what to multiply with, [K, 1, 1], all that step t and those before it will see of later ones.

        It brings the largest of it, and of what is given to the next few steps, near 1 where that is far away.
        """
        block = range(t, max(t - _TOGETHER, -1), -1)
        sizes = [_exponent(part) - self._now for part in (*carried, *slopes)]
        sizes += [_exponent(self._given[:, i]) - self._theirs[i] for s in block if (i := s - self._first) >= 0]
        largest = torch.stack(sizes).amax(0)
        far = ((largest + self._now).abs() > self._third) & (largest > _NOTHING // 2)
        new = torch.where(far, -largest, self._now)
        by, self._now = new - self._now, new
        for later in range(t + 1, t + 1 + len(slopes)):
            self._of[later] = self._of[later] + by
        for step in block:
            self._of[step] = new
        return power_of_two(by, self._given.dtype)[:, None, None]

    def given(self, t: int) -> torch.Tensor:
        """Return what is given to the state after step t, on its scale, [K, B, H]."""
        place = t - self._first
        return scaled(self._given[:, place], (self._now - self._theirs[place])[:, None, None])

    def exponents(self) -> torch.Tensor:
        """Return those of all steps, [T, K]."""
        return torch.stack(self._of)


def _exponent(numbers: torch.Tensor) -> torch.Tensor:
    """Return the exponent of the largest of each lane's numbers, [K]; that of zero, infinity and NaN is no number's."""
    largest = numbers.abs().flatten(1).amax(1)
    known = torch.isfinite(largest) & (largest > 0)
    return torch.where(known, torch.frexp(largest).exponent.long(), _NOTHING)
