"""The result of a benchmark: our figure, the peer's, and how they were measured."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median


def machine() -> str:
    """Return the processor and the number of cores in use."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {len(os.sched_getaffinity(0))} cores, {platform.system()}"


@dataclass(frozen=True)
class Result:
    """A benchmark's outcome; a ratio above 1 means that we are ahead."""

    name: str
    ours: float
    peer: float
    ratio: float
    unit: str
    command: str
    bias: str
    spread: str
    machine: str = field(default_factory=machine)

    def row(self) -> dict[str, object]:
        """Return the fields as JSON-compatible values."""
        return asdict(self)


def interleaved(
    ours: Callable[[int], float], peer: Callable[[int], float], repetitions: int, *, warm_peer: bool = True
) -> tuple[list[float], list[float]]:
    """Return both sides' seconds, measured alternately after a warm-up; the argument is the repetition's number."""
    ours(0)
    if warm_peer:
        peer(0)
    pairs = [(ours(i), peer(i)) for i in range(1, repetitions + 1)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def compared(name: str, seconds: tuple[list[float], list[float]], bias: str) -> Result:
    """Return the medians of both sides, and the median of the pairwise ratios."""
    ours, peer = seconds
    ratios = sorted(b / a for a, b in zip(ours, peer, strict=True))
    spread = f"ratio {ratios[0]:.2f} to {ratios[-1]:.2f} over {len(ratios)} interleaved pairs"
    return Result(name, median(ours), median(peer), median(ratios), "s", f"make bench ONLY={name}", bias, spread)


def quicker(name: str, rates: tuple[list[float], list[float]], unit: str, bias: str) -> Result:
    """Like `compared`, for rates: larger is better."""
    ours, peer = rates
    ratios = sorted(a / b for a, b in zip(ours, peer, strict=True))
    spread = f"ratio {ratios[0]:.2f} to {ratios[-1]:.2f} over {len(ratios)} interleaved pairs"
    return Result(name, median(ours), median(peer), median(ratios), unit, f"make bench ONLY={name}", bias, spread)


def within(name: str, ours: list[float], most: float, unit: str, bias: str) -> Result:
    """Return the 95th percentile of our figures against the limit `most`."""
    p95 = sorted(ours)[max(0, math.ceil(0.95 * len(ours)) - 1)]
    spread = f"median {median(ours):.3g}, largest {max(ours):.3g} {unit} of {len(ours)}"
    return Result(name, p95, most, most / p95, unit, f"make bench ONLY={name}", bias, spread)
