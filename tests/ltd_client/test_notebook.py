"""Runs and sweeps where they are the last value of a notebook's cell."""

from __future__ import annotations

import pytest

from ltd_client import Lab
from ltd_client.notebook import run_html, sweep_html
from tests.ltd_client.house import end_all, spec, sweep
from tests.support.lab import Lab as House

pytestmark = pytest.mark.xdist_group("client")
RUN = {
    "id": "0123456789abcdef",
    "spec": {"experiment": "training", "problem": {"kind": "temporal_order"}, "cell": {"kind": "rnn"}},
    "state": "failed",
    "step": 1500,
    "updates": 2000,
    "outcome": None,
    "origin": "imported",
    "error": "lost <twice>",
    "summary": {"final_loss": 0.123456, "updates_to_success": None, "delta_log_earliest": "-Infinity", "explosions": 3},
}


def test_a_run_is_named_by_what_it_is_and_leads_to_its_page() -> None:
    said = run_html(RUN, "http://host")
    assert '<a href="http://host/runs/0123456789abcdef" target="_blank"><b>temporal order with rnn</b></a>' in said
    for shown in ("01234567", "1,500 of 2,000", "imported", "lost &lt;twice&gt;", "0.1235", "-inf", "explosions"):
        assert shown in said
    assert "updates to success" not in said, "what has no value is left out"
    assert "gradient census" in run_html(RUN | {"spec": {"experiment": "gradient_census"}}, "")


def test_a_sweep_names_its_axes_and_how_its_runs_stand(sdk: Lab, house: House) -> None:
    posted = sdk.sweep(sweep())
    said = posted._repr_html_()
    assert f'href="{sdk.server}/sweeps/{posted["id"]}"' in said
    assert ">8: 8 queued<" in said
    assert "norm threshold" in said
    assert "outcomes" not in said
    end_all(house)
    assert "8 succeeded" in sweep_html(sdk.get_sweep(posted["id"]), sdk.server)


def test_a_run_of_the_laboratory_shows_itself_by_its_page(sdk: Lab) -> None:
    run = sdk.run(spec())
    assert f"{sdk.server}/runs/{run['id']}" in run._repr_html_()
    assert repr(sdk) == f"Lab({sdk.server!r})"
