"""The linear readout as machine code: outputs, loss and error rate of a minibatch, and the start of the backward pass.

outputs = c + h_t V at the last R steps; loss: cross-entropy in nats for classes, mean squared error for numbers;
dV, dc and d loss / d h_t.
"""

from __future__ import annotations

from ltd_core.kernels.activation import exponential
from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.product import Term, Tile, Vectors, product
from ltd_core.kernels.shape import Shape


def read_function(s: Shape) -> str:
    """Return "read": loss, error rate and slopes [R B, O] for states [R B, H]; targets are [R B] or [R B, O]."""
    e = Emitter("read", s.precision, ["last", "V", "c", "targets", "slopes", "loss", "error"], [])
    judge = _judge_classes if s.tolerance is None else _judge_numbers
    multiply(e, (s.rows, s.outputs), Term(str(s.size), "%last", s.size, 1, "%V", s.outputs), "%slopes", "%c")
    sums = [e.slot(e.scalar), e.slot(e.scalar)]
    for place in sums:
        e.do(f"store {e.scalar} 0.0, ptr {place}")
    with e.loop("0", str(s.rows)) as row:
        loss, wrong = judge(e, s, e.at("%slopes", e.multiply(row, s.outputs)), row)
        if s.scored < s.answers:
            counts = e.value(f"icmp sge i64 {row}, {s.rows - s.scored * s.batch_size}")
            wrong = e.value(f"select i1 {counts}, {e.scalar} {wrong}, {e.scalar} {e.number(0.0)}")
        for place, more in zip(sums, (loss, wrong), strict=True):
            before = e.value(f"load {e.scalar}, ptr {place}")
            e.do(f"store {e.scalar} {e.value(f'fadd {e.scalar} {before}, {more}')}, ptr {place}")
    for place, target, count in zip(sums, ("%loss", "%error"), (s.rows, s.scored * s.batch_size), strict=True):
        total = e.value(f"load {e.scalar}, ptr {place}")
        mean = e.value(f"fdiv {e.scalar} {total}, {float(count)}")
        e.do(f"store {e.scalar} {mean}, ptr {target}, align 4")
    return e.text()


def _judge_classes(e: Emitter, s: Shape, line: str, sequence: str) -> tuple[str, str]:
    """Return cross-entropy and 1 if wrong: right is only the first of the largest outputs. Outputs become slopes."""
    target = e.value(f"load i64, ptr {e.value(f'getelementptr inbounds i64, ptr %targets, i64 {sequence}')}")
    chosen = e.value(f"load {e.scalar}, ptr {e.at(line, target)}, align 4")
    parts = [(first, count, e.load(e.at(line, first), count)) for first, count in s.parts()]
    better = "false"
    for first, count, outputs in parts:
        larger = e.compare("ugt", outputs, e.splat(chosen))
        earlier = e.both("and", e.compare("oeq", outputs, e.splat(chosen)), e.below(first, target))
        here = e.any(e.both("and", e.both("or", larger, earlier), e.mask(count)))
        better = e.value(f"or i1 {better}, {here}")
    largest = e.largest([e.pad(outputs, count, float("-inf")) for _, count, outputs in parts])
    powers = [
        e.pad(exponential(e, e.arithmetic("fsub", outputs, e.splat(largest))), count, 0.0)
        for _, count, outputs in parts
    ]
    total = e.total(powers)
    share = e.value(f"fdiv {e.scalar} 1.0, {e.value(f'fmul {e.scalar} {total}, {float(s.rows)}')}")
    for (first, count, _), power in zip(parts, powers, strict=True):
        e.store(e.arithmetic("fmul", power, e.splat(share)), e.at(line, first), count)
    place = e.at(line, target)
    slope = e.value(f"load {e.scalar}, ptr {place}, align 4")
    one = e.value(f"fsub {e.scalar} {slope}, {e.number(1 / s.rows)}")
    e.do(f"store {e.scalar} {one}, ptr {place}, align 4")
    logarithm = e.value(f"call {e.scalar} @llvm.log.{e.suffix}({e.scalar} {total})")
    distance = e.value(f"fsub {e.scalar} {largest}, {chosen}")
    return e.value(f"fadd {e.scalar} {logarithm}, {distance}"), e.value(f"uitofp i1 {better} to {e.scalar}")


def _judge_numbers(e: Emitter, s: Shape, line: str, sequence: str) -> tuple[str, str]:
    """Return the squared error and 1 if any number is not within the tolerance. Outputs become slopes."""
    targets = e.at("%targets", e.multiply(sequence, s.outputs))
    wrong, squares = "false", []
    for first, count in s.parts():
        miss = e.arithmetic("fsub", e.load(e.at(line, first), count), e.load(e.at(targets, first), count))
        square = e.arithmetic("fmul", miss, miss)
        size = e.choose("olt", miss, e.constant(0.0), e.arithmetic("fsub", e.constant(0.0), miss), miss)
        outside = e.compare("uge", size, e.constant(s.tolerance or 0.0))
        wrong = e.value(f"or i1 {wrong}, {e.any(e.both('and', outside, e.mask(count)))}")
        squares.append(square)
        e.store(e.arithmetic("fmul", miss, e.constant(2.0 / s.rows)), e.at(line, first), count)
    return e.total(squares), e.value(f"uitofp i1 {wrong} to {e.scalar}")


def back_function(s: Shape) -> str:
    """Return "back": dV, dc and deltas [R B, H], d loss / d h of the states read; Vt [O, H] is V transposed."""
    e = Emitter("back", s.precision, ["last", "Vt", "slopes", "dV", "dc", "delta"], [])
    rows = str(s.rows)
    multiply(e, (s.size, s.outputs), Term(rows, "%last", 1, s.size, "%slopes", s.outputs), "%dV", None)
    multiply(e, (1, s.outputs), Term(rows, "@one", 0, 0, "%slopes", s.outputs), "%dc", None)
    back = Term(str(s.outputs), "%slopes", s.outputs, 1, "%Vt", s.size)
    multiply(e, (s.rows, s.size), back, "%delta", None)
    return e.text()


def multiply(e: Emitter, sizes: tuple[int, int], term: Term, target: str, bias: str | None) -> None:
    """Write a product, each line on top of the bias if there is one."""
    rows, columns = sizes

    def start(tile: Tile, _row: int, _gate: int, v: int) -> str:
        return e.load(e.at(bias, tile.column + v * e.width), tile.counts[v]) if bias else "zeroinitializer"

    def finish(tile: Tile, vectors: Vectors) -> None:
        place = e.at(target, e.multiply(tile.row, columns), tile.column)
        for r, (line,) in enumerate(vectors):
            for v, vector in enumerate(line):
                e.store(vector, e.at(place, r * columns + v * e.width), tile.counts[v])

    product(e, rows, columns, [term], start, finish)
