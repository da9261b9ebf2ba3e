"""The report: a file that opens without a server and asks nobody for anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.api.dashboard.conftest import MILLISECONDS
from tests.api.dashboard.laboratory import Laboratory

pytestmark = pytest.mark.xdist_group("pages")
expect.set_options(timeout=MILLISECONDS)
MOST_BYTES = 2_000_000


def test_the_report_opens_from_disk_without_a_request(
    visit: Callable[[str], Page], context: BrowserContext, address: str, laboratory: Laboratory, tmp_path: Path
) -> None:
    page = visit(f"{address}/sweeps/{laboratory.sweep}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download report").click()
    file = tmp_path / "report.html"
    download.value.save_as(file)
    page.close()
    assert file.stat().st_size < MOST_BYTES

    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = visit(file.as_uri())
    expect(page.locator("#heatmap button.cell")).to_have_count(4)
    expect(page.locator(".findings")).to_contain_text("by clipping: none: ")
    expect(page.locator(".panel .heatmaplayer image")).to_have_count(2)
    expect(page.locator("#picture-0 .scatterlayer .trace").first).to_be_attached()
    expect(page.locator("#picture-3 .scatterlayer .trace").first).to_be_attached()
    page.locator("#shown").select_option(label="Median of evaluation error")
    expect(page.locator(".legend-title")).to_have_text("Median of evaluation error")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_pictures_of_a_report_are_those_of_rest(
    context: BrowserContext, address: str, laboratory: Laboratory
) -> None:
    html = context.request.get(f"{address}/sweeps/{laboratory.sweep}/report").text()
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    *overlays, first, second = json.loads(text)["pictures"]
    api = f"{address}/api/v1"
    compared = context.request.get(f"{api}/sweeps/{laboratory.sweep}/comparison").json()
    column = (compared["best"] or {"column": len(compared["columns"]["values"]) // 2})["column"]
    asked = f"{api}/sweeps/{laboratory.sweep}/pictures?cells=0,{column};1,{column}"
    assert overlays == [context.request.get(f"{asked}&picture={one['name']}").json()["pictures"][0] for one in overlays]
    assert [one["name"] for one in (first, second)] == ["delta_log_norm"] * 2
    for row, picture in enumerate((first, second)):
        runs = compared["cells"][row][column]["runs"]
        answers = [
            context.request.get(f"{api}/runs/{run}/pictures?names=delta_log_norm&max_points=300") for run in runs
        ]
        assert picture in [answer.json()["pictures"][0] for answer in answers]


def test_the_report_of_a_sweep_that_has_not_begun(
    visit: Callable[[str], Page], address: str, laboratory: Laboratory, context: BrowserContext, tmp_path: Path
) -> None:
    sweep = laboratory.post("not begun </script><script>alert(1)</script>", seeds=[7])
    file = tmp_path / "report.html"
    file.write_bytes(context.request.get(f"{address}/sweeps/{sweep}/report").body())
    page = visit(file.as_uri())
    expect(page.locator("h1")).to_have_text("not begun </script><script>alert(1)</script>")
    expect(page.locator(".findings")).to_contain_text("No run has a result: 4 queued.")
    expect(page.locator("#heatmap button.cell")).to_have_count(4)


def test_a_report_names_the_laboratory_that_it_is_from(
    context: BrowserContext, address: str, laboratory: Laboratory
) -> None:
    html = context.request.get(f"{address}/sweeps/{laboratory.sweep}/report").text()
    assert f"<code>LTD_SERVER={address}\ncurl $LTD_SERVER/api/v1/sweeps -H" in html


def test_no_report_of_what_does_not_exist(context: BrowserContext, address: str) -> None:
    assert context.request.get(f"{address}/sweeps/{'0' * 32}/report").status == 404
