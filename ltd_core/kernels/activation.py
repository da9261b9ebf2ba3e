"""tanh and relu on vectors, forward and backward."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltd_core.kernels.emitter import Emitter

_LIMIT = 7.90531110763549805
"""Beyond it tanh is 1 in single precision."""
_UPPER = (
    -2.76076847742355e-16,
    2.00018790482477e-13,
    -8.60467152213735e-11,
    5.12229709037114e-08,
    1.48572235717979e-05,
    6.37261928875436e-04,
    4.89352455891786e-03,
)
_LOWER = (1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)
"""Coefficients of the rational approximation used by Eigen (ptanh_float), highest power first: error of a few units in the last place."""


def activate(emitter: Emitter, nonlinearity: str, z: str) -> str:
    """Return f(z); NaN stays NaN."""
    if nonlinearity == "relu":
        zero = emitter.constant(0.0)
        return emitter.choose("olt", z, zero, zero, z)
    limit, opposite = emitter.constant(_LIMIT), emitter.constant(-_LIMIT)
    x = emitter.choose("ogt", z, limit, limit, z)
    x = emitter.choose("olt", x, opposite, opposite, x)
    square = emitter.arithmetic("fmul", x, x)
    upper, lower = _horner(emitter, _UPPER, square), _horner(emitter, _LOWER, square)
    return emitter.arithmetic("fdiv", emitter.arithmetic("fmul", x, upper), lower)


def slope(emitter: Emitter, nonlinearity: str, delta: str, h: str) -> str:
    """Return delta * f'(z), given h = f(z)."""
    if nonlinearity == "relu":
        zero = emitter.constant(0.0)
        return emitter.choose("ogt", h, zero, delta, zero)
    square = emitter.arithmetic("fmul", h, h)
    return emitter.arithmetic("fmul", delta, emitter.arithmetic("fsub", emitter.constant(1.0), square))


def _horner(emitter: Emitter, coefficients: tuple[float, ...], x: str) -> str:
    value = emitter.constant(coefficients[0])
    for coefficient in coefficients[1:]:
        value = emitter.fma(value, x, emitter.constant(coefficient))
    return value
