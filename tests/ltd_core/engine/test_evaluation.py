"""Figures on fresh sequences: means over all of them, however many are drawn at once."""

from __future__ import annotations

import pytest

from ltd_core.engine.evaluation import evaluate
from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from tests.ltd_core.oracle import loss_of, run_of
from tests.ltd_core.plain import path


@pytest.mark.parametrize("problem", ["temporal_order", "adding"])
def test_figures_are_means_over_all_sequences(problem: str) -> None:
    spec = run_of(problem={"kind": problem, "length": [12, 20]}, evaluation={"every": 5, "sequences": 130})
    layout = Layout(spec)
    row, total = layout.initial(spec), torch.zeros(2, dtype=torch.float64)
    w = {name: view[0] for name, view in layout.views(row.unsqueeze(0)).items()}
    for first, count in ((0, 100), (100, 30)):
        draws = Draws.of([stream_key(spec.seed, f"evaluation/{first}")], [15])
        batch = spec.problem.draw_fresh(draws, count, torch.float64)
        last = path(spec.full()["cell"], w, batch.inputs[0, int(batch.starts[0]) :])[-1][-1][0]
        total += count / 130 * torch.stack(loss_of(spec, last @ w["V"] + w["c"], batch.targets[0]))
    (found,) = evaluate([Lane(0, spec, step=15)], row.unsqueeze(0))
    assert list(found) == pytest.approx(total.tolist(), rel=1e-12)


def test_a_lane_is_evaluated_as_it_would_be_alone() -> None:
    spec = run_of(evaluation={"every": 5, "sequences": 110})
    lanes = [Lane(i, spec.seeded(i), step=10 * i) for i in range(3)]
    rows = torch.stack([Layout(spec).initial(lane.spec) for lane in lanes])
    together = evaluate(lanes, rows)
    assert together == [evaluate([lane], row.unsqueeze(0))[0] for lane, row in zip(lanes, rows, strict=True)]
    assert len(set(together)) == 3
