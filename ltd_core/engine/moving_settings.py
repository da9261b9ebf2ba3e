"""Settings that change with the update: computed on the host for a stretch of updates, indexed on the device."""

from __future__ import annotations

from collections.abc import Callable

from ltd_core.engine.blocks import LONGEST_BLOCK
from ltd_core.engine.lane import Lane
from ltd_core.lazy import torch
from ltd_core.schedules.constant import ConstantSchedule

_NUMBERS: dict[str, Callable[[Lane, int], float]] = {
    "lr": lambda lane, step: lane.spec.optimizer.lr * lane.spec.optimizer.schedule.factor(step),
    "regularizer": lambda lane, step: lane.spec.regularizer.weight_at(step),
}


class Scheduled:
    """The learning rate, where a lane has a schedule, and the weight of a regularizer, by update and row."""

    def __init__(self, rows: torch.Tensor) -> None:
        self._tables = {name: rows.new_zeros(LONGEST_BLOCK, len(rows)) for name in _NUMBERS}
        self._at = rows.new_zeros(1, dtype=torch.int64)
        self.names: frozenset[str] = frozenset()

    def load(self, lanes: list[Lane]) -> bool:
        """Take lanes, which fill the first rows; return whether the same settings move as before."""
        before, self._lanes = self.names, lanes
        moving = any(not isinstance(lane.spec.optimizer.schedule, ConstantSchedule) for lane in lanes)
        self.names = frozenset({"lr"} if moving else ()) | ({"regularizer"} if lanes[0].spec.regularized else set())
        return self.names == before

    def begin(self, updates: int) -> None:
        """Make the numbers of the next updates."""
        self._at.zero_()
        for name in self.names:
            number, table = _NUMBERS[name], self._tables[name]
            numbers = [[number(lane, lane.step + 1 + ahead) for lane in self._lanes] for ahead in range(updates)]
            table[:updates, : len(self._lanes)] = table.new_tensor(numbers)

    def now(self, name: str) -> torch.Tensor:
        """Return a setting at this update, [K]."""
        return self._tables[name].index_select(0, self._at).squeeze(0)

    def advance(self) -> None:
        """Go on to the next update."""
        if self.names:
            self._at += 1
