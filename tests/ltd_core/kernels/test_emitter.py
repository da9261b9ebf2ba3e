"""Every construct of the emitter, compiled and run: loops, masked ends, reductions, constants, flags."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from ltd_core.kernels.emitter import Emitter, precision_of
from ltd_core.kernels.machine import machine
from ltd_core.lazy import torch
from tests.ltd_core.kernels.harness import DTYPES, built, compiled, drawn, emitter

dtypes = pytest.mark.parametrize("dtype", list(DTYPES))


def vectors(e: Emitter, count: int) -> list[str]:
    """Return the first `count` numbers at x as vectors, the last one filled with zeros."""
    return [e.load(e.at("%x", first), min(e.width, count - first)) for first in range(0, count, e.width)]


def kept(e: Emitter, scalar: str, place: int = 0) -> None:
    e.do(f"store {e.scalar} {scalar}, ptr {e.at('%out', place)}, align 4")


@dtypes
def test_a_vector_fills_a_register(dtype: str) -> None:
    precision, bits = precision_of(dtype), {"float32": 32, "float64": 64}[dtype]
    assert precision.width * bits == machine().width * 32
    assert precision.bits == bits
    assert precision.vector == f"<{precision.width} x {precision.scalar}>"


@pytest.mark.parametrize(
    ("start", "stop", "step"), [(0, 5, 1), (2, 17, 3), (5, 5, 1), (7, 2, 1), (6, -1, -1), (9, 0, -4), (0, 3, -1)]
)
def test_a_loop_is_a_range(start: int, stop: int, step: int) -> None:
    e = emitter("float64", integers="start stop")
    with e.loop("%start", "%stop", step) as i:
        place = e.at("%out", i)
        now = e.value(f"load double, ptr {place}, align 8")
        e.do(f"store double {e.value(f'fadd double {now}, 1.0')}, ptr {place}, align 8")
    out = torch.zeros(20, dtype=torch.float64)
    built(e)(drawn(1), out, start, stop)
    assert out.nonzero().flatten().tolist() == sorted(range(start, stop, step))
    assert out.max() <= 1


def test_what_is_done_when_a_condition_holds_is_done_only_then() -> None:
    e = emitter("float64", integers="stop")
    with e.loop("0", "%stop") as i, e.when(e.value(f"icmp sgt i64 {i}, 3")):
        e.do(f"store double 1.0, ptr {e.at('%out', i)}, align 8")
    out = torch.zeros(8, dtype=torch.float64)
    built(e)(drawn(1), out, 6)
    assert out.tolist() == [0, 0, 0, 0, 1, 1, 0, 0]


@dtypes
def test_a_masked_end_reads_and_writes_nothing_beyond_it(dtype: str) -> None:
    width = precision_of(dtype).width
    for count in range(1, width + 1):
        e = emitter(dtype, integers="")
        e.store(e.arithmetic("fadd", e.load("%x", count), e.constant(1.0)), "%out", count)
        e.store(e.load("%x", count), e.at("%out", 2 * width), width)
        x, out = drawn(count, dtype=dtype), torch.full((3 * width,), 7.0, dtype=DTYPES[dtype])
        built(e)(x, out)
        assert torch.equal(out[:count], x + 1)
        assert (out[count : 2 * width] == 7).all()
        assert torch.equal(out[2 * width :], torch.nn.functional.pad(x, (0, width - count)))


@dtypes
def test_sums_and_maxima_are_of_all_numbers(dtype: str) -> None:
    count = 2 * precision_of(dtype).width + 1
    e = emitter(dtype, integers="")
    kept(e, e.total(vectors(e, count)))
    kept(e, e.largest([e.pad(v, 1 if i == 2 else e.width, -math.inf) for i, v in enumerate(vectors(e, count))]), 1)
    x, out = -drawn(count, dtype=dtype).abs() - 1, torch.zeros(2, dtype=DTYPES[dtype])
    built(e)(x, out)
    ordered = torch.zeros((), dtype=DTYPES[dtype])
    for number in x:
        ordered = ordered + number  # the order is the numbers' own, so the bits are too
    assert out[0] == ordered
    assert out[1] == x.max()


@dtypes
@pytest.mark.parametrize("number", [0.1, -1e-30, 3.0, math.inf, -0.0, 1e-320])
def test_a_constant_is_the_nearest_number(dtype: str, number: float) -> None:
    e = emitter(dtype, integers="")
    e.store(e.constant(number), "%out", e.width)
    kept(e, e.number(number), e.width)
    out = torch.zeros(e.width + 1, dtype=DTYPES[dtype])
    built(e)(drawn(1), out)
    expected = torch.tensor([number], dtype=torch.float64).to(DTYPES[dtype])
    assert torch.equal(out, expected.expand_as(out))
    assert torch.equal(torch.signbit(out), torch.signbit(expected).expand_as(out))


def test_a_product_and_sum_are_rounded_once() -> None:
    x = torch.tensor([1.0 + 2.0**-30], dtype=torch.float64)
    e = emitter("float64", integers="")
    number = e.splat(e.value("load double, ptr %x, align 8"))
    e.store(e.fma(number, number, e.constant(-1.0)), "%out", 1)
    out = torch.zeros(1, dtype=torch.float64)
    built(e)(x, out)
    exact = Fraction(float(x)) ** 2 - 1
    assert Fraction(float(out)) == exact  # x * x alone loses 2^-60
    assert float(x) * float(x) - 1 != float(exact)


@dtypes
def test_flags_choose_combine_and_count(dtype: str) -> None:
    e = emitter(dtype, integers="limit")
    v = e.load("%x", e.width)
    e.store(e.choose("ogt", v, e.constant(0.0), v, e.constant(-1.0)), "%out", e.width)
    for place, flags in enumerate(
        (
            e.compare("ogt", v, e.constant(1e9)),
            e.both("and", e.compare("ogt", v, e.constant(0.0)), e.below(5, "%limit")),
            e.both("or", e.below(0, "%limit"), e.mask(0)),
        )
    ):
        kept(e, e.value(f"uitofp i1 {e.any(flags)} to {e.scalar}"), e.width + place)
    x, run = drawn(e.width, dtype=dtype).abs(), built(e)
    x[1] = -3.0
    for limit in (-1, 1, 6):
        out = torch.zeros(e.width + 3, dtype=DTYPES[dtype])
        run(x, out, limit)
        assert torch.equal(out[: e.width], torch.where(x > 0, x, torch.full_like(x, -1.0)))
        assert out[e.width :].tolist() == [0, limit > 5, limit > 0]


def test_a_function_calls_another_with_pointers_and_integers() -> None:
    inner = Emitter("inner", precision_of("float64"), ["to"], ["place"])
    inner.do(f"store double 5.0, ptr {inner.at('%to', '%place')}, align 8")
    e = emitter("float64", integers="place")
    e.call("inner", ["%out"], [e.multiply(e.add("%place", 1), 2)])
    out = torch.zeros(7, dtype=torch.float64)
    compiled(inner.text() + "\n" + e.text(), e.precision)(drawn(1), out, 2)
    assert out.tolist() == [0, 0, 0, 0, 0, 0, 5]
