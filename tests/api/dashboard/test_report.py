"""The report: a file that opens without a server and asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.api.dashboard.conftest import MILLISECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from tests.api.dashboard.laboratory import Laboratory

pytestmark = pytest.mark.xdist_group("pages")
expect.set_options(timeout=MILLISECONDS)
MOST_BYTES = 8_000_000


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
    expect(page.locator(".panel")).to_have_count(2)
    for i in range(2):
        expect(page.locator(f"#curves-{i} .scatterlayer .trace").first).to_be_attached()
        expect(page.locator(f"#picture-{i} .heatmaplayer image")).to_have_count(1)
    page.locator("#shown").select_option(label="Median of evaluation error")
    expect(page.locator(".legend-title")).to_have_text("Median of evaluation error")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_report_of_a_sweep_that_has_not_begun(
    visit: Callable[[str], Page], address: str, laboratory: Laboratory, context: BrowserContext, tmp_path: Path
) -> None:
    sweep = laboratory.post("not begun </script><script>alert(1)</script>", seeds=[7])
    file = tmp_path / "report.html"
    file.write_bytes(context.request.get(f"{address}/sweeps/{sweep}/report").body())
    page = visit(file.as_uri())
    expect(page.locator("h1")).to_have_text("not begun </script><script>alert(1)</script>")
    expect(page.locator(".findings")).to_contain_text("No run has solved the problem.")
    expect(page.locator("#heatmap button.cell")).to_have_count(4)


def test_no_report_of_what_does_not_exist(context: BrowserContext, address: str) -> None:
    assert context.request.get(f"{address}/sweeps/{'0' * 32}/report").status == 404
