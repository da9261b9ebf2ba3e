"""Emits formulas on vectors."""

from __future__ import annotations

from collections.abc import Callable

from ltd_core.kernels.activation import relu, sigmoid, tanh
from ltd_core.kernels.emitter import Emitter
from ltd_core.recurrence.expression import Node


def _where_positive(e: Emitter, test: str, value: str) -> str:
    zero = e.constant(0.0)
    return e.choose("ogt", test, zero, value, zero)


def _active(e: Emitter, time: str, period: str) -> str:
    """Return 1 where the period divides the time: the quotient of whole numbers, rounded, is whole only then."""
    quotient = e.arithmetic("fdiv", time, period)
    whole = e.value(f"call {e.vector} @llvm.floor.v{e.width}{e.suffix}({e.vector} {quotient})")
    return e.choose("oeq", quotient, whole, e.constant(1.0), e.constant(0.0))


_OPERATIONS: dict[str, Callable[..., str]] = {
    "add": lambda e, first, second: e.arithmetic("fadd", first, second),
    "subtract": lambda e, first, second: e.arithmetic("fsub", first, second),
    "multiply": lambda e, first, second: e.arithmetic("fmul", first, second),
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "active": _active,
    "where_positive": _where_positive,
}


class Formulas:
    """Computes nodes for one vector of units, each once; `known` gives the vectors of those that need no computing."""

    def __init__(self, emitter: Emitter, known: Callable[[Node], str | None]) -> None:
        self._e, self._known = emitter, known
        self._made: dict[Node, str] = {}

    def value(self, node: Node) -> str:
        """Return a node's vector."""
        if node.operation == "number":
            return self._e.constant(node.number)
        if node not in self._made:
            self._made[node] = self._known(node) or self._compute(node)
        return self._made[node]

    def _compute(self, node: Node) -> str:
        return _OPERATIONS[node.operation](self._e, *(self.value(below) for below in node.inputs))
