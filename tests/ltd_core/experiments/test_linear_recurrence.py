"""science.md, identity 1: components go with lambda^t, both ways; a non-normal matrix grows first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ltd_core.errors import InvalidSpec
from ltd_core.experiments.recurrence import unit_vector
from ltd_core.spec import parse_spec


def computed(**settings: Any) -> tuple[Any, dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    spec: Any = parse_spec({"experiment": "linear_recurrence", "hidden_size": 6, "length": 25} | settings)
    found = spec.compute()
    return spec, {name: values.numpy() for name, values in found.traces.items()}, found.summary


def start_of(spec: Any) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = unit_vector(spec.seed, "start", spec.size).numpy()
    return found


@pytest.mark.parametrize("form", ["general", "symmetric", "orthogonal", "non_normal"])
def test_norms_are_those_of_powers(form: str) -> None:
    spec, traces, _ = computed(form=form)
    w, h = spec.w().numpy(), start_of(spec)
    for t in range(1, 26):
        power = np.linalg.matrix_power(w, t)
        np.testing.assert_allclose(traces["state_norm"][t - 1], np.linalg.norm(h @ power), rtol=1e-10)
        np.testing.assert_allclose(traces["gradient_norm_back"][t - 1], np.linalg.norm(h @ power.T), rtol=1e-10)


@pytest.mark.parametrize("form", ["general", "symmetric", "orthogonal", "non_normal"])
def test_every_component_goes_with_its_eigenvalue(form: str) -> None:
    _, traces, _ = computed(form=form)
    values = traces["eigenvalues"][0] @ np.array([1.0, 1.0j])
    for name in ("state_component", "gradient_component"):
        parts = traces[name]
        np.testing.assert_allclose(parts[1:] / parts[:-1], np.broadcast_to(np.abs(values), (24, 6)), rtol=1e-10)


@pytest.mark.parametrize("form", ["general", "symmetric", "orthogonal", "non_normal"])
def test_components_are_those_of_the_basis_and_its_dual(form: str) -> None:
    """Rows of V^-1 for the state, columns of V for the gradient; together they have the norm."""
    spec, traces, _ = computed(form=form)
    w, h, order = spec.w().numpy(), start_of(spec), traces["eigenvalues"][0] @ np.array([1.0, 1.0j])
    values, vectors = np.linalg.eig(w)
    inverse = np.linalg.inv(vectors)
    for t in (1, 7, 25):
        for trace, parts in (
            ("state_component", ((h @ vectors) * values**t)[:, None] * inverse),
            ("gradient_component", ((inverse @ h) * values**t)[:, None] * vectors.T),
        ):
            found = traces[trace][t - 1]
            for value, modulus in zip(order, found, strict=True):
                nearest = np.abs(values - value).argmin()
                np.testing.assert_allclose(modulus, np.linalg.norm(parts[nearest]), rtol=1e-8)
            norm = traces["state_norm" if trace == "state_component" else "gradient_norm_back"][t - 1]
            np.testing.assert_allclose(np.linalg.norm(parts.sum(0)), norm, rtol=1e-8)


def test_a_symmetric_norm_is_the_sum_of_its_components() -> None:
    """|h_t|^2 = sum lambda_i^2t c_i^2."""
    spec, traces, _ = computed(form="symmetric")
    values, vectors = np.linalg.eigh(spec.w().numpy())
    c = start_of(spec) @ vectors
    for t in range(1, 26):
        np.testing.assert_allclose(traces["state_norm"][t - 1] ** 2, (values ** (2 * t) * c**2).sum(), rtol=1e-10)
    np.testing.assert_allclose((traces["state_component"] ** 2).sum(1), traces["state_norm"] ** 2, rtol=1e-9)
    np.testing.assert_allclose(np.abs(values).max(), 0.95, rtol=1e-12)


def test_an_orthogonal_matrix_keeps_every_norm() -> None:
    _, traces, summary = computed(form="orthogonal")
    np.testing.assert_allclose(traces["state_norm"], 1.0, rtol=1e-12)
    assert abs(summary["growth_rate"]) < 1e-12


def test_a_non_normal_matrix_grows_before_it_falls() -> None:
    """Spectral radius below 1, and yet an order of magnitude up first."""
    _, traces, summary = computed(form="non_normal", shear=2.0, length=400)
    assert summary["transient_growth"] > 10.0
    assert traces["state_norm"][-1] < 1e-3


def test_a_non_normal_matrix_keeps_the_eigenvalues_that_were_drawn() -> None:
    found = [computed(form=form, hidden_size=40)[1]["eigenvalues"][0] for form in ("general", "non_normal")]
    values, others = (f @ np.array([1.0, 1.0j]) for f in found)
    assert max(np.abs(others - v).min() for v in values) < 1e-12


def test_an_eigenvector_stays_in_its_direction() -> None:
    """A real one keeps it, a complex one its plane: no component but its own, or its pair's."""
    spec, _, _ = computed()
    values = np.linalg.eigvals(spec.w().numpy())
    values = values[np.argsort(-np.abs(values), kind="stable")]
    for i, value in enumerate(values):
        _, traces, _ = computed(eigenvector=i + 1)
        of_pair = np.isclose(values, value) | np.isclose(values, np.conj(value))
        for name in ("state_component", "gradient_component"):
            assert traces[name][0, ~of_pair].max(initial=0.0) < 1e-12
            assert traces[name][0, of_pair].min() > 0.1 * abs(value)


def test_a_matrix_without_a_basis_has_no_components() -> None:
    """The norm of a Jordan block of 1 grows as t, by no eigenvalue's doing."""
    _, traces, _ = computed(matrix=[[1, 1], [0, 1]], start=[1, 0])
    assert np.isnan(traces["state_component"]).all()
    assert np.isnan(traces["gradient_component"]).all()
    np.testing.assert_allclose(traces["state_norm"], np.hypot(1, np.arange(1, 26)), rtol=1e-12)


@pytest.mark.parametrize("radius", [1.5, 0.5])
def test_rates_outlast_the_range_of_numbers(radius: float) -> None:
    """A norm or a component that no float holds is NaN, neither 0 nor inf: none of them ends or is infinite."""
    settings = {"initialization": {"kind": "spectral", "radius": radius}, "length": 5000, "hidden_size": 10}
    _, traces, summary = computed(**settings)
    for name in ("state_norm", "gradient_norm_back", "state_component", "gradient_component"):
        assert np.isnan(traces[name][-1].flat[0]), name
        assert (np.isnan(traces[name]) | ((traces[name] > 0) & (traces[name] < np.inf))).all(), name
    assert np.isfinite(traces["state_norm"][:1000]).all()
    np.testing.assert_allclose([summary["growth_rate"], summary["gradient_growth_rate"]], np.log(radius), atol=0.002)


def test_a_nilpotent_matrix_forgets_everything() -> None:
    _, traces, summary = computed(matrix=[[0, 1], [0, 0]], start=[1, 0])
    assert traces["state_norm"].tolist() == [1.0, *[0.0] * 24]
    assert summary["growth_rate"] == -math.inf
    assert summary["transient_growth"] == 1.0


def test_a_rotation_has_complex_eigenvalues_and_keeps_its_length() -> None:
    _, traces, _ = computed(matrix=[[0.0, 1.0], [-1.0, 0.0]], start=[3.0, 4.0])
    np.testing.assert_allclose(traces["eigenvalues"][0], [[0.0, 1.0], [0.0, -1.0]], atol=1e-12)
    np.testing.assert_allclose(traces["state_norm"], 5.0, rtol=1e-12)


def test_growth_is_that_of_the_largest_eigenvalue() -> None:
    _, _, summary = computed(matrix=[[1.1, 0.0], [0.0, 0.5]], length=200, start=[1.0, 1.0])
    np.testing.assert_allclose(summary["growth_rate"], np.log(1.1), atol=0.002)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"matrix": [[1.0, 2.0]]}, "matrix"),
        ({"matrix": [[1.0, 2.0], [3.0]]}, "matrix"),
        ({"start": [1.0]}, "start"),
        ({"matrix": [[1.0]], "start": [0.0]}, "start"),
        ({"matrix": [[1e7]]}, "matrix[0][0]"),
        ({"eigenvector": 7}, "eigenvector"),
        ({"eigenvector": 1, "start": [1.0] * 6}, "eigenvector"),
        ({"hidden_size": 256, "length": 10_000}, "length"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        computed(**settings)
    assert [problem.field for problem in refused.value.problems] == [field]
