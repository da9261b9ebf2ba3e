"""Emits LLVM's language as text: values with fresh names, loops, vectors whose end is masked.

Text, and not llvmlite's IRBuilder: a kernel is written as one writes the language, and a test can compare it. The
emitter knows one function, one precision and one width of vectors. On a machine with 8 floats a register,

    e = Emitter("double", precision_of("float32"), ["x"], ["count"])
    with e.loop("0", "%count", e.width) as i:
        e.store(e.arithmetic("fmul", e.load(e.at("%x", i), 8), e.constant(2.0)), e.at("%x", i), 8)

becomes, within the loop's labels and branches (not shown),

    define void @double(ptr noalias %x, i64 %count) {
      %s1 = alloca i64, align 64
      %v3 = load i64, ptr %s1
      %v5 = getelementptr inbounds float, ptr %x, i64 %v3
      %v6 = load <8 x float>, ptr %v5, align 4
      %v7 = fmul <8 x float> %v6, <float 0x4000000000000000, ...>
      %v8 = getelementptr inbounds float, ptr %x, i64 %v3
      store <8 x float> %v7, ptr %v8, align 4

Names are never assigned twice (static single assignment); what changes, such as a loop's index, is loaded from a stack
slot and stored back. LLVM's optimizer moves slots into registers and joins equal addresses.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ltd_core.kernels.machine import machine


class Precision(NamedTuple):
    """Single or double: type, suffix in intrinsics, bits, bits of the mantissa, numbers in a vector."""

    scalar: str
    suffix: str
    bits: int
    mantissa: int
    width: int

    @property
    def vector(self) -> str:
        """Return the type of a vector."""
        return f"<{self.width} x {self.scalar}>"

    @property
    def bias(self) -> int:
        """Return what is added to an exponent where it is stored: also the largest one."""
        return (1 << (self.bits - self.mantissa - 2)) - 1


def precision_of(dtype: str) -> Precision:
    """Return what "float32" or "float64" means on this machine."""
    if dtype == "float64":
        return Precision("double", "f64", 64, 52, machine().width // 2)
    return Precision("float", "f32", 32, 23, machine().width)


class Emitter:
    """Builds the text of one function of pointers and integers; pointers do not overlap (`noalias`)."""

    def __init__(self, name: str, precision: Precision, pointers: Sequence[str], integers: Sequence[str]) -> None:
        self.precision, self.width = precision, precision.width
        self.scalar, self.vector = precision.scalar, precision.vector
        self.suffix = precision.suffix
        self._head = (
            f"define void @{name}("
            + ", ".join([f"ptr noalias %{p}" for p in pointers] + [f"i64 %{i}" for i in integers])
            + ") {"
        )
        self._slots: list[str] = []
        self._lines: list[str] = []
        self._names = 0

    def text(self) -> str:
        """Return the function."""
        return "\n".join(
            [self._head, "entry:", *self._slots, "  br label %begin", "begin:", *self._lines, "  ret void", "}"]
        )

    def value(self, expression: str) -> str:
        """Return the name of a new value."""
        name = self._name("v")
        self._lines.append(f"  {name} = {expression}")
        return name

    def do(self, statement: str) -> None:
        """Add a statement without a value."""
        self._lines.append(f"  {statement}")

    def call(self, name: str, pointers: Sequence[str], integers: Sequence[str] = ()) -> None:
        """Call another function of ours."""
        arguments = [f"ptr {p}" for p in pointers] + [f"i64 {i}" for i in integers]
        self.do(f"call void @{name}({', '.join(arguments)})")

    def slot(self, kind: str) -> str:
        """Return a new variable of a type."""
        name = self._name("s")
        self._slots.append(f"  {name} = alloca {kind}, align 64")
        return name

    @contextmanager
    def loop(self, start: str, stop: str, step: int = 1) -> Iterator[str]:
        """Repeat for the index from start (inclusive) to stop (exclusive), counting down when step is negative."""
        slot, label = self.slot("i64"), self._name("l")[1:]
        self.do(f"store i64 {start}, ptr {slot}")
        self._lines += [f"  br label %{label}.test", f"{label}.test:"]
        index = self.value(f"load i64, ptr {slot}")
        going = self.value(f"icmp {'slt' if step > 0 else 'sgt'} i64 {index}, {stop}")
        self._lines += [f"  br i1 {going}, label %{label}.body, label %{label}.end", f"{label}.body:"]
        yield index
        self.do(f"store i64 {self.value(f'add i64 {index}, {step}')}, ptr {slot}")
        self._lines += [f"  br label %{label}.test", f"{label}.end:"]

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Do what follows only if an i1 is true."""
        label = self._name("w")[1:]
        self._lines += [f"  br i1 {condition}, label %{label}.then, label %{label}.end", f"{label}.then:"]
        yield
        self._lines += [f"  br label %{label}.end", f"{label}.end:"]

    def add(self, first: str, second: str | int) -> str:
        """Return the sum of two integers."""
        return self.value(f"add i64 {first}, {second}")

    def multiply(self, first: str, second: str | int) -> str:
        """Return the product of two integers."""
        return self.value(f"mul i64 {first}, {second}")

    def at(self, pointer: str, *offsets: str | int) -> str:
        """Return a pointer moved by offsets, counted in numbers."""
        for offset in offsets:
            if offset != 0:
                pointer = self.value(f"getelementptr inbounds {self.scalar}, ptr {pointer}, i64 {offset}")
        return pointer

    def load(self, pointer: str, count: int) -> str:
        """Return a vector of the `count` numbers at a pointer, zeros behind them."""
        if count == self.width:
            return self.value(f"load {self.vector}, ptr {pointer}, align 4")
        mask, nothing = f"{self._flags} {self.mask(count)}", f"{self.vector} zeroinitializer"
        intrinsic = f"@llvm.masked.load.v{self.width}{self.suffix}.p0"
        return self.value(f"call {self.vector} {intrinsic}(ptr align 4 {pointer}, {mask}, {nothing})")

    def store(self, vector: str, pointer: str, count: int) -> None:
        """Store the first `count` numbers of a vector."""
        if count == self.width:
            self.do(f"store {self.vector} {vector}, ptr {pointer}, align 4")
        else:
            intrinsic = f"@llvm.masked.store.v{self.width}{self.suffix}.p0"
            mask = f"{self._flags} {self.mask(count)}"
            self.do(f"call void {intrinsic}({self.vector} {vector}, ptr align 4 {pointer}, {mask})")

    def splat(self, scalar: str) -> str:
        """Return a vector of one number, repeated."""
        first = self.value(f"insertelement {self.vector} poison, {self.scalar} {scalar}, i64 0")
        return self.value(
            f"shufflevector {self.vector} {first}, {self.vector} poison, <{self.width} x i32> zeroinitializer"
        )

    def number(self, number: float) -> str:
        """Return a constant (a float is written by the bits of its double)."""
        rounded = number if self.scalar == "double" else struct.unpack("<f", struct.pack("<f", number))[0]
        bits = struct.unpack("<Q", struct.pack("<d", rounded))[0]
        return f"0x{bits:016X}"

    def constant(self, number: float) -> str:
        """Return a vector of a constant."""
        return "<" + ", ".join([f"{self.scalar} {self.number(number)}"] * self.width) + ">"

    def fma(self, first: str, second: str, third: str) -> str:
        """Return first * second + third, rounded once."""
        v = self.vector
        return self.value(f"call {v} @llvm.fma.v{self.width}{self.suffix}({v} {first}, {v} {second}, {v} {third})")

    def arithmetic(self, operation: str, first: str, second: str) -> str:
        """Return fmul, fadd, fsub or fdiv of two vectors."""
        return self.value(f"{operation} {self.vector} {first}, {second}")

    def choose(self, comparison: str, first: str, second: str, yes: str, no: str) -> str:
        """Return yes where an fcmp holds, else no, by element."""
        holds = self.compare(comparison, first, second)
        return self.value(f"select {self._flags} {holds}, {self.vector} {yes}, {self.vector} {no}")

    def compare(self, comparison: str, first: str, second: str) -> str:
        """Return where an fcmp holds, a vector of flags."""
        return self.value(f"fcmp {comparison} {self.vector} {first}, {second}")

    def both(self, operation: str, first: str, second: str) -> str:
        """Return "and" or "or" of two vectors of flags."""
        return self.value(f"{operation} {self._flags} {first}, {second}")

    def any(self, flags: str) -> str:
        """Return whether a flag of a vector is set."""
        return self.value(f"call i1 @llvm.vector.reduce.or.v{self.width}i1({self._flags} {flags})")

    def below(self, first: int, limit: str) -> str:
        """Return flags: whether first, first + 1, ... are below an integer."""
        whole = f"<{self.width} x i64>"
        start = self.value(f"insertelement {whole} poison, i64 {limit}, i64 0")
        limits = self.value(f"shufflevector {whole} {start}, {whole} poison, <{self.width} x i32> zeroinitializer")
        places = ", ".join(f"i64 {first + i}" for i in range(self.width))
        return self.value(f"icmp slt {whole} <{places}>, {limits}")

    def pad(self, vector: str, count: int, number: float) -> str:
        """Return a vector with a constant behind its first `count` numbers."""
        fill = self.constant(number)
        return self.value(f"select {self._flags} {self.mask(count)}, {self.vector} {vector}, {self.vector} {fill}")

    def total(self, vectors: Sequence[str]) -> str:
        """Return the sum of all numbers, in a fixed order."""
        total, f = "0.0", self.scalar
        for vector in vectors:
            total = self.value(
                f"call {f} @llvm.vector.reduce.fadd.v{self.width}{self.suffix}({f} {total}, {self.vector} {vector})"
            )
        return total

    def largest(self, vectors: Sequence[str]) -> str:
        """Return the largest of all numbers."""
        largest = vectors[0]
        for vector in vectors[1:]:
            largest = self.choose("ogt", vector, largest, vector, largest)
        return self.value(
            f"call {self.scalar} @llvm.vector.reduce.fmax.v{self.width}{self.suffix}({self.vector} {largest})"
        )

    def mask(self, count: int) -> str:
        """Return flags of which the first `count` are set."""
        return "<" + ", ".join("i1 true" if i < count else "i1 false" for i in range(self.width)) + ">"

    @property
    def _flags(self) -> str:
        return f"<{self.width} x i1>"

    def _name(self, prefix: str) -> str:
        self._names += 1
        return f"%{prefix}{self._names}"


def declarations(precision: Precision) -> str:
    """Return what the functions call."""
    w, v, f, number = precision.width, precision.vector, precision.suffix, precision.scalar
    return "\n".join(
        [
            f"declare {v} @llvm.fma.v{w}{f}({v}, {v}, {v})",
            f"declare {v} @llvm.masked.load.v{w}{f}.p0(ptr, <{w} x i1>, {v})",
            f"declare void @llvm.masked.store.v{w}{f}.p0({v}, ptr, <{w} x i1>)",
            f"declare {number} @llvm.vector.reduce.fadd.v{w}{f}({number}, {v})",
            f"declare {v} @llvm.floor.v{w}{f}({v})",
            f"declare {number} @llvm.vector.reduce.fmax.v{w}{f}({v})",
            f"declare i1 @llvm.vector.reduce.or.v{w}i1(<{w} x i1>)",
            f"declare {number} @llvm.sqrt.{f}({number})",
            *dict.fromkeys([f"declare {number} @llvm.log.{f}({number})", "declare double @llvm.log.f64(double)"]),
            *(f"declare i64 @llvm.{name}.i64(i64, i64)" for name in ("smax", "smin")),
        ]
    )
