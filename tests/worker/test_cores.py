import os
from pathlib import Path

import pytest

from worker.cores import usable_cores

CORES = len(os.sched_getaffinity(0))
ONE = "0::/pod/box\n"
OLD = "12:memory:/pod/box\n4:cpu,cpuacct:/pod/box\n0::/pod/box\n"


def lay(folder: Path, lines: str, files: dict[str, str]) -> tuple[Path, Path]:
    (folder / "groups").write_text(lines)
    for name, text in files.items():
        path = folder / "mount" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "groups", folder / "mount"


@pytest.mark.parametrize(
    ("lines", "files", "cores"),
    [
        (ONE, {"pod/box/cpu.max": "max 100000\n"}, CORES),
        (ONE, {"pod/box/cpu.max": "100000 100000\n"}, 1),
        (ONE, {"pod/box/cpu.max": "50000 100000\n"}, 1),  # half a core still needs a process
        (ONE, {"pod/box/cpu.max": "max 100000\n", "pod/cpu.max": "150000 100000\n"}, 1),  # a pod's, around it
        (ONE, {"cpu.max": "100000 100000\n"}, 1),  # in a container whose path is the host's
        (ONE, {"pod/box/cpu.max": "900000000 100000\n"}, CORES),
        (OLD, {"cpu,cpuacct/pod/box/cpu.cfs_quota_us": "-1\n"}, CORES),
        (
            OLD,
            {
                "cpu,cpuacct/pod/box/cpu.cfs_quota_us": "130000\n",
                "cpu,cpuacct/pod/box/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
        ("", {}, CORES),
    ],
)
def test_a_quota_bounds_the_cores(tmp_path: Path, lines: str, files: dict[str, str], cores: int) -> None:
    assert usable_cores(*lay(tmp_path, lines, files)) == cores


def test_a_system_without_control_groups_has_the_cores_of_its_affinity(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none", tmp_path / "none") == CORES
