"""What every rule promises, what zero, NaN and infinity mean to it, and examples clipped one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ltd_core.clipping import CLIPPINGS
from ltd_core.engine import weights
from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from ltd_core.scaling import norms, scaled_norms
from tests.ltd_core.clipping.harness import gradients, remembering, seen
from tests.ltd_core.oracle import example_gradients, run_of
from tests.ltd_core.training import alone

SETTINGS: dict[str, float] = {"threshold": 0.7, "quantile": 0.5, "window": 10.0, "ratio": 0.05}
every_rule = pytest.mark.parametrize("kind", list(CLIPPINGS))


def clipped(kind: str, rows: torch.Tensor) -> Any:
    settings = {name: torch.full((len(rows),), value, dtype=rows.dtype) for name, value in SETTINGS.items()}
    return CLIPPINGS[kind].clip(remembering(seen(rows), CLIPPINGS[kind]), settings)


@every_rule
def test_its_promises_hold(kind: str) -> None:
    rows, promises = gradients(lanes=12, size=30), CLIPPINGS[kind].promises
    made = clipped(kind, rows)
    assert ((made.share >= 0) & (made.share <= 1)).all()
    if "bounded" in promises:
        assert (made.gradient.norm(dim=1) <= SETTINGS["threshold"] * (1 + 1e-12)).all()
    if "direction" in promises:
        cosine = torch.nn.functional.cosine_similarity(rows, made.gradient)[1:]
        torch.testing.assert_close(cosine, torch.ones_like(cosine), rtol=1e-12, atol=0)
    if "signs" in promises:
        assert (rows * made.gradient >= 0).all()
        assert ((rows * made.gradient).sum(1)[1:] > 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@every_rule
def test_its_promises_hold_for_gradients_of_any_size(kind: str, dtype: torch.dtype) -> None:
    """From 1e-300 to 1e300, in single precision from 1e-30 to 1e35, with thresholds as far away."""
    sizes = (1e-300, 1e-200, 1.0, 1e160, 1e300) if dtype == torch.float64 else (1e-30, 1e-22, 1.0, 1e20, 1e35)
    limits = (1e-200, 0.7, 1e200) if dtype == torch.float64 else (1e-20, 0.7, 1e20)
    drawn = torch.randn(len(sizes), 30, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    rows = (drawn * torch.tensor(sizes, dtype=torch.float64).unsqueeze(1)).to(dtype)
    for limit in limits:
        settings = {name: torch.full((len(rows),), value, dtype=dtype) for name, value in SETTINGS.items()}
        settings["threshold"].fill_(limit)
        made = CLIPPINGS[kind].clip(remembering(seen(rows), CLIPPINGS[kind]), settings).gradient
        assert torch.isfinite(made).all()
        before, after = (part.double() / scaled_norms(part.double(), keepdim=True) for part in (rows, made))
        if "bounded" in CLIPPINGS[kind].promises:
            assert (norms(made).double() <= limit * (1 + 1e-6)).all()
            longer = norms(rows).double() > limit * (1 + 1e-6)
            torch.testing.assert_close(norms(made).double()[longer] / limit, torch.ones(int(longer.sum())).double())
        if "direction" in CLIPPINGS[kind].promises:
            torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-7)
        if "signs" in CLIPPINGS[kind].promises:
            assert (before * after >= 0).all()
            assert ((before * after).sum(1) > 0).all()


@every_rule
def test_no_rule_promises_less_than_it_holds(kind: str) -> None:
    """A rule without the promise to keep signs or direction breaks it somewhere, else the promise is missing."""
    rows, promises = gradients(lanes=12, size=30), CLIPPINGS[kind].promises
    made = clipped(kind, rows).gradient
    cosine = torch.nn.functional.cosine_similarity(rows, made)[1:]
    one_weight = {"layer_norm", "ratio"}  # with a single weight in the harness, a layer is the whole gradient
    assert "direction" in promises or kind in one_weight or (cosine < 1 - 1e-9).any()
    assert "signs" in promises or (rows * made < 0).any()


@every_rule
def test_zero_stays_zero(kind: str) -> None:
    rows = torch.zeros(3, 8, dtype=torch.float64)
    made = clipped(kind, rows)
    assert not made.gradient.any()
    assert not made.share.any()


@every_rule
@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_what_is_not_finite_has_a_meaning_and_stays_in_its_lane(kind: str, bad: float) -> None:
    """The random step replaces it; value clipping bounds infinity; elsewhere the lane is told diverged by its norm."""
    rows, healthy = gradients(), clipped(kind, gradients())
    rows[3, 7] = bad
    made = clipped(kind, rows)
    finite = bool(torch.isfinite(made.gradient[3]).all())
    assert finite == (kind == "random" or (kind == "value" and not np.isnan(bad)))
    others = [0, 1, 2, 4, 5]
    assert torch.equal(made.gradient[others], healthy.gradient[others])


@pytest.mark.parametrize("kind", ["norm", "value"])
def test_clip_then_average_is_a_loop_over_examples(kind: str) -> None:
    threshold, lr = 0.05, 0.1
    rule = {"kind": kind, "threshold": threshold, "per": "example"}
    spec = run_of(clipping=rule, optimizer={"kind": "sgd", "lr": lr}, updates=4)
    row = Layout(spec).initial(spec)
    norms, shares = [], []
    for step in range(1, 5):
        raw = example_gradients(spec, row, "data", step)
        if kind == "norm":
            parts = [g * min(1.0, threshold / float(g.norm())) for g in raw]
            shares.append(np.mean([float(g.norm()) > threshold for g in raw]))
        else:
            parts = [g.clamp(-threshold, threshold) for g in raw]
            shares.append(np.mean([float((g.abs() > threshold).double().mean()) for g in raw]))
        mean = torch.stack(parts).mean(0)
        norms.append([float(torch.stack(raw).mean(0).norm()), float(mean.norm())])
        row = row - lr * mean
    (progress,) = alone(spec)
    traces = {block.name: block.values for block in progress.blocks}
    np.testing.assert_allclose(traces["gradient_norm"], [n for n, _ in norms], rtol=1e-12)
    np.testing.assert_allclose(traces["clipped_gradient_norm"], [n for _, n in norms], rtol=1e-12)
    np.testing.assert_allclose(traces["clipped_share"], shares, rtol=1e-12)
    kept = weights(progress.state)
    flat = np.concatenate([kept[name].ravel() for name in Layout(spec).shapes])
    np.testing.assert_allclose(flat, row.numpy(), rtol=1e-12, atol=1e-12)


def test_examples_and_minibatches_have_the_same_deltas_and_losses() -> None:
    common: dict[str, Any] = {"optimizer": {"kind": "sgd", "lr": 1e-9}, "updates": 6}
    made = []
    for per in ("example", "minibatch"):
        (progress,) = alone(run_of(clipping={"kind": "norm", "threshold": 1e9, "per": per}, **common))
        made.append({block.name: block.values for block in progress.blocks})
    for name in ("loss", "error_rate", "gradient_norm", "clipped_gradient_norm", "delta_log_norm"):
        np.testing.assert_allclose(made[0][name], made[1][name], rtol=1e-10)
