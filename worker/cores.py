"""The number of cores this process may use: its CPU affinity, limited by the CPU quota of its cgroups (containers)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_GROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")


def usable_cores(groups: Path = _GROUPS, mount: Path = _MOUNT) -> int:
    """Return the number of cores, at least 1; a quota of 2.5 cores keeps 2 processes busy."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min([cores, *_quotas(groups, mount)])))


def _quotas(groups: Path, mount: Path) -> Iterator[float]:
    """Yield the quota, in cores, of every cgroup of this process and of its ancestors."""
    lines = groups.read_text(encoding="utf-8").splitlines() if groups.exists() else []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        # cgroup v2 lists no controllers. In a container the path may be the host's: then only `top` exists.
        top = mount / controllers
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            yield from _quota(folder)
            if folder == top:
                break


def _quota(folder: Path) -> Iterator[float]:
    """Yield the quota of a cgroup in cores, if it has one: cpu.max is cgroup v2, cpu.cfs_* is v1."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        with suppress(OSError):
            quota, period = " ".join((folder / name).read_text(encoding="ascii") for name in names).split()
            if quota not in {"max", "-1"}:
                yield int(quota) / int(period)
