"""What every optimizer keeps: old tensors stay, lanes are apart, memory has its names, a small step goes down."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.lazy import torch
from ltd_core.optimizers import OPTIMIZERS

each = pytest.mark.parametrize("kind", list(OPTIMIZERS))
LANES, SIZE = 3, 5


def drawn(seed: int) -> torch.Tensor:
    return torch.randn(LANES, SIZE, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def stepped(kind: str, lanes: slice = slice(None), steps: int = 4) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    rule = OPTIMIZERS[kind].model_validate({"kind": kind})
    weights, gradient = drawn(0)[lanes], drawn(1)[lanes]
    memory = {name: torch.zeros_like(weights) for name in rule.memory}
    names = {name for name, value in rule if isinstance(value, float)}
    settings = {name: torch.full((len(weights),), float(getattr(rule, name)), dtype=torch.float64) for name in names}
    for _ in range(steps):
        given: Any = {name: value.clone() for name, value in memory.items()}
        before = weights.clone()
        after, remembered = rule.step(weights, gradient, memory, settings)
        assert torch.equal(weights, before)
        assert all(torch.equal(memory[name], given[name]) for name in given)
        weights, memory = after, remembered
    return weights, memory


@each
def test_old_tensors_stay_and_memory_has_its_names(kind: str) -> None:
    weights, memory = stepped(kind)
    assert tuple(memory) == OPTIMIZERS[kind].memory
    assert all(values.shape == weights.shape for values in memory.values())


@each
def test_a_lane_moves_as_it_would_alone(kind: str) -> None:
    together, _ = stepped(kind)
    for lane in range(LANES):
        assert torch.equal(together[lane : lane + 1], stepped(kind, slice(lane, lane + 1))[0])


@each
def test_every_weight_moves_against_its_gradient(kind: str) -> None:
    after, _ = stepped(kind, steps=1)
    assert torch.equal(torch.sign(after - drawn(0)), -torch.sign(drawn(1)))


@each
def test_its_learning_rate_may_move(kind: str) -> None:
    assert {"lr", "schedule"} <= OPTIMIZERS[kind].lane_fields
