"""Recurrent matrices that stay orthogonal while they learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine import weights
from ltd_core.engine.layout import Layout
from ltd_core.engine.machine_network import MachineNetwork, machine_judge
from ltd_core.errors import InvalidSpec
from ltd_core.lazy import torch
from ltd_core.randomness import Draws
from tests.ltd_core.training import alone, exactly, small, train

CELL: dict[str, Any] = {"kind": "rnn", "hidden_size": 6, "constraint": "orthogonal", "delays": [1, 3], "layers": 2}


def matrices(layout: Layout, rows: torch.Tensor) -> list[torch.Tensor]:
    """Return every recurrent matrix that rows stand for, [K, H, H]."""
    views = layout.views(layout.effective(rows))
    return [matrix for name in ("W", "W2") for matrix in torch.split(views[name], 6, dim=1)]


def test_it_starts_orthogonal_and_stays_so() -> None:
    spec = small(cell=CELL, dtype="float64", optimizer={"kind": "sgd", "lr": 0.5})
    layout, progress = Layout(spec), alone(spec)
    kept = weights(progress[-1].state)
    last = torch.cat([torch.from_numpy(kept[name].copy()).flatten() for name in layout.shapes])
    first = layout.initial(spec)
    for matrix in matrices(layout, torch.stack((first, last))):
        torch.testing.assert_close(matrix @ matrix.transpose(1, 2), torch.eye(6).double().expand(2, 6, 6))
        assert (matrix[0] - matrix[1]).abs().max() > 1e-3


def test_an_orthogonal_start_is_kept() -> None:
    spec = small(cell=CELL | {"delays": [1], "layers": 1}, initialization={"kind": "orthogonal"})
    plain = small(cell=CELL | {"delays": [1], "layers": 1, "constraint": "none"}, initialization={"kind": "orthogonal"})
    mine = Layout(spec).effective(Layout(spec).initial(spec).unsqueeze(0))
    torch.testing.assert_close(mine[0], Layout(plain).initial(plain), rtol=1e-12, atol=1e-12)


def test_gradients_of_the_free_numbers_are_finite_differences() -> None:
    spec = small(cell=CELL, dtype="float64", batch_size=3)
    layout, step = Layout(spec), 1e-6
    rows = layout.initial(spec).unsqueeze(0)
    batch = spec.problem.draw(Draws.of([5], [1]), 3, torch.float64)
    gradient = torch.zeros_like(rows)
    MachineNetwork(spec, 1).train(layout.effective(rows), gradient, batch)
    assert layout.constraint is not None
    layout.constraint.pull_back(rows, gradient)
    for place in (6, 12, 13, 18, 20, 36 + 6, 36 + 13):  # below the diagonal: those above it stand for nothing
        move = torch.zeros_like(rows)
        move[0, place] = step
        up, down = (machine_judge(spec, layout.effective(rows + m), batch).loss.clone() for m in (move, -move))
        torch.testing.assert_close(gradient[:, place], (up - down) / (2 * step), rtol=1e-5, atol=1e-8)


def test_packed_is_alone() -> None:
    specs = [small(cell=CELL, seed=seed) for seed in range(4)]
    together = train(specs, 5)
    for spec in specs:
        assert exactly(together[spec.digest]) == exactly(alone(spec))


@pytest.mark.parametrize("other", [{"state_periods": [1, 2]}, {"update_periods": [1, 2]}], ids=str)
def test_it_moves_as_a_whole(other: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match="moves as a whole") as refused:
        small(cell=CELL | other)
    assert [problem.field for problem in refused.value.problems] == ["cell.constraint"]


def test_numpy_agrees_on_what_orthogonal_means() -> None:
    spec = small(cell=CELL, dtype="float64")
    for matrix in matrices(Layout(spec), Layout(spec).initial(spec).unsqueeze(0)):
        np.testing.assert_allclose(np.linalg.svd(matrix[0].numpy(), compute_uv=False), 1.0, rtol=1e-12)
