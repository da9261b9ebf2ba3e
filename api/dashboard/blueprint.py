"""The dashboard's pages: shells that hold no data; their modules fetch everything over REST."""

from __future__ import annotations

import importlib.util
from importlib.metadata import version
from pathlib import Path

from flask import Blueprint, Response, render_template, send_file, url_for

_PACKAGE = importlib.util.find_spec("plotly")
PLOTLY = Path((_PACKAGE and _PACKAGE.origin) or "plotly/__init__.py").with_name("package_data") / "plotly.min.js"
_VERSION = version("plotly")
_YEAR = 365 * 24 * 3600

blueprint = Blueprint(
    "dashboard", __name__, template_folder="templates", static_folder="static", static_url_path="/dashboard"
)


@blueprint.get("/")
def sweeps() -> str:
    """Return the page of all sweeps."""
    return render_template("dashboard/sweeps.html")


@blueprint.get("/sweeps/<sweep_id>")
def sweep(sweep_id: str) -> str:
    """Return the page of one sweep."""
    return render_template("dashboard/sweep.html", sweep_id=sweep_id, plotly_url=_plotly_url())


@blueprint.get("/runs/<run_id>")
def run(run_id: str) -> str:
    """Return the page of one run."""
    return render_template("dashboard/run.html", run_id=run_id, plotly_url=_plotly_url())


@blueprint.get("/dashboard/plotly.min.js")
def plotly() -> Response:
    """Return plotly.js out of the installed wheel; its address carries its version, so it never changes."""
    return send_file(PLOTLY, mimetype="text/javascript", max_age=_YEAR)


def _plotly_url() -> str:
    return url_for("dashboard.plotly", v=_VERSION)
