"""tanh, the logistic function, relu and the exponential, on vectors; NaN stays NaN."""

from __future__ import annotations

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
"""Eigen's rational approximation (ptanh_float), highest power first: error of a few units in the last place."""

_LIMIT64 = 20.0
_SMALL = 0.625
_SMALL_UPPER = (-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
_SMALL_LOWER = (1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3)
_LOG2_E = 1.4426950408889634
_LN2 = (6.93145751953125e-1, 1.42860682030941723212e-6)
_EXP_UPPER = (1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1)
_EXP_LOWER = (3.00198505138664455042e-6, 2.52448340349684104192e-3, 2.27265548208155028766e-1, 2.0)
"""Coefficients of the Cephes library (Moshier), tanh.c and exp.c, for double precision."""
_EXP32 = (
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
)
"""The same library's expf.c, for single precision."""
_LEAST_EXPONENT = {32: -87.0, 64: -708.0}


def relu(emitter: Emitter, z: str) -> str:
    """Return the positive part."""
    zero = emitter.constant(0.0)
    return emitter.choose("olt", z, zero, zero, z)


def tanh(emitter: Emitter, z: str) -> str:
    """Return the hyperbolic tangent."""
    return _tanh64(emitter, z) if emitter.scalar == "double" else _tanh32(emitter, z)


def sigmoid(emitter: Emitter, z: str) -> str:
    """Return 1 / (1 + e^-z), as (1 + tanh(z / 2)) / 2."""
    half = emitter.constant(0.5)
    return emitter.fma(half, tanh(emitter, emitter.arithmetic("fmul", z, half)), half)


def exponential(emitter: Emitter, x: str) -> str:
    """Return e^x for x <= 0, 0 where that is below the smallest normal number."""
    least = emitter.constant(_LEAST_EXPONENT[emitter.precision.bits])
    within = emitter.choose("olt", x, least, least, x)
    power = _exp64(emitter, within) if emitter.scalar == "double" else _exp32(emitter, within)
    return emitter.choose("olt", x, least, emitter.constant(0.0), power)


def _clamp(emitter: Emitter, z: str, limit: float) -> str:
    most, least = emitter.constant(limit), emitter.constant(-limit)
    return emitter.choose("olt", z, least, least, emitter.choose("ogt", z, most, most, z))


def _tanh32(emitter: Emitter, z: str) -> str:
    x = _clamp(emitter, z, _LIMIT)
    square = emitter.arithmetic("fmul", x, x)
    upper, lower = _horner(emitter, _UPPER, square), _horner(emitter, _LOWER, square)
    return emitter.arithmetic("fdiv", emitter.arithmetic("fmul", x, upper), lower)


def _tanh64(emitter: Emitter, z: str) -> str:
    """Return x + x^3 P(x^2)/Q(x^2) for small x, else 1 - 2/(e^2x + 1)."""
    x = _clamp(emitter, z, _LIMIT64)
    square = emitter.arithmetic("fmul", x, x)
    ratio = emitter.arithmetic("fdiv", _horner(emitter, _SMALL_UPPER, square), _horner(emitter, _SMALL_LOWER, square))
    small = emitter.fma(emitter.arithmetic("fmul", x, square), ratio, x)
    one, two = emitter.constant(1.0), emitter.constant(2.0)
    power = _exp64(emitter, emitter.arithmetic("fadd", x, x))
    large = emitter.arithmetic("fsub", one, emitter.arithmetic("fdiv", two, emitter.arithmetic("fadd", power, one)))
    return emitter.choose("olt", square, emitter.constant(_SMALL * _SMALL), small, large)


def _exp32(emitter: Emitter, x: str) -> str:
    """Return e^x as 2^n e^r, x = n ln 2 + r, with a polynomial for e^r."""
    n, rest = _reduced(emitter, x)
    square = emitter.arithmetic("fmul", rest, rest)
    value = emitter.fma(square, _horner(emitter, _EXP32, rest), rest)
    return _times_power_of_two(emitter, emitter.arithmetic("fadd", value, emitter.constant(1.0)), n)


def _exp64(emitter: Emitter, x: str) -> str:
    """Return e^x as 2^n (1 + 2 r P / (Q - r P)), x = n ln 2 + r."""
    n, rest = _reduced(emitter, x)
    square = emitter.arithmetic("fmul", rest, rest)
    upper = emitter.arithmetic("fmul", rest, _horner(emitter, _EXP_UPPER, square))
    ratio = emitter.arithmetic("fdiv", upper, emitter.arithmetic("fsub", _horner(emitter, _EXP_LOWER, square), upper))
    fraction = emitter.fma(emitter.constant(2.0), ratio, emitter.constant(1.0))
    return _times_power_of_two(emitter, fraction, n)


def _reduced(emitter: Emitter, x: str) -> tuple[str, str]:
    """Return the whole n and the rest r of x = n ln 2 + r."""
    scaled = emitter.fma(x, emitter.constant(_LOG2_E), emitter.constant(0.5))
    call = f"call {emitter.vector} @llvm.floor.v{emitter.width}{emitter.suffix}"
    n = emitter.value(f"{call}({emitter.vector} {scaled})")
    rest = emitter.fma(n, emitter.constant(-_LN2[0]), x)
    return n, emitter.fma(n, emitter.constant(-_LN2[1]), rest)


def _times_power_of_two(emitter: Emitter, fraction: str, n: str) -> str:
    """Return fraction * 2^n, for n that a normal number's exponent can hold."""
    precision, w = emitter.precision, emitter.width
    bits, bias = f"i{precision.bits}", (1 << (precision.bits - precision.mantissa - 2)) - 1
    whole = f"<{w} x {bits}>"
    exponent = emitter.value(f"fptosi {emitter.vector} {n} to {whole}")
    biased = emitter.value(f"add {whole} {exponent}, <{', '.join([f'{bits} {bias}'] * w)}>")
    power = emitter.value(f"shl {whole} {biased}, <{', '.join([f'{bits} {precision.mantissa}'] * w)}>")
    return emitter.arithmetic("fmul", fraction, emitter.value(f"bitcast {whole} {power} to {emitter.vector}"))


def _horner(emitter: Emitter, coefficients: tuple[float, ...], x: str) -> str:
    value = emitter.constant(coefficients[0])
    for coefficient in coefficients[1:]:
        value = emitter.fma(value, x, emitter.constant(coefficient))
    return value
