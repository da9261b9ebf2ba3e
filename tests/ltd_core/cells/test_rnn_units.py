"""Connections that skip steps, units with a clock, groups of parameters that move seldom, and layers."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from ltd_core.engine import weights
from ltd_core.engine.layout import Layout
from ltd_core.engine.tensor_network import run
from ltd_core.errors import InvalidSpec
from ltd_core.lazy import torch
from tests.ltd_core.cells.harness import NETWORKS, STARTS, Case, Weights
from tests.ltd_core.oracle import CLIPPINGS, by_engine, compare_weights, run_of
from tests.ltd_core.plain import check_against_plain, check_against_stack
from tests.ltd_core.plain_training import by_plain
from tests.ltd_core.training import alone, small

OPTIMIZERS = [
    {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    {"kind": "rmsprop", "lr": 0.003},
    {"kind": "adam", "lr": 0.003},
]
CLOCK = {"kind": "rnn", "hidden_size": 8, "state_periods": [1, 2, 4]}
LEARNED = {"kind": "learned", "alpha": [0.3, 0.9]}
everywhere = pytest.mark.parametrize("network", list(NETWORKS))


@everywhere
@pytest.mark.parametrize("delays", [[1, 3], [2], [2, 3, 9]], ids=str)
def test_delays_are_the_loops(network: str, delays: list[int]) -> None:
    check_against_plain({"kind": "rnn", "hidden_size": 7, "delays": delays}, 5, network)


@everywhere
def test_delays_of_rectified_units_are_the_loops(network: str) -> None:
    cell = {"kind": "rnn", "hidden_size": 16, "delays": [1, 4], "nonlinearity": "relu"}
    check_against_plain(cell, 2, network, "adding")


@everywhere
@pytest.mark.parametrize(
    "more",
    [{}, {"delays": [1, 3]}, {"time_scale": LEARNED}, {"state_periods": [4, 1]}, {"state_periods": [3]}, {"layers": 2}],
    ids=str,
)
def test_clocks_are_the_loops(network: str, more: dict[str, Any]) -> None:
    check_against_plain(CLOCK | more, 3, network)


def test_a_slow_group_keeps_its_state_between_its_steps() -> None:
    case = Case(CLOCK, 3)
    (layer,) = run(case.spec, case.layout.views(case.rows), case.batch)
    groups = case.spec.cell.of_groups((1, 2, 4)).tolist()
    for lane, start in enumerate(STARTS):
        for t in range(start, 12):
            before, after = layer.states[t][lane], layer.states[t + 1][lane]
            for unit, period in enumerate(groups):
                kept = torch.equal(before[:, unit], after[:, unit])
                assert kept == ((t - start) % period != 0), (lane, t, unit)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o["kind"])
@pytest.mark.parametrize("delays", [[1], [2, 3]], ids=str)
def test_what_is_cut_stays_zero_and_the_rest_moves(optimizer: dict[str, Any], delays: list[int]) -> None:
    spec = small(cell=CLOCK | {"delays": delays, "layers": 2}, optimizer=optimizer)
    layout = Layout(spec)
    first = {name: view[0] for name, view in layout.views(layout.initial(spec).unsqueeze(0)).items()}
    period = np.array([1, 1, 1, 2, 2, 2, 4, 4])
    cut = np.tile(period[:, None] < period, (len(delays), 1))
    for name in ("W", "W2"):
        after = weights(alone(spec)[-1].state)[name]
        assert (after[cut] == 0).all()
        assert (after[~cut] != first[name].numpy()[~cut].astype(np.float32)).all()


def test_a_whole_run_with_a_clock_is_the_loops() -> None:
    spec = run_of(cell=CLOCK | {"time_scale": LEARNED, "delays": [1, 4]}, updates=15)
    mine, theirs = by_engine(spec), by_plain(spec)
    for name in ("loss", "gradient_norm", "delta_log_norm"):
        np.testing.assert_allclose(mine.array(name), theirs.array(name), rtol=1e-9, atol=1e-13)
    compare_weights(mine, theirs)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o["kind"])
def test_a_group_moves_at_its_updates_alone(optimizer: dict[str, Any]) -> None:
    periods = [1, 3, 4]
    cell = {"kind": "rnn", "hidden_size": 6, "update_periods": periods, "time_scale": LEARNED}
    found = [weights(alone(run_of(cell=cell, optimizer=optimizer, updates=n))[-1].state) for n in range(1, 14)]
    for step, (before, after) in enumerate(pairwise(found), 2):
        for name in ("W", "U", "b", "alpha_logit"):
            for group, period in enumerate(periods):
                mine, theirs = (values[name][..., 2 * group : 2 * group + 2] for values in (before, after))
                if step % period:
                    np.testing.assert_array_equal(mine, theirs)
                else:
                    assert (mine != theirs).mean() > 0.9
        for name in ("V", "c"):
            assert (before[name] != after[name]).all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o["kind"])
@pytest.mark.parametrize("clipping", CLIPPINGS, ids=lambda c: c["kind"])
def test_a_run_whose_groups_move_seldom_is_the_loops(optimizer: dict[str, Any], clipping: dict[str, Any]) -> None:
    """What rests has no gradient, and its optimizer, each group has one of torch's own, does not step."""
    cell = {"kind": "rnn", "hidden_size": 7, "update_periods": [2, 1, 5], "layers": 2, "time_scale": LEARNED}
    spec = run_of(cell=cell, optimizer=optimizer, clipping=clipping, updates=17)
    mine, theirs = by_engine(spec), by_plain(spec)
    for name in ("loss", "gradient_norm", "clipped_share", "delta_log_norm"):
        np.testing.assert_allclose(mine.array(name), theirs.array(name), rtol=1e-8, atol=1e-12, err_msg=name)
    compare_weights(mine, theirs)


@everywhere
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_layers_are_torchs(network: str, nonlinearity: str) -> None:
    case = Case({"kind": "rnn", "hidden_size": 7, "layers": 3, "nonlinearity": nonlinearity}, 4, "adding")
    inputs = case.spec.problem.input_size
    stack = torch.nn.RNN(inputs, 7, num_layers=3, nonlinearity=nonlinearity, dtype=torch.float64)

    def names(w: Weights, end: str, layer: int) -> Weights:
        made = {"weight_hh": w[f"W{end}"].t(), "weight_ih": w[f"U{end}"].t(), "bias_ih": w[f"b{end}"]}
        made["bias_hh"] = torch.zeros_like(made["bias_ih"])
        return {f"{name}_l{layer}": value for name, value in made.items()}

    check_against_stack(case, network, stack, names)


@everywhere
@pytest.mark.parametrize("layers", [2, 3])
def test_the_deltas_of_layers_are_the_loops(network: str, layers: int) -> None:
    check_against_plain({"kind": "rnn", "hidden_size": 7, "layers": layers}, 4, network)
    check_against_plain({"kind": "rnn", "hidden_size": 5, "layers": layers, "delays": [2, 3]}, 4, network, "adding")


@pytest.mark.parametrize(
    "settings",
    [
        {"delays": []},
        {"delays": [0]},
        {"delays": [3, 1]},
        {"delays": [2, 2]},
        {"delays": [20]},
        {"delays": list(range(1, 10))},
        {"layers": 0},
        {"layers": 9},
        {"update_periods": [1] * 8},
        {"update_periods": [0]},
        {"state_periods": [1] * 8},
        {"state_periods": [1, -2]},
        {"state_periods": 3},
    ],
    ids=str,
)
def test_other_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec) as caught:
        small(cell={"kind": "rnn", "hidden_size": 7} | settings)
    for problem in caught.value.problems:
        assert problem.field.startswith(f"cell.{next(iter(settings))}"), caught.value.problems
