"""Finite-time Lyapunov exponents: the rates at which neighboring states diverge."""

from __future__ import annotations

import math
import sys
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Numbers
from ltd_core.probes.probe import Observable, Observed, StateProbe
from ltd_core.scaling import exponent_of, scaled
from ltd_core.told import told

_EPS = 8.0 * sys.float_info.epsilon
"""Relative errors that one step leaves in an element: its own, and those of the frame that the steps before made."""
_NEAR = 16.0
"""Lengths up to so many times the noise are looked at with care."""


class LyapunovExponents(StateProbe):
    """Finite-time Lyapunov exponents."""

    name: ClassVar[str] = "lyapunov_exponents"
    unit: ClassVar[str] = "nats per time step"
    axes: ClassVar[tuple[str, ...]] = ("step", "rank")
    description: ClassVar[str] = (
        "Finite-time Lyapunov exponents of the whole state along fresh sequences, largest first: mean log growth of "
        "the axes of a small ball, by a QR decomposition at every step (Benettin et al. 1980). -inf for a direction "
        "that ends, as of dead units: what one step leaves of it is within the rounding of its Jacobian, 8 eps n times "
        "its norm, its rows brought to one size."
    )
    cost: ClassVar[str] = "one Jacobian and one decomposition per step and sequence, O(T B H^3)"
    question: ClassVar[str] = "Is the net stable, on the edge, or chaotic?"
    level: ClassVar[tuple[str, float] | None] = ("neither grows nor decays", 0.0)

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return super().applies(spec) and spec.cell.markov

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (len(spec.cell.step.states) * spec.cell.hidden_size,)

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the largest one, and on which side of 0 it lies."""
        largest = numbers.point(cls.name, -1, 0)
        way = "neighboring states drift apart: chaotic" if largest > 0 else "neighboring states meet: stable"
        return f"The largest exponent is {told(largest)} nats a step at the last observation; {way}."

    @classmethod
    def measure(cls, observed: Observed) -> torch.Tensor:
        """Return [S H]; a direction that ended comes last in its frame, and its column is 0 from then on."""
        jacobians = observed.jacobians
        if not torch.isfinite(jacobians).all():
            return jacobians.new_full(jacobians.shape[-1:], torch.nan)
        exponents = exponent_of(jacobians.abs().amax((2, 3)))
        size, sequences = jacobians.shape[-1], range(jacobians.shape[1])
        frame = torch.eye(size, dtype=jacobians.dtype).repeat(len(sequences), 1, 1)
        growth = torch.zeros(len(sequences), size, dtype=jacobians.dtype)
        for jacobian in scaled(jacobians, -exponents[:, :, None, None]):  # its largest number is between 1/2 and 1
            moved, alive = jacobian @ frame, ~growth.isneginf()
            frame, lengths = _orthogonal(moved)
            for b in (alive & (lengths <= _NEAR * _noise(jacobian)[:, None])).any(1).nonzero().flatten().tolist():
                kept, basis, found = _independent(jacobian[b], moved[b], int(alive[b].sum()))
                ended = growth.new_full((size - len(kept),), -torch.inf)
                growth[b] = torch.cat((growth[b, kept], ended))
                frame[b], lengths[b] = 0.0, 1.0
                frame[b, :, : len(kept)], lengths[b, : len(kept)] = basis, found
            growth = growth + lengths.log()
            frame = frame * ~growth.isneginf()[:, None]
        growth = growth + exponents.sum(0).double()[:, None] * math.log(2.0)
        return (growth / len(jacobians)).mean(0).sort(descending=True)[0]


def _orthogonal(columns: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return an orthogonal basis of columns [..., n, k], and each one's distance from the span of those before it."""
    basis, stretch = torch.linalg.qr(columns)
    return basis, stretch.diagonal(dim1=-2, dim2=-1).abs()


def _independent(
    jacobian: torch.Tensor, moved: torch.Tensor, alive: int
) -> tuple[list[int], torch.Tensor, torch.Tensor]:
    """Return which of the first `alive` columns of a moved frame [n, n] do not end, their basis and their lengths.

    Rows are brought to one size first, for a saturated unit's row is small, and no less exact than the others. How many
    columns end is told by the singular values, which rounding moves by no more than itself; which, by what is left of
    each. Rows in order of size keep the smallest ones' digits.
    """
    sizes = jacobian.abs().amax(1)
    to_one_size = -exponent_of(sizes).unsqueeze(1)
    even, kept = scaled(moved, to_one_size), list(range(alive))
    rank = int((torch.linalg.svdvals(even[:, kept]) > _noise(scaled(jacobian, to_one_size))).sum())
    while len(kept) > rank:
        left = _orthogonal(even[:, kept])[1].tolist()
        del kept[left.index(min(left))]
    order = sizes.argsort(descending=True)
    basis, lengths = _orthogonal(moved[order][:, kept])
    return kept, basis[order.argsort()], lengths


def _noise(jacobians: torch.Tensor) -> torch.Tensor:
    """Return what rounding may leave of a direction that a Jacobian [..., n, n] ends, [...]."""
    noise: torch.Tensor = _EPS * jacobians.shape[-1] * torch.linalg.matrix_norm(jacobians)
    return noise
