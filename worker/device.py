"""The device of a worker process, and the number of processes of a machine."""

from __future__ import annotations

import ctypes

from ltd_core.lazy import torch
from services.settings import Settings
from worker.cores import usable_cores

_DRIVER = "libcuda.so.1"


def gpus() -> int:
    """Return the number of visible GPUs; imports torch only if a driver is installed, and creates no CUDA context."""
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return 0
    return torch.cuda.device_count()


def device_for(setting: str, index: int) -> str:
    """Return the device of the index-th process of a worker; "auto" assigns the GPUs in turn, else the CPU."""
    count = gpus() if setting in {"auto", "cuda"} else 0
    if count:
        return f"cuda:{index % count}"
    return "cpu" if setting == "auto" else setting


def processes(settings: Settings) -> int:
    """Return how many processes to start: as configured, else one per GPU, else one per usable core."""
    if settings.workers:
        return settings.workers
    if device_for(settings.device, 0).startswith("cuda"):
        return max(gpus(), 1)
    return usable_cores()
