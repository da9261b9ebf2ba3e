"""The dashboard's pages: shells that hold no data, whose modules fetch everything over REST; and the report."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, render_template, request, send_file, url_for

from api.dashboard import bundle
from api.dashboard import report as reports
from api.http.context import here
from api.http.csp import REPORT_POLICY

_YEAR = 365 * 24 * 3600

blueprint = Blueprint(
    "dashboard", __name__, template_folder="templates", static_folder="static", static_url_path="/dashboard"
)


@blueprint.get("/")
def home() -> str:
    """Return the first page."""
    return render_template("dashboard/home.html", **_loaded("home"))


@blueprint.get("/sweeps/<sweep_id>")
def sweep(sweep_id: str) -> str:
    """Return the page of one sweep."""
    return render_template("dashboard/sweep.html", sweep_id=sweep_id, **_loaded("sweep"))


@blueprint.get("/sweeps/<sweep_id>/report")
def report(sweep_id: str) -> Response:
    """Return a sweep as one HTML file to keep; the query may name the fields of its heat maps, as a comparison's."""
    sides = {name: request.args[name] for name in ("rows", "columns", "panels") if name in request.args}
    html = reports.build(here().db, sweep_id, request.host_url.rstrip("/"), sides)
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="sweep-{sweep_id[:8]}.html"'
    response.headers["Content-Security-Policy"] = f"{REPORT_POLICY}; sandbox allow-scripts"
    return response


@blueprint.get("/runs")
def runs() -> str:
    """Return the page of all runs."""
    return render_template("dashboard/runs.html", **_loaded("runs"))


@blueprint.get("/new")
def new() -> str:
    """Return the page of a new experiment; the query may name a run or sweep to begin with."""
    return render_template("dashboard/new.html", **_loaded("new"))


@blueprint.get("/compare")
def compare() -> str:
    """Return the page of any runs side by side; the query names them."""
    return render_template("dashboard/compare.html", **_loaded("compare"))


@blueprint.get("/runs/<run_id>")
def run(run_id: str) -> str:
    """Return the page of one run."""
    return render_template("dashboard/run.html", run_id=run_id, **_loaded("run"))


@blueprint.get("/dashboard/plotly.min.js")
def plotly() -> Response:
    """Return plotly.js; its address carries its version, so what it names never changes."""
    return send_file(bundle.PLOTLY, mimetype="text/javascript", max_age=_YEAR)


@blueprint.get("/dashboard/<page>.bundle.js")
def script(page: str) -> Response:
    """Return all modules of a page as one script; its address carries its digest, so what it names never changes."""
    if page not in bundle.PAGES:
        abort(404)
    response = Response(bundle.script(page), content_type="text/javascript; charset=utf-8")
    response.cache_control.max_age = _YEAR
    return response


@blueprint.after_request
def read_whole(response: Response) -> Response:
    """Read files into memory and close them: compression, or an answer without a body, would leave them open."""
    response.direct_passthrough = False
    data = response.get_data()
    response.close()
    response.set_data(data)  # one piece: the server looks at its connection at each
    return response


def _loaded(page: str) -> dict[str, str]:
    """Return the addresses of what a page loads, which change with what they name, and the icon itself."""
    digest = hashlib.blake2b((bundle.script(page) + bundle.read("dashboard.css")).encode(), digest_size=8).hexdigest()
    return {
        "plotly_url": url_for("dashboard.plotly", v=bundle.VERSION),
        "script_url": url_for("dashboard.script", page=page, v=digest),
        "icon": bundle.read("icon.svg"),
        "style_url": url_for("dashboard.static", filename="dashboard.css", v=digest),
    }
