"""Settings in which lanes differ, as tensors [K] that are refilled in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ltd_core.lazy import torch
from ltd_core.mechanism import Mechanism

Settings = dict[str, "torch.Tensor"]
_NOT_NUMBERS = frozenset({"kind", "schedule"})


def settings_of(mechanisms: Sequence[Mechanism], like: torch.Tensor) -> Settings:
    """Return each number by its name, [K]; 1 for a lane whose mechanism has no such setting."""
    names = sorted(set().union(*(mechanism.lane_fields for mechanism in mechanisms)) - _NOT_NUMBERS)
    return {name: like.new_tensor([float(getattr(m, name, 1.0)) for m in mechanisms]) for name in names}


def refill(kept: dict[Any, torch.Tensor], wanted: dict[Any, torch.Tensor]) -> bool:
    """Write new values where the old ones are, if they have the same names; return whether they had."""
    if list(kept) != list(wanted):
        kept.clear()
        kept.update(wanted)
        return False
    for name, values in wanted.items():
        kept[name].copy_(values)
    return True
