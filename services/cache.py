"""A thread-safe LRU cache for values that never change, bounded by their total weight."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Cache(Generic[Value]):
    """The most recently used values by key."""

    def __init__(self, max_weight: int) -> None:
        self._max_weight, self._weight, self._lock = max_weight, 0, threading.Lock()
        self._entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget every value."""
        with self._lock:
            self._entries.clear()
            self._weight = 0

    def get(self, key: Hashable) -> Value | None:
        """Return the value of a key, None when there is none."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def put(self, key: Hashable, value: Value, weight: int = 1) -> None:
        """Add a value; the least recently used ones go while all together weigh too much."""
        with self._lock:
            self._weight += weight - self._entries.pop(key, (value, 0))[1]
            self._entries[key] = value, weight
            while self._weight > self._max_weight:
                self._weight -= self._entries.popitem(last=False)[1][1]
