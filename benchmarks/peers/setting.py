"""The settings that both sides of a comparison train with."""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """Temporal order: the cell, H, T, B, and the updates of a run."""

    cell: str = "rnn"
    hidden_size: int = 50
    length: int = 100
    batch_size: int = 20
    updates: int = 100
