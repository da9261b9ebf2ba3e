"""Colors that read on light and on dark ground, apart for the color-blind."""

from __future__ import annotations

import numpy as np

HUES = ("#3d6be0", "#d1495b", "#2a9d8f", "#d98c1f", "#8a63c9", "#8d6e63", "#0a8fa3", "#7c8a00")
THEORY = "#8a8f98"
"""Of lines that nobody measured."""
ORDERED = ("#6a4fb3", "#3d7fd0", "#1f9a9a", "#56ad4a", "#c3a021", "#e0702f")
"""From the lowest value of an ordered axis to the highest."""


def hue(number: int) -> str:
    """Return the color of a named thing."""
    return HUES[number % len(HUES)]


def between(number: int, total: int) -> str:
    """Return the color of a value's place among ordered ones."""
    position = number / max(1, total - 1) * (len(ORDERED) - 1)
    channels = zip(*map(_channels, ORDERED), strict=True)
    return "#" + "".join(f"{round(np.interp(position, range(len(ORDERED)), channel)):02x}" for channel in channels)


def faint(color: str, share: float = 0.2) -> str:
    """Return a color that lets the ground through."""
    return f"rgba({','.join(map(str, _channels(color)))},{share:g})"


def _channels(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))
