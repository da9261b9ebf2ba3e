"""Pascanu's regularizer as machine code, with delta held constant: its value and its gradient for the matrix W.

Of a step t and a sequence, d = delta_{t+1} and v, what becomes of d on its way to h_t: r = |v|^2 / |d|^2.
"""

from __future__ import annotations

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.gradients import chunks, each
from ltd_core.kernels.product import Term
from ltd_core.kernels.scale import load_exponent, power_of_two
from ltd_core.kernels.shape import Shape

USABLE = 1e-20
"""A smaller |d|^2 is left out, as in the authors' code."""


def omega_function(shape: Shape) -> str:
    """Return "omega": the sum over steps of the mean over sequences of (r - 1)^2, or of (sqrt(r) - 1)^2, and dW.

    `pushed` [T, B, H] holds v and is used up; `deltas` [T, B, H] and the slopes on the tape are as the backward pass
    left them, of a step on the scale of 2^exponents [T], of which no ratio knows. The state before the first step is
    no variable.
    """
    s = shape
    e = Emitter("omega", s.precision, ["tape", "deltas", "pushed", "exponents", "value", "dW"], ["start", "steps"])
    each(e, s.size, s.recurrent, None, "%dW")
    e.do(f"store {e.scalar} 0.0, ptr %value, align 4")
    first = e.add("%start", 1)
    with e.loop(first, "%steps") as t:
        _step(e, s, t)
    with chunks(e, s, first) as (row, count):
        pushed, slopes = e.at("%pushed", e.multiply(row, s.size)), e.at("%tape", e.multiply(row, s.line))
        each(e, s.size, s.recurrent, Term(count, pushed, 1, s.size, slopes, s.line), "%dW")
    return e.text()


def _step(e: Emitter, s: Shape, t: str) -> None:
    """Add a step's term, and leave in the place of v what its gradient multiplies the slopes with."""
    zero, term, usable = e.number(0.0), e.slot(e.scalar), e.slot(e.scalar)
    for slot in (term, usable):
        e.do(f"store {e.scalar} {zero}, ptr {slot}")
    first, least = e.multiply(t, s.state), _least(e, t)
    with e.loop("0", str(s.batch_size)) as b:
        line = e.add(first, e.multiply(b, s.size))
        deltas, pushed = e.at("%deltas", line), e.at("%pushed", line)
        own, factor, good = _term(e, s, (_square(e, s, pushed), _square(e, s, deltas), least))
        _scale(e, pushed, s.size, factor)
        for slot, more in ((term, own), (usable, good)):
            total = e.value(f"fadd {e.scalar} {e.value(f'load {e.scalar}, ptr {slot}')}, {more}")
            e.do(f"store {e.scalar} {total}, ptr {slot}")
    count = e.value(f"load {e.scalar}, ptr {usable}")
    some = e.value(f"fcmp ogt {e.scalar} {count}, {zero}")
    share = e.value(
        f"select i1 {some}, {e.scalar} {e.value(f'fdiv {e.scalar} {e.number(1.0)}, {count}')}, {e.scalar} {zero}"
    )
    _scale(e, e.at("%pushed", first), s.state, share)
    mean = e.value(f"fmul {e.scalar} {share}, {e.value(f'load {e.scalar}, ptr {term}')}")
    total = e.value(f"fadd {e.scalar} {mean}, {e.value(f'load {e.scalar}, ptr %value, align 4')}")
    e.do(f"store {e.scalar} {total}, ptr %value, align 4")


def _least(e: Emitter, t: str) -> str:
    """Return the smallest usable |d|^2 on the scale of a step, above 0."""
    power = power_of_two(e, load_exponent(e, "%exponents", t))
    once = e.value(f"fmul {e.scalar} {e.number(USABLE)}, {power}")
    twice = e.value(f"fmul {e.scalar} {once}, {power}")
    some = e.value(f"fcmp ogt {e.scalar} {twice}, {e.number(0.0)}")
    return e.value(f"select i1 {some}, {e.scalar} {twice}, {e.scalar} {e.number(2.0 ** (1 - e.precision.bias))}")


def _term(e: Emitter, s: Shape, squares: tuple[str, str, str]) -> tuple[str, str, str]:
    """Return a sequence's term, the factor of v in its gradient, and 1 if |d|^2 is usable; else zeros.

    Squares are |v|^2, |d|^2, and the least that is usable.
    """
    f, one, zero, (v, d, least) = e.scalar, e.number(1.0), e.number(0.0), squares
    good = e.value(f"fcmp oge {f} {d}, {least}")
    below = e.value(f"select i1 {good}, {f} {d}, {f} {one}")
    ratio = e.value(f"fdiv {f} {v}, {below}")
    if s.ratio == "squares":
        away = e.value(f"fsub {f} {ratio}, {one}")
        slope = e.value(f"fmul {f} {e.number(4.0)}, {away}")
    else:
        root = e.value(f"call {f} @llvm.sqrt.{e.suffix}({f} {ratio})")
        away = e.value(f"fsub {f} {root}, {one}")
        moves = e.value(f"fcmp ogt {f} {root}, {zero}")
        raw = e.value(f"fdiv {f} {away}, {e.value(f'select i1 {moves}, {f} {root}, {f} {one}')}")
        slope = e.value(f"fmul {f} {e.number(2.0)}, {e.value(f'select i1 {moves}, {f} {raw}, {f} {zero}')}")
    factor = e.value(f"fdiv {f} {slope}, {below}")
    square = e.value(f"fmul {f} {away}, {away}")
    own, times = (e.value(f"select i1 {good}, {f} {number}, {f} {zero}") for number in (square, factor))
    return own, times, e.value(f"uitofp i1 {good} to {f}")


def _square(e: Emitter, s: Shape, line: str) -> str:
    """Return the sum of the squares of a line."""
    squares = []
    for first in range(0, s.size, e.width):
        vector = e.load(e.at(line, first), min(e.width, s.size - first))
        squares.append(e.arithmetic("fmul", vector, vector))
    return e.total(squares)


def _scale(e: Emitter, line: str, count: int, factor: str) -> None:
    """Multiply numbers in their place."""
    times, whole = e.splat(factor), count - count % e.width
    with e.loop("0", str(whole), e.width) as i:
        e.store(e.arithmetic("fmul", e.load(e.at(line, i), e.width), times), e.at(line, i), e.width)
    if count > whole:
        rest = e.at(line, whole)
        e.store(e.arithmetic("fmul", e.load(rest, count - whole), times), rest, count - whole)
