"""One update of a pack's rows: who moves, who stays, and who diverged."""

from __future__ import annotations

from typing import Any

import pytest

from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.engine.machine_network import MachineNetwork
from ltd_core.engine.recorder import Recorder
from ltd_core.engine.update import Memories, Updater
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.randomness import Draws
from tests.ltd_core.training import small

ROWS = 3


class Bench:
    """Three rows, of which the first are lanes, and the minibatches of their own draws."""

    def __init__(self, lanes: int = 2, **changes: Any) -> None:
        spec = small(
            **{"dtype": "float64", "clipping": {"kind": "none"}, "optimizer": {"kind": "sgd", "lr": 0.1}} | changes
        )
        self.spec, self.layout = spec, Layout(spec)
        self.rows = torch.stack([self.layout.initial(spec.seeded(i)) for i in range(ROWS)])
        self.network = MachineNetwork(spec, ROWS)
        memory = {name: torch.zeros_like(self.rows) for name in spec.optimizer.memory}
        recorder = Recorder(spec, ROWS, 16, torch.float64, "cpu")
        self.updater = Updater(self.layout, self.rows, Memories(memory, {}), self.network, recorder)
        self.lanes = [Lane(i, spec.seeded(i)) for i in range(lanes)]
        assert not self.updater.load(self.lanes)

    def batch(self, step: int) -> Batch:
        draws = Draws.of([Lane(0, self.spec.seeded(i)).key for i in range(ROWS)], [step] * ROWS)
        drawn: Batch = self.spec.problem.draw(draws, self.spec.batch_size, torch.float64)
        return drawn

    def gradient(self, step: int) -> torch.Tensor:
        """Return the gradients at the rows, by a network of their own."""
        made = torch.zeros_like(self.rows)
        MachineNetwork(self.spec, ROWS).train(self.rows, made, self.batch(step))
        return made

    def update(self, count: int = 1) -> frozenset[int]:
        self.updater.begin(count)
        for ahead in range(count):
            self.updater.measure_weights(ahead)
            self.updater.update(self.batch(self.lanes[0].step + ahead + 1))
        return self.updater.end()


def test_lanes_go_down_their_gradients_and_a_row_without_a_lane_stays() -> None:
    bench = Bench()
    before, gradient = bench.rows.clone(), bench.gradient(1)
    assert bench.update() == frozenset()
    torch.testing.assert_close(bench.rows[:2], (before - 0.1 * gradient)[:2], rtol=1e-14, atol=1e-15)
    assert torch.equal(bench.rows[2], before[2])
    assert [lane.step for lane in bench.lanes] == [1, 1]


def test_a_lane_that_diverges_stays_at_its_last_finite_weights_and_the_others_go_on() -> None:
    bench, healthy = Bench(), Bench()
    healthy.update(5)
    bench.update(2)
    bench.layout.views(bench.rows)["c"][1, 0] = torch.nan
    spoiled = bench.rows[1].clone()
    assert bench.update(3) == {1}
    assert [lane.step for lane in bench.lanes] == [5, 3], "its last point is the one that is not finite"
    assert torch.equal(bench.rows[1].nan_to_num(), spoiled.nan_to_num())
    assert torch.equal(bench.rows[0], healthy.rows[0])


def test_killed_rows_stay_until_lanes_are_loaded() -> None:
    bench = Bench()
    before = bench.rows.clone()
    bench.updater.kill()
    bench.update()
    assert torch.equal(bench.rows, before)
    assert bench.updater.load(bench.lanes), "the same operations serve"
    bench.update()
    assert not torch.equal(bench.rows[0], before[0])


@pytest.mark.parametrize("kind", ["sgd", "adam", "rmsprop"])
def test_what_rests_keeps_its_weights_and_its_memory(kind: str) -> None:
    cell = {"kind": "rnn", "hidden_size": 6, "update_periods": [1, 3]}
    bench = Bench(cell=cell, optimizer={"kind": kind, "lr": 0.01})
    assert bench.layout.periods is not None
    slow = bench.layout.periods == 3
    first = bench.rows.clone()
    bench.update(2)
    assert torch.equal(bench.rows[:, slow], first[:, slow])
    bench.update()
    assert (bench.rows[:2, slow] != first[:2, slow]).double().mean() > 0.9


def test_a_regularizer_adds_to_the_gradient_of_w_alone() -> None:
    bench = Bench(regularizer={"kind": "omega", "weight": 3.0})
    before, gradient = bench.rows.clone(), bench.gradient(1)
    bench.update()
    added = (before - bench.rows) / 0.1 - gradient
    w = bench.spec.cell.hidden_size**2
    torch.testing.assert_close(added[:2, :w], 3.0 * bench.network.omega.gradient[:2], rtol=1e-6, atol=1e-10)
    assert added[:2, :w].abs().max() > 1e-4
    assert added[:2, w:].abs().max() < 1e-12
