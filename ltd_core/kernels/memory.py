"""The addresses of states, tape and biases of one lane."""

from __future__ import annotations

from ltd_core.kernels.emitter import Emitter
from ltd_core.kernels.product import Tile
from ltd_core.kernels.shape import Shape
from ltd_core.recurrence.expression import Node


class Memory:
    """States [S, T+1, B, H] and a tape [T, B, Z, H]; or just the last few states, [S, ring, B, H]."""

    def __init__(self, e: Emitter, shape: Shape, *, keep: bool) -> None:
        self.e, self.s, self._keep = e, shape, keep
        self._held = e.add("%steps", 1) if keep else str(shape.ring)

    def state(self, state: int, t: str) -> str:
        """Return where a state begins after t steps."""
        t = t if self._keep else self.e.value(f"and i64 {t}, {self.s.ring - 1}")
        whole = self.e.multiply(self._held, state * self.s.state) if state else "0"
        return self.e.at("%states", whole, self.e.multiply(t, self.s.state))

    def kept(self, t: str) -> str:
        """Return where the tape of a step begins."""
        return self.e.at("%tape", self.e.multiply(t, self.s.batch_size * self.s.line))

    def bias(self, gate: int, tile: Tile, v: int) -> str:
        """Return a vector of the biases, or of the numbers of units behind them."""
        return self.e.load(self.e.at("%b", gate * self.s.size + tile.column + v * self.e.width), tile.counts[v])

    def leaf(self, node: Node, t: str, tile: Tile, v: int) -> str | None:
        """Return a number of each unit, or the steps made at time t; None for other nodes."""
        e, step = self.e, self.s.step
        match node.operation:
            case "parameter" | "constant":
                return self.bias(len(step.gates) + step.of_units.index(node.name), tile, v)
            case "time":
                since = e.value(f"sub i64 {t}, %start")
                return e.splat(e.value(f"sitofp i64 {since} to {e.scalar}"))
        return None


def clear(e: Emitter, pointer: str, count: int) -> None:
    """Write `count` zeros."""
    zero, whole = e.constant(0.0), count - count % e.width
    with e.loop("0", str(whole), e.width) as i:
        e.store(zero, e.at(pointer, i), e.width)
    if count > whole:
        e.store(zero, e.at(pointer, whole), count - whole)
