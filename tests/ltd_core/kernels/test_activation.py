"""The kernels' functions against numpy's, in units in the last place."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from ltd_core.kernels.activation import exponential, relu, sigmoid, tanh
from ltd_core.kernels.emitter import Emitter, declarations, precision_of
from ltd_core.kernels.machine import Library

COUNT = 1024


FUNCTIONS = {"tanh": tanh, "sigmoid": sigmoid, "relu": relu, "exp": exponential}


def apply(function: str, values: np.ndarray) -> np.ndarray:
    """Compile a loop over 1024 numbers around one function, and run it."""
    precision = precision_of(str(values.dtype))
    e = Emitter("apply", precision, ["x", "out"], ["count"])
    with e.loop("0", "%count", e.width) as i:
        e.store(FUNCTIONS[function](e, e.load(e.at("%x", i), e.width)), e.at("%out", i), e.width)
    run = Library(declarations(precision) + "\n" + e.text()).function("apply", [ctypes.c_void_p] * 2 + [ctypes.c_int64])
    out = np.zeros_like(values)
    run(values.ctypes.data, out.ctypes.data, COUNT)
    return out


def points(dtype: str, low: float, high: float) -> np.ndarray:
    return np.random.default_rng(1).uniform(low, high, COUNT).astype(dtype)


def ulps(found: np.ndarray, exact: np.ndarray) -> float:
    spacing = np.spacing(np.abs(exact).astype(found.dtype)).astype(np.float64)
    return float((np.abs(found.astype(np.float64) - exact) / spacing).max())


@pytest.mark.parametrize(("dtype", "most"), [("float32", 6.0), ("float64", 3.0)])
@pytest.mark.parametrize("size", [1e-6, 0.1, 1.0, 5.0, 30.0])
def test_tanh(dtype: str, most: float, size: float) -> None:
    x = points(dtype, -size, size)
    assert ulps(apply("tanh", x), np.tanh(x.astype(np.longdouble)).astype(np.float64)) <= most


@pytest.mark.parametrize(("dtype", "lowest"), [("float32", -86.0), ("float64", -700.0)])
def test_exponential(dtype: str, lowest: float) -> None:
    for low in (-1e-3, -1.0, -20.0, lowest):
        x = points(dtype, low, 0.0)
        assert ulps(apply("exp", x), np.exp(x.astype(np.longdouble)).astype(np.float64)) < 3
    ends = np.resize(np.array([0.0, -0.0, -800.0, -np.inf, np.nan], dtype), COUNT)
    np.testing.assert_array_equal(apply("exp", ends)[:5], np.array([1, 1, 0, 0, np.nan], dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", ["tanh", "relu"])
def test_the_ends(dtype: str, function: str) -> None:
    x = np.resize(np.array([np.inf, -np.inf, np.nan, 0.0], dtype), COUNT)
    high, low = (1.0, -1.0) if function == "tanh" else (np.inf, 0.0)
    np.testing.assert_allclose(apply(function, x)[:4], np.array([high, low, np.nan, 0.0], dtype), rtol=3e-7, atol=0)


def test_sigmoid() -> None:
    x = points("float64", -30, 30)
    np.testing.assert_allclose(apply("sigmoid", x), 1 / (1 + np.exp(-x)), rtol=0, atol=3e-16)
    ends = np.resize(np.array([np.inf, -np.inf, np.nan, 0.0]), COUNT)
    np.testing.assert_array_equal(apply("sigmoid", ends)[:4], [1, 0, np.nan, 0.5])
