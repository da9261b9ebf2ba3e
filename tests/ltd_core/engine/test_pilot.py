"""Thresholds from a pilot: quantiles of what the rule compares, by plain code at the initial weights."""

from __future__ import annotations

import numpy as np
import pytest

from ltd_core.engine.layout import Layout
from ltd_core.engine.pilot import resolved
from ltd_core.lazy import torch
from tests.ltd_core.oracle import example_gradients, run_of
from tests.ltd_core.training import alone


@pytest.mark.parametrize("per", ["minibatch", "example"])
@pytest.mark.parametrize("kind", ["norm", "value"])
def test_the_threshold_is_a_quantile_of_the_first_gradients(kind: str, per: str) -> None:
    rule = {"kind": kind, "threshold": {"quantile": 0.3, "minibatches": 6}, "per": per}
    spec, compared = run_of(clipping=rule), list[torch.Tensor]()
    layout = Layout(spec)
    for step in range(1, 7):
        examples = torch.stack(example_gradients(spec, layout.initial(spec), "pilot", step))
        rows = examples if per == "example" else examples.mean(0, keepdim=True)
        compared.append(rows.norm(dim=1) if kind == "norm" else rows.abs().flatten())
    threshold = resolved(spec, layout).model_dump()["threshold"]
    np.testing.assert_allclose(threshold, np.quantile(torch.cat(compared).numpy(), 0.3), rtol=1e-4)


def test_a_number_stays_as_it_is() -> None:
    spec = run_of(clipping={"kind": "norm", "threshold": 0.25})
    assert resolved(spec, Layout(spec)) is spec.clipping


@pytest.mark.parametrize("per", ["minibatch", "example"])
def test_a_pilot_sets_the_threshold_to_a_quantile_of_the_first_norms(per: str) -> None:
    """About that share of the first gradients is then left alone."""
    rule = {"kind": "norm", "threshold": {"quantile": 0.75, "minibatches": 200}, "per": per}
    spec = run_of(clipping=rule, optimizer={"kind": "sgd", "lr": 1e-12}, updates=400)
    values = np.concatenate([b.values for p in alone(spec) for b in p.blocks if b.name == "clipped_share"])
    assert abs(values.mean() - 0.25) < 0.08
