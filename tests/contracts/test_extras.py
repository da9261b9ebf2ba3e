"""Each extra installed alone in an environment of its own, and used: the four together are one laboratory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pyarrow.parquet
import pytest

from tests.support.parts import DEADLINE, ROOT, Api, Broker, Workers

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("extras"), pytest.mark.timeout(1800)]
PACKAGES = ("api", "ltd_client", "ltd_core", "services", "worker")
FILES = ("LICENSE", "README.md", "constraints.txt", "pyproject.toml")
NAMES = ("client", "export", "server", "worker")  # "client" is the wheel without any extra
ABSENT = {  # not pydantic: typer brings it
    "client": "flask sqlalchemy celery torch llvmlite numpy pyarrow tensorboardX",
    "export": "flask sqlalchemy celery torch llvmlite",
    "server": "torch llvmlite",
    "worker": "",
}
PRESENT = {
    "client": "httpx2 rich typer",
    "export": "httpx2 numpy pyarrow tensorboardX",
    "server": "flask sqlalchemy celery waitress numpy pydantic",
    "worker": "flask sqlalchemy celery waitress numpy pydantic torch llvmlite",
}
OURS = {
    "client": "ltd_client",
    "export": "ltd_client",
    "server": "ltd_client api services",
    "worker": "ltd_client api services ltd_core worker",
}
FOUND = (
    "import json, sys; from importlib.util import find_spec as f; print(json.dumps([n for n in sys.argv[1:] if f(n)]))"
)
IMPORTED = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    assert "site-packages" in package.__file__, package.__file__
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        if not module.name.startswith("services.migrations"):
            importlib.import_module(module.name)
            print(module.name)
"""
EXPLAINED = """
from typer.main import get_command
from ltd_client.cli import app
def names(command):
    return [[n, *rest] for n, c in getattr(command, "commands", {}).items() for rest in [[], *names(c)]]
command = get_command(app)
for words in [[], *names(command)]:
    command.main([*words, "--help"], "ltd", standalone_mode=False)
    print("explained:", *words)
"""
RUN = {
    "experiment": "training",
    "problem": {"kind": "temporal_order", "length": 20},
    "cell": {"kind": "rnn", "hidden_size": 8},
    "batch_size": 4,
    "updates": 50,
    "evaluation": {"every": 50, "sequences": 10},
}
SWEEP = {"name": "extras", "base": RUN, "axes": {"batch_size": [2, 4]}, "seeds": [0]}


@dataclass(frozen=True)
class Environment:
    """An environment of its own; its commands run in an empty folder, so that the packages are the installed ones."""

    home: Path
    folder: Path

    @property
    def python(self) -> str:
        return str(self.home / "bin" / "python")

    def run(self, program: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [str(self.home / "bin" / program), *words]
        done = subprocess.run(
            command, cwd=self.folder, input=stdin, capture_output=True, text=True, timeout=600, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def prints(self, program: str, *words: str, stdin: str = "") -> str:
        """Return what a program that succeeds prints."""
        done = self.run(program, *words, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def tells(self, program: str, *words: str, stdin: str = "") -> Any:
        return json.loads(self.prints(program, *words, stdin=stdin))


@pytest.fixture(scope="module", autouse=True)
def _nothing_from_here() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)
        yield


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Environment]:
    """Build one wheel from a copy of the sources, and install it once with each extra."""
    source, base = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("environments")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source / name)
    pip("wheel", "-q", "--no-deps", "-w", str(base), str(source))
    (wheel,) = base.glob("*.whl")
    made = {name: Environment(base / name, tmp_path_factory.mktemp(name)) for name in NAMES}
    for name, environment in made.items():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment.home)], check=True)
        what = str(wheel) if name == "client" else f"{wheel}[{name}]"
        versions = str(ROOT / "constraints.txt")
        pip("--python", environment.python, "install", "-q", "--no-compile", "-c", versions, what)
    return made


def pip(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder, broker = tmp_path_factory.mktemp("laboratory"), Broker()
    try:
        broker.start()
        yield {
            "LTD_HOME": str(folder),
            "LTD_DATABASE_URL": f"sqlite:///{folder / 'ltd.db'}",
            "LTD_BROKER_URL": broker.url,
            "LTD_WORKERS": "1",
            "LTD_DEVICE": "cpu",
            "LTD_TOKEN": "",
        }
    finally:
        broker.remove()


@pytest.fixture(scope="module")
def url(environments: dict[str, Environment], settings: dict[str, str]) -> Iterator[str]:
    """The address of the server, of the environment that has the extra `server` alone."""
    server = environments["server"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        server.prints("python", "-m", "services.migrate")
    log = Path(settings["LTD_HOME"]) / "api.http.log"
    api = Api(settings, log, python=server.python, folder=server.folder)
    try:
        yield api.wait_ready().url
    finally:
        api.end()


@pytest.fixture(scope="module")
def busy(environments: dict[str, Environment], settings: dict[str, str], url: str) -> Iterator[str]:
    """The same address, while a worker of the environment with the extra `worker` trains what is posted there."""
    worker = environments["worker"]
    log = Path(settings["LTD_HOME"]) / "worker.log"
    workers = Workers(settings, log, python=worker.python, folder=worker.folder)
    try:
        workers.wait_ready()
        yield url
    finally:
        workers.end()


@pytest.mark.parametrize("name", NAMES)
def test_an_extra_brings_what_it_needs_and_nothing_of_the_others(
    environments: dict[str, Environment], name: str
) -> None:
    present = PRESENT[name].split()
    asked = [*present, *ABSENT[name].split()]
    assert environments[name].tells("python", "-c", FOUND, *asked) == present


@pytest.mark.parametrize("name", NAMES)
def test_every_module_that_belongs_to_an_extra_can_be_imported(environments: dict[str, Environment], name: str) -> None:
    packages = OURS[name].split()
    imported = environments[name].prints("python", "-W", "error", "-c", IMPORTED, *packages).split()
    assert {module.partition(".")[0] for module in imported} == set(packages)


@pytest.mark.parametrize("name", ["client", "export", "server"])
def test_a_laboratory_that_cannot_start_names_what_to_install(environments: dict[str, Environment], name: str) -> None:
    done = environments[name].run("ltd", "up")
    missing = [library for library in ("flask", "celery", "torch", "llvmlite") if library in ABSENT[name].split()]
    said = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert f"pip install 'ltd-lab[worker]': {', '.join(missing)} not installed here" in said


@pytest.mark.parametrize("use", ["torch.zeros(1)", "llvm.parse_assembly('')"])
def test_computing_on_a_server_names_what_to_install(environments: dict[str, Environment], use: str) -> None:
    caught = f"from ltd_core.lazy import *\ntry: {use}\nexcept ModuleNotFoundError as error: print(error)"
    assert "pip install 'ltd-lab[worker]'" in environments["server"].prints("python", "-c", caught)


def test_a_server_without_torch_answers(url: str) -> None:
    with httpx2.Client(base_url=url, timeout=DEADLINE) as client:
        for path in ("/", "/api/v1/openapi.json", "/api/v1/mechanisms", "/metrics", "/readyz"):
            answer = client.get(path)
            assert answer.status_code == httpx2.codes.OK, answer.text
        posted = client.post("/api/v1/runs", json=RUN | {"seed": 7})
        assert posted.status_code == httpx2.codes.CREATED, posted.text
        assert posted.json()["id"] in [run["id"] for run in client.get("/api/v1/runs").json()["runs"]]


def test_every_command_of_the_client_explains_itself(environments: dict[str, Environment]) -> None:
    *helps, _ = environments["client"].prints("python", "-c", EXPLAINED).split("explained:")
    assert any("Usage: ltd export" in said for said in helps)
    assert all("Usage: ltd" in said for said in helps)
    assert "Usage: ltd" in environments["client"].prints("ltd", "--help")


def test_the_client_watches_a_run_that_the_worker_trains(environments: dict[str, Environment], busy: str) -> None:
    fields = ["problem.kind=temporal_order", "problem.length=20", "batch_size=4", "updates=50", "seed=8"]
    assignments = [word for field in fields for word in ("--set", field)]
    ended = environments["client"].tells("ltd", "run", *assignments, "--watch", "--json", "--server", busy)
    assert (ended["state"], ended["step"]) == ("succeeded", 50)


def test_the_exporter_writes_what_a_sweep_left(environments: dict[str, Environment], busy: str) -> None:
    exporter = environments["export"]
    words = ["sweep", "-", "--watch", "--json", "--server", busy]
    swept = exporter.tells("ltd", *words, stdin=json.dumps(SWEEP))
    exporter.prints("ltd", "export", swept["id"], "--to", "out", "--format", "parquet", "--server", busy)
    files = sorted((exporter.folder / "out").rglob("*.parquet"))
    assert files
    assert all(pyarrow.parquet.read_table(file).num_rows for file in files)
