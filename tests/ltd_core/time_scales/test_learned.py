from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.engine import weights
from tests.ltd_core.time_scales.harness import cell_of, check_computing, check_refused, check_training, started
from tests.ltd_core.training import alone, small

SCALES: list[dict[str, Any]] = [{"kind": "learned", "alpha": alpha} for alpha in (0.5, [0.2, 0.95])]


@pytest.mark.parametrize(
    ("alpha", "expected"), [(0.3, [0.3] * 7), ([0.1, 0.9], [0.1] * 4 + [0.9] * 3), ([0.4], [0.4] * 7)]
)
def test_a_run_starts_from_the_given_alphas(alpha: object, expected: list[float]) -> None:
    logits = started({"kind": "learned", "alpha": alpha}, "alpha_logit")
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), expected, rtol=1e-14)


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_it_computes_what_the_slow_loop_does(scale: dict[str, Any]) -> None:
    check_computing(scale)


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_a_run_is_the_slow_loops(scale: dict[str, Any]) -> None:
    check_training(scale)


def test_training_moves_every_alpha() -> None:
    for optimizer in ({"kind": "sgd", "lr": 0.5, "momentum": 0.9}, {"kind": "rmsprop"}, {"kind": "adam", "lr": 0.1}):
        spec = small(cell=cell_of(SCALES[1]), optimizer=optimizer, dtype="float64")
        after = weights(alone(spec)[-1].state)["alpha_logit"]
        assert (after != started(SCALES[1], "alpha_logit")).all()


def test_the_same_alphas_held_constant_have_the_same_first_loss_and_deltas() -> None:
    found = []
    for kind in ("learned", "constant"):
        spec = small(cell=cell_of({"kind": kind, "alpha": 0.75}), updates=1, dtype="float64")
        blocks = {block.name: block.values[0] for block in alone(spec)[-1].blocks}
        found.append((blocks["loss"], blocks["delta_log_norm"]))
    for learned, held in zip(*found, strict=True):
        np.testing.assert_allclose(learned, held, rtol=1e-12)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, "long", None, [0.5, 1], [0, 0.5], []])
def test_the_ends_have_no_logit_and_are_refused(alpha: object) -> None:
    check_refused({"kind": "learned", "alpha": alpha}, "cell.time_scale.alpha")
