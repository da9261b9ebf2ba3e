"""The scale of what goes back through time, so that it stays in the middle of a float's range however far it goes.

Of a step, what lies in memory is 2^exponent times the true delta, slopes and what is carried. A power of two costs no
bit, so where nothing leaves the range, every result is what it would be without.
"""

from __future__ import annotations

from collections.abc import Callable

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.memory import Memory
from ltd_core.kernels.shape import Shape

_LN2 = "0x3FE62E42FEFA39EF"
"""The bits of ln 2."""


class Scale:
    """The exponent while a layer goes back: it changes when a norm leaves the middle third of the range."""

    def __init__(self, e: Emitter, shape: Shape, here: Memory, start: str) -> None:
        """Begin with an exponent."""
        self.e, self.s, self._here = e, shape, here
        self._slot = e.slot("i64")
        e.do(f"store i64 {start}, ptr {self._slot}")

    def keep(self, norm: str, step: str, norms: str) -> None:
        """Store the logarithm of a delta's true norm and the exponent of its step; bring its successors near 1."""
        e, bias = self.e, self.e.precision.bias
        exponent = self._now()
        e.do(f"store {e.scalar} {_logarithm(e, norm, exponent)}, ptr {norms}, align 4")
        e.do(f"store i64 {exponent}, ptr {exponent_at(e, '%exponents', step)}")
        own = e.value(f"sub i64 {exponent_of(e, norm)}, {bias}")
        far = e.value(f"icmp ugt i64 {e.add(own, bias // 3)}, {2 * (bias // 3)}")
        some = e.value(f"fcmp one {e.scalar} {norm}, {e.number(0.0)}")
        finite = e.value(f"icmp sle i64 {own}, {bias}")
        with e.when(e.value(f"and i1 {far}, {e.value(f'and i1 {some}, {finite}')}")):
            self._shift(step, e.value(f"sub i64 0, {own}"))

    def meet(self, given: str, step: str) -> str:
        """Return what to multiply a delta given to a step with; where it is the larger, its scale is taken."""
        e = self.e
        factor, theirs = e.slot(e.scalar), load_exponent(e, "%given_exponents", step)
        e.do(f"store {e.scalar} {e.number(1.0)}, ptr {factor}")
        with e.when(e.value(f"icmp ne i64 {theirs}, {self._now()}")), e.when(_any(e, given, self.s.state)):
            more = e.value(f"sub i64 {theirs}, {self._now()}")
            lower = e.value(f"call i64 @llvm.smin.i64(i64 {more}, i64 0)")
            with e.when(e.value(f"icmp slt i64 {lower}, 0")):
                self._shift(e.add(step, 1), lower)
            rest = e.value(f"sub i64 {lower}, {more}")  # 0 where the scale is now theirs
            e.do(f"store {e.scalar} {power_of_two(e, rest)}, ptr {factor}")
        return e.value(f"load {e.scalar}, ptr {factor}")

    def _now(self) -> str:
        return self.e.value(f"load i64, ptr {self._slot}")

    def _shift(self, step: str, by: str) -> None:
        """Multiply what the steps before `step` will see by 2^by: what is carried, and the last slopes."""
        e, s = self.e, self.s
        scaled(e, "%carry", len(s.step.states) * s.state, by)
        last = e.value(f"call i64 @llvm.smin.i64(i64 {e.add(step, max(s.delays))}, i64 %steps)")
        with e.loop(step, last) as t:
            scaled_slopes(e, s, self._here.kept(t), by)
            place = exponent_at(e, "%exponents", t)
            e.do(f"store i64 {e.add(e.value(f'load i64, ptr {place}'), by)}, ptr {place}")
            if s.ratio:
                scaled(e, e.at("%deltas", e.multiply(t, s.state)), s.state, by)
        e.do(f"store i64 {e.add(self._now(), by)}, ptr {self._slot}")


def settle_function(s: Shape) -> str:
    """Return "settle": slopes on the tape at their true size, of which a float may hold no more than zero."""
    e = Emitter("settle", s.precision, ["tape", "exponents"], ["start", "steps"])
    with e.loop("%start", "%steps") as t:
        exponent = load_exponent(e, "%exponents", t)
        with e.when(e.value(f"icmp ne i64 {exponent}, 0")):
            tape = e.at("%tape", e.multiply(t, s.batch_size * s.line))
            scaled_slopes(e, s, tape, e.value(f"sub i64 0, {exponent}"))
    return e.text()


def scaled_slopes(e: Emitter, s: Shape, tape: str, exponent: str) -> None:
    """Multiply the slopes of one step by a power of two."""
    with e.loop("0", str(s.batch_size)) as row:
        scaled(e, e.at(tape, e.multiply(row, s.line)), len(s.step.slopes) * s.size, exponent)


def scaled(e: Emitter, line: str, count: int, exponent: str) -> None:
    """Multiply numbers in their place by a power of two, in two factors: one may be beyond what a float holds."""
    most = e.precision.bias - 1
    first = e.value(f"call i64 @llvm.smax.i64(i64 {exponent}, i64 {-most})")
    first = e.value(f"call i64 @llvm.smin.i64(i64 {first}, i64 {most})")
    factors = [e.splat(power_of_two(e, part)) for part in (first, e.value(f"sub i64 {exponent}, {first}"))]

    def once(place: str, size: int) -> None:
        vector = e.load(place, size)
        for factor in factors:
            vector = e.arithmetic("fmul", vector, factor)
        e.store(vector, place, size)

    _each(e, line, count, once)


def power_of_two(e: Emitter, exponent: str) -> str:
    """Return 2^exponent, of the nearest exponent that a normal number has."""
    bias, bits = e.precision.bias, f"i{e.precision.bits}"
    least = e.value(f"call i64 @llvm.smax.i64(i64 {exponent}, i64 {1 - bias})")
    within = e.value(f"call i64 @llvm.smin.i64(i64 {least}, i64 {bias})")
    raw = e.value(f"shl i64 {e.add(within, bias)}, {e.precision.mantissa}")
    whole = raw if bits == "i64" else e.value(f"trunc i64 {raw} to {bits}")
    return e.value(f"bitcast {bits} {whole} to {e.scalar}")


def exponent_of(e: Emitter, number: str) -> str:
    """Return the biased exponent of a number that is not negative."""
    bits = f"i{e.precision.bits}"
    raw = e.value(f"lshr {bits} {e.value(f'bitcast {e.scalar} {number} to {bits}')}, {e.precision.mantissa}")
    return raw if bits == "i64" else e.value(f"zext {bits} {raw} to i64")


def exponent_at(e: Emitter, exponents: str, step: str) -> str:
    """Return where the exponent of a step lies."""
    return e.value(f"getelementptr inbounds i64, ptr {exponents}, i64 {step}")


def load_exponent(e: Emitter, exponents: str, step: str) -> str:
    """Return the exponent of a step."""
    return e.value(f"load i64, ptr {exponent_at(e, exponents, step)}")


def _logarithm(e: Emitter, norm: str, exponent: str) -> str:
    """Return ln(norm 2^-exponent), rounded once."""
    wide = norm if e.scalar == "double" else e.value(f"fpext float {norm} to double")
    own = e.value(f"call double @llvm.log.f64(double {wide})")
    away = e.value(f"fmul double {e.value(f'sitofp i64 {exponent} to double')}, {_LN2}")
    found = e.value(f"fsub double {own}, {away}")
    return found if e.scalar == "double" else e.value(f"fptrunc double {found} to float")


def _any(e: Emitter, line: str, count: int) -> str:
    """Return whether a number of a line is not zero."""
    slot = e.slot("i1")
    e.do(f"store i1 false, ptr {slot}")

    def once(place: str, size: int) -> None:
        here = e.any(e.compare("une", e.load(place, size), e.constant(0.0)))
        before = e.value(f"load i1, ptr {slot}")
        e.do(f"store i1 {e.value(f'or i1 {before}, {here}')}, ptr {slot}")

    _each(e, line, count, once)
    return e.value(f"load i1, ptr {slot}")


def _each(e: Emitter, line: str, count: int, once: Callable[[str, int], None]) -> None:
    """Do something for each vector of a line."""
    whole = count - count % e.width
    with e.loop("0", str(whole), e.width) as i:
        once(e.at(line, i), e.width)
    if count > whole:
        once(e.at(line, whole), count - whole)
