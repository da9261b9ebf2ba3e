"""An installed distribution brings a probe and experiments: found, validated, computed and described like ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ENTRY_POINTS = """[ltd_lab.probe]
loudest = limes_of_a_test:Loudest
[ltd_lab.experiment]
powers = limes_of_a_test:Powers
trained = limes_of_a_test:Trained
"""
MODULE = '''
from typing import ClassVar, Literal

from pydantic import Field

from ltd_core.experiments.direct import Computed, Direct, Standalone
from ltd_core.experiments.training import Training
from ltd_core.fields import Count
from ltd_core.lazy import torch
from ltd_core.probes import UpdateProbe
from ltd_core.problems.temporal_order import TemporalOrder
from ltd_core.trace import TraceInfo


class Loudest(UpdateProbe):
    """The largest element of the gradient."""

    name: ClassVar[str] = "loudest"
    unit: ClassVar[str] = "gradient"
    description: ClassVar[str] = "Largest absolute element of the gradient."
    cost: ClassVar[str] = "One pass."

    @classmethod
    def measure(cls, update):
        return update.gradient.abs().amax(1)


class Powers(Standalone):
    """Powers of two."""

    summary: ClassVar[str] = "Count by doubling."
    experiment: Literal["powers"] = "powers"
    length: Count = Field(default=3, description="How many.")

    @property
    def steps(self):
        return self.length

    def traces(self):
        return (TraceInfo("power", "number", ("step",), 1, "2^n."),)

    def compute(self):
        return Computed({"power": 2.0 ** torch.arange(self.length, dtype=torch.float64)}, {"final_loss": 1.0})


class Trained(Direct):
    """Needs the engine."""

    summary: ClassVar[str] = "Train, and measure the weights."
    experiment: Literal["trained"] = "trained"
    steps: ClassVar[int] = 1

    def traces(self):
        return (TraceInfo("size", "norm", ("step",), 1, "Norm of the trained weights."),)

    def compute_with(self, engine):
        run = Training(problem=TemporalOrder(length=12), updates=5, batch_size=2, seed=self.seed)
        (row,) = engine.final_weights([run])
        return Computed({"size": row.double().norm().reshape(1)}, {"final_loss": 0.0})
'''
PROGRAM = """
import json, sys
from ltd_core.catalog import describe
from ltd_core.engine import pack_for
from ltd_core.errors import InvalidSpec
from ltd_core.spec import parse_spec

def points(data):
    spec = parse_spec(data)
    pack = pack_for(spec, 1)
    pack.load(0, spec)
    found = {}
    while progress := pack.advance():
        for block in progress[0].blocks:
            found.setdefault(block.name, []).extend(block.values.tolist())
    return found

def problems(data):
    try:
        parse_spec(data)
    except InvalidSpec as error:
        return [problem[:2] for problem in error.problems]

training = {"problem": {"kind": "temporal_order", "length": 12}, "updates": 20, "batch_size": 2}
described = describe()
json.dump({
    "powers": points({"experiment": "powers", "length": 4}),
    "trained": points({"experiment": "trained"}),
    "training": points(training),
    "problems": problems({"experiment": "powers", "length": 0}),
    "described": {f: {e["kind"]: e["summary"] for e in described[f]} for f in ("probe", "experiment")},
}, sys.stdout)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a process says in which the distribution is installed."""
    folder = tmp_path_factory.mktemp("site")
    info = folder / "limes-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: limes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "limes_of_a_test.py").write_text(MODULE)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_an_experiment_is_computed(found: dict[str, Any]) -> None:
    assert found["powers"] == {"power": [1.0, 2.0, 4.0, 8.0]}


def test_an_experiment_may_ask_the_engine(found: dict[str, Any]) -> None:
    ((size,),) = found["trained"].values()
    assert size > 0


def test_an_experiment_is_validated(found: dict[str, Any]) -> None:
    assert found["problems"] == [["length", "must be greater than or equal to 1"]]


def test_a_probe_measures_every_update_of_a_training(found: dict[str, Any]) -> None:
    loudest, norms = found["training"]["loudest"], found["training"]["gradient_norm"]
    assert len(loudest) == 20
    assert all(0 < largest <= norm for largest, norm in zip(loudest, norms, strict=True))


def test_both_are_described_behind_ours(found: dict[str, Any]) -> None:
    probes, experiments = found["described"]["probe"], found["described"]["experiment"]
    assert next(iter(probes)) == "loss"
    assert (list(probes)[-1], probes["loudest"]) == ("loudest", "Largest absolute element of the gradient.")
    assert next(iter(experiments)) == "training"
    assert list(experiments)[-2:] == ["powers", "trained"]
    assert experiments["powers"] == "Count by doubling."
