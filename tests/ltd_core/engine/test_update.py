"""One update of a pack's rows: who moves, who stays, and who diverged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine import weights
from ltd_core.engine.exact_omega import ExactOmega
from ltd_core.engine.lane import Lane
from ltd_core.engine.layout import Layout
from ltd_core.engine.machine_network import MachineNetwork
from ltd_core.engine.recorder import Recorder
from ltd_core.engine.update import Memories, Updater
from ltd_core.lazy import torch
from ltd_core.problems import Batch
from ltd_core.randomness import Draws
from ltd_core.spec import parse_spec
from tests.ltd_core.training import SMALL, alone, small

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


def exploding(optimizer: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a run whose first gradient is about 1e24, which single precision holds and its square does not."""
    return SMALL | {
        "problem": {"kind": "adding", "length": 12},
        "initialization": {"kind": "spectral", "output_gain": 1e13},
        "optimizer": optimizer,
        "clipping": {"kind": "none"},
        "evaluation": {"every": 0},
        **changes,
    }


@pytest.mark.parametrize("kind", ["adam", "rmsprop"])
def test_an_optimizer_whose_memory_overflows_diverges_at_once(kind: str) -> None:
    """An infinite mean square would hold every weight for ever."""
    (progress,) = alone(parse_spec(exploding({"kind": kind}, updates=5)))
    assert progress.outcome is not None
    assert (progress.outcome.kind, progress.outcome.step, progress.summary["diverged"]) == ("diverged", 1, 1)
    (block,) = (block for block in progress.blocks if block.name == "gradient_norm")
    assert np.isfinite(block.values).all()
    assert all(np.isfinite(array).all() for array in weights(progress.state).values())


def test_weights_that_overflow_at_the_last_update_diverge() -> None:
    """A rate that today is refused; a run that a former release accepted has it."""
    spec = parse_spec(SMALL | {"optimizer": {"kind": "sgd", "lr": 1e39}, "updates": 1}, stored=True)
    (progress,) = alone(spec)
    assert progress.outcome is not None
    assert (progress.outcome.kind, progress.outcome.step, progress.summary["diverged"]) == ("diverged", 1, 1)
    assert "the weights" in progress.outcome.message
    kept = weights(progress.state)
    assert all(np.isfinite(array).all() for array in kept.values()), "the last finite weights are kept"


def test_a_finite_gradient_whose_square_no_float_holds_is_clipped_and_moves_the_weights() -> None:
    """About 1e200 in double precision: its norm is told, and by clipping it is brought to the threshold."""
    big = {"initialization": {"kind": "spectral", "output_gain": 1e100}, "dtype": "float64", "updates": 3}
    for kind in ("norm", "layer_norm", "quantile", "ratio", "value"):
        changes = big | {"clipping": {"kind": kind}}
        progress = alone(parse_spec(exploding({"kind": "sgd", "lr": 1e-3}, **changes)))[-1]
        told = {block.name: block.values for block in progress.blocks}
        assert 1e190 < told["gradient_norm"][0] < 1e210
        assert np.isfinite(told["gradient_norm"]).all() or kind == "quantile"
        if kind == "norm":
            np.testing.assert_allclose(told["clipped_gradient_norm"], 1.0, rtol=1e-12)
    progress = alone(parse_spec(exploding({"kind": "sgd", "lr": 1e-250}, **big)))[-1]
    assert progress.outcome is not None
    assert progress.outcome.kind == "exhausted"


CLOCK: dict[str, Any] = {
    "kind": "rnn",
    "hidden_size": 8,
    "state_periods": [1, 2, 4],
    "time_scale": {"kind": "constant", "alpha": [0.2, 0.9]},
}


@pytest.mark.parametrize("per", ["minibatch", "example"])
def test_a_random_step_is_as_long_as_the_threshold_where_some_numbers_never_move(per: str) -> None:
    """Leaks and the weights that a clockwork net cuts have no part in the step's length."""
    rule = {"kind": "random", "threshold": 1e-6, "per": per}
    changes = {"cell": CLOCK, "clipping": rule, "dtype": "float64", "updates": 1, "batch_size": 1}
    spec = parse_spec(exploding({"kind": "sgd", "lr": 1.0}, initialization={"kind": "spectral"}, **changes))
    layout = Layout(spec)
    (progress,) = alone(spec)
    kept = weights(progress.state)
    after = np.concatenate([kept[name].ravel() for name in layout.shapes])
    step = np.linalg.norm(after - layout.initial(spec).numpy())
    assert step == pytest.approx(1e-6, rel=1e-9)
    told = {block.name: block.values[0] for block in progress.blocks}
    assert told["clipped_gradient_norm"] == pytest.approx(step, rel=1e-9)


@pytest.mark.parametrize("kind", ["value", "layer_norm", "ratio"])
def test_a_share_is_of_the_numbers_that_can_move(kind: str) -> None:
    rule = {"kind": kind, "ratio" if kind == "ratio" else "threshold": 1e-30}
    spec = parse_spec(exploding({"kind": "sgd"}, cell=CLOCK, clipping=rule, dtype="float64", updates=1))
    (block,) = (block for block in alone(spec)[0].blocks if block.name == "clipped_share")
    assert block.values[0] == pytest.approx(1.0, abs=0.02)


def test_the_norm_of_a_regularizer_is_of_what_can_move() -> None:
    """By finite differences of nothing: what is told is the length of what the weights of W are given."""
    for cell in ({"time_scale": CLOCK["time_scale"]}, {"state_periods": [1, 2]}):
        bench = Bench(
            1,
            cell={"kind": "rnn", "hidden_size": 4} | cell,
            regularizer={"kind": "omega", "weight": 0.5, "delta": "exact"},
            batch_size=3,
        )
        bench.updater._network = ExactOmega(bench.spec, bench.rows, bench.network)
        bench.update()
        place = [probe.name for probe in bench.updater._recorder._of_scalars].index("omega_gradient_norm")
        told = float(bench.updater._recorder._scalars[0, 0, place])
        periods = bench.layout.periods
        assert periods is not None
        slope = bench.updater._network.omega.gradient[0] * 0.5
        assert told == pytest.approx(float(slope[periods > 0].norm()), rel=1e-12)
        assert told < float(slope.norm()) * (1 - 1e-6)
