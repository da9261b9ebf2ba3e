"""Brings docker-compose.yml up on this machine's Docker engine, breaks it, and holds its results to the embedded ones.

`python -m tests.compose [COMMIT]`: with a commit, the images of that commit come first and leave their data to these.
It ends with one line, and exit status 0 where everything held. As root: it kills processes of containers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2

from ltd_client.sdk import Lab
from ltd_client.stack import started
from tests.compose.stack import LASTING, ROOT, Stack, docker
from tests.support.parts import wait_for

ENDS_SECONDS = 900.0
CONFINED = ("run", "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL")
Json = dict[str, Any]


def sweep(name: str, seeds: int, updates: int) -> Json:
    """Return a sweep of six cells, of runs of a fraction of a second in a hundred updates."""
    return {
        "name": name,
        "base": {
            "problem": {"kind": "temporal_order", "length": 50},
            "updates": updates,
            "evaluation": {"every": 500, "sequences": 100, "stop": False},
        },
        "axes": {
            "clipping": [{"kind": "none"}, {"kind": "value", "threshold": 0.1}, {"kind": "norm", "threshold": 1}],
            "batch_size": [5, 20],
        },
        "seeds": list(range(seeds)),
    }


def results(lab: Lab, sweep_id: str) -> dict[str, Json]:
    """Return what a sweep's runs ended with, every number of every trace among it."""
    found = {}
    for run in lab.runs(sweep=sweep_id):
        traces = {
            e["name"]: lab.trace_arrow(run["id"], e["name"], e["first_step"], e["last_step"], e["points"])
            for e in lab.traces(run["id"])
        }
        found[run["id"]] = {name: run[name] for name in ("state", "step", "outcome", "summary")} | {"traces": traces}
    return found


def ended(lab: Lab, sweep_id: str) -> Json:
    """Wait until no run of a sweep is queued or runs; return the sweep. The API may be away meanwhile."""

    def done() -> Json | None:
        try:
            found = lab.get_sweep(sweep_id)
        except Exception:  # noqa: BLE001 - whatever a killed API or database lets a client see
            return None
        return found if found["finished"] else None

    found = wait_for(done, ENDS_SECONDS, every=1.0)
    assert found is not None
    assert found["states"] == {"succeeded": found["runs"]}, found["states"]
    return found


class Trial:
    """The checks, in the order of a laboratory's life."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.posted: dict[str, dict[str, Json]] = {}

    def refuses_to_start_without_secrets(self) -> None:
        for name in ("LTD_DB_PASSWORD", "LTD_TOKEN"):
            environment = {key: value for key, value in (os.environ | self.stack.environment).items() if key != name}
            command = ["docker", "compose", "--env-file", "/dev/null", "config", "--quiet"]
            refused = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert refused.returncode != 0, f"it starts without {name}"
            assert name in refused.stderr, refused.stderr
            assert "make .env" in refused.stderr, refused.stderr

    def builds(self) -> str:
        self.stack("build")
        sizes = [int(docker("image", "inspect", "-f", "{{.Size}}", f"ltd-lab-{name}")) for name in ("server", "worker")]
        return f"server {sizes[0] / 1e6:.0f} MB, worker {sizes[1] / 1e6:.0f} MB, base included"

    def comes_up_healthy(self) -> None:
        self.stack.up()
        for name in LASTING:
            (container,) = self.stack.containers(name)
            assert self.stack.inspect(container)["State"]["Health"]["Status"] == "healthy", name

    def publishes_the_api_alone_on_loopback_and_asks_for_its_token(self) -> None:
        for name in LASTING:
            (container,) = self.stack.containers(name)
            ports = self.stack.inspect(container)["NetworkSettings"]["Ports"]
            published = [place for places in ports.values() for place in places or ()]
            assert {place["HostIp"] for place in published} == ({"127.0.0.1"} if name == "api" else set()), name
        assert httpx2.get(f"{self.stack.url}/api/v1/runs").status_code == HTTPStatus.UNAUTHORIZED
        assert httpx2.get(f"{self.stack.url}/readyz").status_code == HTTPStatus.OK

    def runs_as_an_ordinary_user_on_a_read_only_root(self) -> None:
        for name in ("api", "worker"):
            assert self.stack("exec", "-T", name, "id", "-u").strip() == "10001"
            assert "Read-only" in self.stack("exec", "-T", name, "sh", "-c", "touch /opt/ltd/x 2>&1; true")

    def runs_as_any_user_and_keeps_to_a_quota(self) -> None:
        cores = "from worker.cores import usable_cores; print(usable_cores())"
        other = ("--user", "12345", "--cpus", "0.5", "ltd-lab-worker")
        assert docker(*CONFINED, *other, "python", "-c", cores).strip() == "1"
        trains = "from ltd_core.engine import Pack; from ltd_core.spec import parse_spec; "
        trains += "s = parse_spec({'problem': {'kind': 'adding', 'length': 10}, 'updates': 2}); "
        trains += "k = Pack(s, 1); k.load(0, s); print(len(k.advance()))"
        assert docker(*CONFINED, *other, "python", "-c", trains).strip() == "1"

    def runs_a_sweep(self) -> None:
        self.post(sweep("first", 2, 600))

    def equals_the_embedded_laboratory_to_the_bit(self) -> str:
        with started(self.folder / "embedded", 0) as embedded, Lab(embedded.url) as lab:
            sweep_id = lab.sweep(sweep("first", 2, 600))["id"]
            ended(lab, sweep_id)
            here = results(lab, sweep_id)
        assert here == self.posted[sweep_id]
        numbers = sum(len(run["traces"]) for run in here.values())
        return f"{len(here)} runs, {numbers} traces"

    def loses_nothing_when_each_part_is_killed(self) -> str:
        self.stack.up(workers=2)
        with self.stack.lab() as lab:
            posted = lab.sweep(sweep("killed", 6, 4000))
            for name in ("worker", "database", "broker", "api"):
                moving = self.updates(posted["id"])
                wait_for(lambda moving=moving: self.updates(posted["id"]) > moving, ENDS_SECONDS, every=0.5)
                self.stack.kill(self.stack.containers(name)[0])
            found = ended(lab, posted["id"])
            self.posted[posted["id"]] = results(lab, posted["id"])
        return f"{found['runs']} runs"

    def a_stop_uses_up_no_attempt(self) -> None:
        with self.stack.lab() as lab:
            posted = lab.sweep(sweep("stopped", 3, 4001))
            wait_for(lambda: self.updates(posted["id"]), ENDS_SECONDS, every=0.5)
            self.stack("stop", "worker")
            held = [run for run in lab.runs(sweep=posted["id"]) if run["state"] == "running" or run["attempts"]]
            assert held == [], f"not given back, or with an attempt used up: {[run['id'] for run in held]}"
            for step in (("stop",), ("start",), ("restart",), ("up", "--detach", "--wait", "--scale", "worker=2")):
                self.stack(*step)
            ended(lab, posted["id"])
            self.posted[posted["id"]] = results(lab, posted["id"])

    def measures_lanes_once(self) -> None:
        assert "calibration.json" in self.stack("exec", "-T", "worker", "ls", "/var/lib/ltd")

    def keeps_everything_when_taken_down_and_up_again(self) -> str:
        self.stack("down")
        self.stack.up()
        with self.stack.lab() as lab:
            for sweep_id, before in self.posted.items():
                assert results(lab, sweep_id) == before, f"sweep {sweep_id} changed"
        return f"{sum(len(runs) for runs in self.posted.values())} runs, {len(self.posted)} sweeps"

    def takes_over_the_data_of(self, commit: str) -> str:
        folder = self.folder / "former"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        subprocess.run(["git", "checkout", "--quiet", commit], cwd=folder, check=True)
        self.stack("build", folder=folder)
        sizes = [int(docker("image", "inspect", "-f", "{{.Size}}", f"ltd-lab-{name}")) for name in ("server", "worker")]
        self.stack.up(folder=folder)
        self.post(sweep("former", 2, 300))
        self.stack("down", folder=folder)
        return f"its images: server {sizes[0] / 1e6:.0f} MB, worker {sizes[1] / 1e6:.0f} MB"

    def post(self, request: Json) -> None:
        """Post a sweep, and remember what it ended with."""
        with self.stack.lab() as lab:
            sweep_id = lab.sweep(request)["id"]
            ended(lab, sweep_id)
            self.posted[sweep_id] = results(lab, sweep_id)

    def updates(self, sweep_id: str) -> int:
        """Return the updates that a sweep has done; -1 while the API is away."""
        try:
            with self.stack.lab() as lab:
                return int(lab.get_sweep(sweep_id)["updates_done"])
        except Exception:  # noqa: BLE001 - whatever a killed part lets a client see
            return -1


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def main(former: str | None) -> int:
    """Try everything; return the exit status."""
    stack, begun, held = Stack(), time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(stack, Path(folder))
        checks: list[Callable[[], str | None]] = [
            trial.refuses_to_start_without_secrets,
            trial.builds,
            trial.comes_up_healthy,
            trial.publishes_the_api_alone_on_loopback_and_asks_for_its_token,
            trial.runs_as_an_ordinary_user_on_a_read_only_root,
            trial.runs_as_any_user_and_keeps_to_a_quota,
            trial.runs_a_sweep,
            trial.equals_the_embedded_laboratory_to_the_bit,
            trial.measures_lanes_once,
            trial.loses_nothing_when_each_part_is_killed,
            trial.a_stop_uses_up_no_attempt,
            trial.keeps_everything_when_taken_down_and_up_again,
        ]
        if former:
            checks.insert(1, partial(trial.takes_over_the_data_of, former))
        try:
            for check in checks:
                since = time.monotonic()
                name = getattr(check, "__name__", f"takes_over_the_data_of_{former}").replace("_", " ")
                say(f"{name} ... ")
                note = check()
                held += 1
                say(f"{time.monotonic() - since:.0f} s{f' ({note})' if note else ''}\n")
        except Exception as error:  # noqa: BLE001 - whatever it is, what failed is told and the stack goes
            say(f"FAILED\n{type(error).__name__}: {error}\n{stack('logs', '--no-color', '--tail', '8')}\n")
        finally:
            stack("down", "--volumes", "--remove-orphans")
            say(f"compose-test: {held} of {len(checks)} held in {time.monotonic() - begun:.0f} s\n")
    return 0 if held == len(checks) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if sys.argv[1:] else None))
