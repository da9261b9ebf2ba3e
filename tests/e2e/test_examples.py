"""Every example of the documentation, posted by the command line to real parts, leaves the traces it should."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ltd_core.spec import parse_spec
from tests.support.lab import Lab
from tests.support.parts import DEADLINE

pytestmark = pytest.mark.xdist_group("workers")
ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.json"))
SHORT = {"updates": 40, "evaluation.every": 20, "evaluation.sequences": 20, "observation.every": 20}


def shortened(path: Path) -> list[str]:
    """Return the assignments that make an example of a training run short, with all that it traces."""
    spec = json.loads(path.read_text(encoding="utf-8"))
    if spec.get("experiment", "training") != "training":
        return []
    changes = SHORT if spec.get("observation") else {k: v for k, v in SHORT.items() if not k.startswith("observation")}
    return [f"--set={name}={value}" for name, value in changes.items()]


def run_by_command(path: Path, server: str, assignments: list[str]) -> dict[str, Any]:
    """Run `ltd run` and return what it printed."""
    command = [str(Path(sys.executable).with_name("ltd")), "run", str(path), "--watch", "--json", "--server", server]
    done = subprocess.run([*command, *assignments], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, f"{path.name}: {done.stdout} {done.stderr}"
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def check(path: Path, server: str, assignments: list[str]) -> None:
    """Post one example; its run ends, and every trace that it declares is there with points."""
    run = run_by_command(path, server, assignments)
    assert run["state"] == "succeeded", f"{path.name}: {run}"
    spec = parse_spec(run["spec"])
    with httpx2.Client(base_url=f"{server}/api/v1", timeout=DEADLINE) as client:
        found = {trace["name"]: trace for trace in client.get(f"/runs/{run['id']}/traces").json()["traces"]}
        for info in spec.traces():
            if info.every > run["step"]:
                continue
            trace = client.get(f"/runs/{run['id']}/traces/{info.name}", params={"max_points": 50}).json()
            assert trace["axes"] == list(info.axes)
            assert found[info.name]["points"] == run["step"] // info.every
    assert any(value is not None for value in run["summary"].values())


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10


def test_every_example_runs(lab: Lab) -> None:
    """Four commands at a time: each waits for its run most of its time."""
    lab.start({"LTD_LANES": "0"})
    api = lab.serve()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: check(path, api.url, shortened(path)), EXAMPLES))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_example_runs_in_full(lab: Lab) -> None:
    lab.start({"LTD_LANES": "0", "LTD_WORKERS": "2"})
    api = lab.serve()
    for path in EXAMPLES:
        check(path, api.url, [])
