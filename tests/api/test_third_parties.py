"""An experiment of another distribution has its pictures on run page, sweep and report, by its own file alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENTRY_POINTS = """[ltd_lab.experiment]
powers = figs_of_a_test:Powers
"""
MODULE = '''
from typing import ClassVar, Literal

from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.fields import Count
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Line, Picture
from ltd_core.told import told
from ltd_core.trace import TraceInfo


class Powers(Standalone):
    """Powers of two."""

    summary: ClassVar[str] = "Count by doubling."
    experiment: Literal["powers"] = "powers"
    length: Count = 4

    @property
    def steps(self):
        return self.length

    def traces(self):
        return (TraceInfo("power", "number", ("doubling",), 1, "2^n.", (), {"doubling": range(self.length)}),)

    def pictures(self):
        exact = Line("2^n", tuple(range(self.length)), tuple(2.0**n for n in range(self.length)))
        return (
            Picture(
                "powers",
                "How fast does doubling grow?",
                Axis("doublings"),
                Axis("number", "log"),
                (Curve("power", "doubling", "counted"), exact),
                lambda numbers: f"The last is {told(numbers.point('power', -1))}.",
            ),
        )

    def compute(self):
        return Computed({"power": 2.0 ** torch.arange(self.length, dtype=torch.float64)}, {"growth_rate": 0.5})
'''
PROGRAM = """
import json, sys
from pathlib import Path
from api import create_app
from ltd_core.spec import parse_spec
from services.database.engine import Database
from services.migrate import migrate
from services.settings import Settings
from services.sweeps import posted
from services.sweeps.request import parse_request
from tests.support.trained import train

home = Path(sys.argv[1])
settings = Settings(home=home, database_url=f"sqlite:///{home}/ltd.db")
migrate(settings)
db = Database(settings.database_url)
sweep = posted.post(db, parse_request({"name": "p", "base": {"experiment": "powers"}, "axes": {"length": [3, 6]}}))
short, long = train(db, [parse_spec({"experiment": "powers", "length": n}) for n in (3, 6)])
client = create_app(settings).test_client()
json.dump({
    "pictures": client.get(f"/api/v1/runs/{long}/pictures").json["pictures"],
    "overlay": client.get(f"/api/v1/sweeps/{sweep.sweep_id}/pictures").json["pictures"],
    "report": client.get(f"/sweeps/{sweep.sweep_id}/report").text,
}, sys.stdout)
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what a process answers in which the distribution is installed."""
    folder = tmp_path_factory.mktemp("site")
    info = folder / "figs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: figs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "figs_of_a_test.py").write_text(MODULE)
    return answered(folder, tmp_path_factory.mktemp("home"))


def answered(folder: Path, home: Path) -> dict[str, Any]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(home)], env=environment, check=True, capture_output=True, text=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_its_run_has_the_picture_that_it_declares(found: dict[str, Any]) -> None:
    (picture,) = found["pictures"]
    assert (picture["title"], picture["caption"]) == ("How fast does doubling grow?", "The last is 32.")
    assert [trace["name"] for trace in picture["data"]] == ["counted", "2^n"]
    assert picture["layout"]["xaxis"]["title"]["text"] == "doublings"


def test_its_sweep_and_its_report_have_it_too(found: dict[str, Any]) -> None:
    assert found["overlay"][0]["title"] == "How fast does doubling grow?"
    assert "How fast does doubling grow?" in found["report"]
