"""Where a worker process trains, and how many processes a machine should have."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

from ltd_core.lazy import torch
from worker.cores import usable_cores

if TYPE_CHECKING:
    from services.settings import Settings

_DRIVER = "libcuda.so.1"


def gpus() -> int:
    """Return the number of GPUs in sight; loads torch only where there is a driver, and never touches a GPU."""
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return 0
    return torch.cuda.device_count()


def device_for(setting: str, index: int) -> str:
    """Return the device of a worker's index-th process: "auto" is a GPU of its own, the CPU where there is none."""
    found = gpus() if setting in {"auto", "cuda"} else 0
    if found:
        return f"cuda:{index % found}"
    return "cpu" if setting == "auto" else setting


def processes(settings: Settings) -> int:
    """Return how many processes to start: as set, else one for each GPU, or each core that this process may use."""
    if settings.workers:
        return settings.workers
    if device_for(settings.device, 0).startswith("cuda"):
        return max(gpus(), 1)
    return usable_cores()
