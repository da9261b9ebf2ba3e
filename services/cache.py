"""What never changes, kept by this process: the most recently used of it, up to a number or a weight."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """A bounded memory that threads may share."""

    def __init__(self, most: int) -> None:
        self._most, self._weight, self._lock = most, 0, threading.Lock()
        self._known: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._known)

    def get(self, key: Hashable) -> Value | None:
        """Return what is kept under a key, None when nothing is."""
        with self._lock:
            if key not in self._known:
                return None
            self._known.move_to_end(key)
            return self._known[key][0]

    def put(self, key: Hashable, value: Value, weight: int = 1) -> None:
        """Keep something; the longest unused goes when all together weigh too much."""
        with self._lock:
            self._weight += weight - self._known.pop(key, (value, 0))[1]
            self._known[key] = value, weight
            while self._weight > self._most:
                self._weight -= self._known.popitem(last=False)[1][1]
