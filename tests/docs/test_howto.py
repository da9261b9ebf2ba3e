"""The code of the how-to pages, run as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.sweeps.request import expand, parse_request
from tests.support.fixtures import broker
from tests.support.lab import Lab
from tests.support.parts import Broker

__all__ = ["broker"]

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs" / "howto"
PROGRAM = """
import json, sys
from ltd_core.catalog import describe
from ltd_core.engine import pack_for
from ltd_core.spec import parse_spec

ends = []
for data in json.load(sys.stdin):
    pack = pack_for(parse_spec(data), 1)
    pack.load(0, parse_spec(data))
    while progress := pack.advance():
        ended = progress[0]
    ends.append({"step": ended.step, "summary": ended.summary, "traces": [block.name for block in ended.blocks]})
json.dump({"kinds": [entry["kind"] for entries in describe().values() for entry in entries], "ends": ends}, sys.stdout)
"""


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of a language."""
    text = (HOWTO / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a process computes in which the package of the page is installed."""
    folder, site = tmp_path_factory.mktemp("mine"), tmp_path_factory.mktemp("site")
    (folder / "pyproject.toml").write_text(*blocks("mechanism", "toml"), encoding="utf-8")
    (folder / "mine.py").write_text(*blocks("mechanism", "python"), encoding="utf-8")
    install = ["install", "-q", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(site), str(folder)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    training = {"problem": {"kind": "temporal_order", "length": 20}, "updates": 20}
    asked = [
        training | {"cell": {"kind": "update_gate"}, "clipping": {"kind": "soft_norm"}},
        {"experiment": "logistic_map"},
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(site)},
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_the_package_of_the_page_is_described(ended: dict[str, Any]) -> None:
    assert {"update_gate", "soft_norm", "largest_element", "logistic_map"} <= set(ended["kinds"])


def test_its_cell_rule_and_probe_train(ended: dict[str, Any]) -> None:
    trained = ended["ends"][0]
    assert trained["step"] == 20
    assert "largest_element" in trained["traces"]
    assert 0 < trained["summary"]["clipped_share"] < 1


def test_its_experiment_gives_what_the_page_quotes(ended: dict[str, Any]) -> None:
    assert f"growth rate  {ended['ends'][1]['summary']['growth_rate']:.4g}\n" in "".join(blocks("mechanism", "text"))


def test_the_sweep_over_thresholds_is_one() -> None:
    (request,) = blocks("threshold", "json")
    assert len(expand(parse_request(json.loads(request)))) == 90


@pytest.fixture
def lab(tmp_path: Path, broker: Broker) -> Iterator[Lab]:
    made = Lab(tmp_path, f"sqlite:///{tmp_path / 'ltd.db'}", broker)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.mark.xdist_group("workers")
def test_the_notebook_runs_from_top_to_bottom(lab: Lab) -> None:
    names: dict[str, Any] = {}
    address = lab.serve().url
    for block in blocks("notebook", "python"):
        exec(block.replace("http://127.0.0.1:8421", address), names)
    assert names["delta"].shape == (500, 30)
    assert list(names["table"].index) == ["none", "norm threshold 0.1"]
    assert names["table"].notna().all(axis=None)
    assert names["figure"].plotly().data
    assert list(names["median"].index) == list(range(30))
    assert len(names["runs"]) == 12
    said = (HOWTO / "notebook.md").read_text(encoding="utf-8")
    assert all(f"{picture.name} - {picture.title}\n" in said for picture in names["run"].pictures())
