"""Rules side by side in one pack: each lane has what its own rule gives it alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.clipping import CLIPPINGS, Clipped, Clipping
from ltd_core.engine.clipper import Clipper
from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from ltd_core.scaling import norms
from tests.ltd_core.clipping.harness import gradients
from tests.ltd_core.training import small

SPEC = small(cell={"kind": "rnn", "hidden_size": 3}, dtype="float64")
LAYOUT = Layout(SPEC)
RULES: list[dict[str, Any]] = [
    {"kind": "norm", "threshold": 0.5},
    {"kind": "value", "threshold": 0.1},
    {"kind": "none"},
    {"kind": "random", "threshold": 2.0},
    {"kind": "quantile", "quantile": 0.5, "window": 3},
    {"kind": "ratio", "ratio": 0.05},
    {"kind": "layer_norm", "threshold": 0.3},
]


def lane_of(number: int, rule: dict[str, Any], seed: int = 0) -> Lane:
    clipping: Clipping = CLIPPINGS[rule["kind"]].model_validate(rule)
    return Lane(number, SPEC.seeded(seed), clipping=clipping)


def clip(lanes: list[Lane], rows: torch.Tensor, *, updates: int = 3, each: int = 1, alive: bool = True) -> Clipped:
    """Return what becomes of gradients [K B, P] at the last of some updates."""
    memory = {name: rows.new_zeros(len(lanes), n) for lane in lanes for name, n in type(lane.clipping).memory.items()}
    weights = torch.ones(len(lanes), rows.shape[1], dtype=rows.dtype)
    clipper, examples = Clipper(LAYOUT, weights, memory), rows.view(len(lanes), each, -1)
    clipper.load(lanes)
    living = torch.full((len(lanes),), alive)
    for step in range(1, updates + 1):
        steps = torch.full((len(lanes), 1), step)
        made = clipper.clip(examples / step, norms(examples.sum(1) / each / step), weights, steps, living)
    return Clipped(made.gradient, made.share, memory)


def test_each_lane_has_what_its_rule_gives_it_alone() -> None:
    lanes, rows = [lane_of(i, rule, seed=i) for i, rule in enumerate(RULES)], gradients(7, LAYOUT.size)
    together = clip(lanes, rows)
    for place, lane in enumerate(lanes):
        single = clip([lane], rows[place : place + 1])
        assert torch.equal(together.gradient[place], single.gradient[0]), lane.clipping.kind
        assert together.share[place] == single.share[0]


@pytest.mark.parametrize("rule", RULES[:4], ids=lambda rule: rule["kind"])
def test_examples_are_clipped_each_and_then_averaged(rule: dict[str, Any]) -> None:
    rows = gradients(6, LAYOUT.size)
    made = clip([lane_of(0, rule)], rows, updates=1, each=6)
    if rule["kind"] == "random":  # its directions are the draws'
        assert made.gradient.norm() <= rows.norm(dim=1).clamp(max=2.0).mean()
        return
    parts = [clip([lane_of(0, rule)], row.unsqueeze(0), updates=1) for row in rows]
    expected = torch.stack([part.gradient[0] for part in parts]).mean(0)
    torch.testing.assert_close(made.gradient[0], expected, rtol=1e-14, atol=1e-16)
    torch.testing.assert_close(made.share[0], torch.stack([part.share[0] for part in parts]).mean())


def test_a_dead_lane_remembers_nothing_more() -> None:
    lane, rows = lane_of(0, RULES[4]), gradients(2, LAYOUT.size)[1:]
    assert clip([lane], rows).memory["seen"].tolist() == [[3]]
    assert clip([lane], rows, alive=False).memory["seen"].tolist() == [[0]]


def test_random_directions_differ_by_seed_and_update_and_by_nothing_else() -> None:
    rows = 1e3 * torch.ones(2, LAYOUT.size, dtype=torch.float64)
    one, other = clip([lane_of(0, RULES[3], seed=1), lane_of(1, RULES[3], seed=2)], rows).gradient
    assert torch.equal(clip([lane_of(5, RULES[3], seed=2)], rows[:1]).gradient[0], other)
    later = clip([lane_of(0, RULES[3], seed=1)], rows[:1], updates=4).gradient[0]
    for first, second in ((one, other), (one, later)):
        cosine = torch.nn.functional.cosine_similarity(first, second, dim=0)
        assert abs(float(cosine)) < 5 / LAYOUT.size**0.5
    assert one.norm().item() == pytest.approx(2.0)


def test_the_same_operations_serve_the_same_kinds() -> None:
    clipper = Clipper(LAYOUT, torch.ones(2, LAYOUT.size), {})
    assert not clipper.load([lane_of(0, RULES[0]), lane_of(1, RULES[1])])
    assert clipper.load([lane_of(0, RULES[0] | {"threshold": 9.0}), lane_of(1, RULES[1])])
    assert not clipper.load([lane_of(0, RULES[0])])


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_norms_of_single_precision_are_in_its_whole_range(size: float) -> None:
    rows = (gradients(4, 1000) * size)[1:3].float()
    np.testing.assert_allclose(norms(rows).numpy(), np.linalg.norm(rows.numpy().astype(float), axis=1), rtol=1e-7)
