"""Shares of the gradient that belong to groups of units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ltd_core.lazy import torch
from ltd_core.picture import Numbers
from ltd_core.probes.probe import Observable, Update, UpdateProbe
from ltd_core.scaling import exponent_of, scaled, scaled_norms
from ltd_core.told import percent, told


class GroupGradientShare(UpdateProbe):
    """Share of the squared gradient norm of W that belongs to each group of units."""

    name: ClassVar[str] = "group_gradient_share"
    unit: ClassVar[str] = "share"
    axes: ClassVar[tuple[str, ...]] = ("step", "group")
    description: ClassVar[str] = (
        "Share of the squared norm of the first layer's recurrent gradient, before clipping, that lies in the incoming "
        "weights of each group; NaN where that gradient is zero."
    )
    cost: ClassVar[str] = "a pass over the gradient of W"
    question: ClassVar[str] = "Which group of units gets the gradient?"

    @classmethod
    def applies(cls, spec: Observable) -> bool:
        return len(spec.cell.groups) > 1

    @classmethod
    def size(cls, spec: Observable) -> tuple[int, ...]:
        return (len(spec.cell.groups),)

    @classmethod
    def coordinates(cls, spec: Observable) -> Mapping[str, Sequence[float | str]]:
        """Return what sets the groups apart: their periods, or their alpha."""
        return {"group": [f"{number}: {told(value)}" for number, value in enumerate(spec.cell.groups, 1)]}

    @classmethod
    def told(cls, numbers: Numbers) -> str:
        """Say the last shares, in the order of the groups."""
        shares = ", ".join(percent(share) for share in numbers.line(cls.name, -1))
        return f"By group, at the last update: {shares} of the squared norm of the recurrent gradient."

    @classmethod
    def measure(cls, update: Update) -> torch.Tensor:
        """Return [K, groups]."""
        parts = torch.stack([scaled_norms(update.gradient[:, own].double()) for own in update.groups], 1)
        near_one = scaled(parts, -exponent_of(parts.amax(1, keepdim=True)))
        squares = near_one * near_one
        total = squares[:, :1]
        for place in range(1, squares.shape[1]):  # one by one: the same sum for any number of lanes
            total = total + squares[:, place : place + 1]
        return (squares / total).to(update.gradient.dtype)
