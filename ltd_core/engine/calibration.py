"""Chooses the number of lanes of a pack, by a measurement per shape and machine that is kept in a file."""

from __future__ import annotations

import json
import logging
import platform
import time
from functools import cache
from pathlib import Path

from ltd_core.engine.pack import Pack
from ltd_core.experiments.training import Training
from ltd_core.lazy import torch
from ltd_core.spec import RunSpec, parse_spec

logger = logging.getLogger(__name__)

ON_CPU, ON_GPU = (1, 2, 4, 8, 16), (64, 256, 1024)
COMPUTED = 4
"""Runs without training that a worker claims together, one done after the other."""
UPDATES = 8
"""Of each number of lanes; fewer where one takes long."""
BUDGET_SECONDS = 0.25
WORTH = 1.03
"""More lanes are taken if an update of a lane takes no longer than this times the shortest: storing is shared."""
_FREE_SHARE = 0.8


class Calibration:
    """The numbers of lanes that measured best; a file that cannot be read or written is done without."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, int] = {}

    def lanes_for(self, spec: RunSpec, device: str) -> int:
        """Return the number of lanes for runs of a shape on a device; measures for a moment when it is not known."""
        if not isinstance(spec, Training):
            return COMPUTED
        key = f"{_machine(device)} {spec.shape_key}"
        if key not in self._known:
            self._known |= self._read()
        if key not in self._known:
            self._known[key] = measure(spec, device)
            self._write()
        return self._known[key]

    def _read(self) -> dict[str, int]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8")) if self._file else {}
        except (OSError, ValueError):
            return {}
        sound = isinstance(found, dict) and all(isinstance(lanes, int) and lanes > 0 for lanes in found.values())
        return found if sound else {}

    def _write(self) -> None:
        if self._file is None:
            return
        aside = self._file.with_name(f".{self._file.name}.{id(self)}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(self._read() | self._known, indent=1) + "\n", encoding="utf-8")
            aside.replace(self._file)
        except OSError as error:
            logger.warning("the number of lanes is measured anew in every process: %s", error)


def measure(spec: RunSpec, device: str) -> int:
    """Return the largest lane count within 3 % of the fastest, measured for a quarter of a second."""
    candidates = ON_CPU if device == "cpu" else _fitting(spec, device)
    _seconds(spec, device, candidates[0], 1)  # compiles
    begun, updates, measured = time.perf_counter(), UPDATES, dict[int, float]()
    for lanes in candidates:
        measured[lanes] = each = _seconds(spec, device, lanes, updates)
        left = BUDGET_SECONDS - (time.perf_counter() - begun)
        updates = max(1, min(UPDATES, int(left / (4 * lanes * each))))
        if left < 2 * lanes * each:
            break
    return max(lanes for lanes, each in measured.items() if each <= WORTH * min(measured.values()))


def _seconds(spec: RunSpec, device: str, lanes: int, updates: int) -> float:
    """Return the seconds of one update of one lane in a full pack, with all that a block takes."""
    changes = {"updates": updates, "evaluation": {"every": 0}, "initialization": {"kind": "gaussian"}}
    specs = [parse_spec(spec.full() | changes | {"seed": seed}) for seed in range(lanes)]
    pack = Pack(specs[0], lanes, device)
    for lane, one in enumerate(specs):
        pack.load(lane, one)
    start = time.perf_counter()
    pack.advance()
    return (time.perf_counter() - start) / updates / lanes


def _fitting(spec: RunSpec, device: str) -> tuple[int, ...]:
    """Return the numbers of lanes that fit a GPU's memory, one measured pack being the measure."""
    if not device.startswith("cuda"):
        return ON_CPU
    _seconds(spec, device, ON_GPU[0], 1)
    each = torch.cuda.max_memory_allocated(device) / ON_GPU[0]
    most = _FREE_SHARE * torch.cuda.mem_get_info(device)[0] / each
    return tuple(lanes for lanes in ON_GPU if lanes <= most) or (max(1, int(most)),)


@cache
def _machine(device: str) -> str:
    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
