"""Every page in both themes under axe-core 4.14.1 (vendor/axe.min.js, MPL-2.0, as published): WCAG 2.1, A and AA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from services.lists.page import list_runs
from services.lists.question import ListQuestion
from tests.api.dashboard.conftest import MILLISECONDS
from tests.api.dashboard.laboratory import Laboratory

pytestmark = pytest.mark.xdist_group("pages")
expect.set_options(timeout=MILLISECONDS)
AXE = (Path(__file__).with_name("vendor") / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
DRAWN = {
    "home": "#sweeps .sweep, #runs tbody tr",
    "sweep": "#curves .main-svg, #delta .main-svg, #lines .main-svg",
    "run": "[data-picture=learning] .main-svg, [data-picture=delta_log_norm] .heatmaplayer image",
    "runs": "#scroller tbody tr",
    "compare": "#overlays .main-svg, #deltas .main-svg",
    "compare nothing": "#none",
    "new": "#form select, #curl",
    "report": "#heatmap button.cell, #picture-0 .main-svg, #lines .main-svg",
}
"""What is seen once a page is whole."""


def violations(page: Page) -> list[str]:
    """Return the rules that a page breaks, each with the elements that do."""
    page.evaluate(f"() => {{ {AXE} }}")
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)
    assert found["passes"], "the rules were looked at"
    return [
        f"{one['id']}: {node['target'][0]}: {node['html'][:150]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def opened(context: BrowserContext, name: str, address: str, laboratory: Laboratory, folder: Path) -> Page:
    runs = list_runs(laboratory.db, ListQuestion()).runs
    sweep = f"{address}/sweeps/{laboratory.sweep}"
    two = ",".join(run.id for run in runs[:2])
    where = {"home": address, "sweep": sweep, "run": f"{address}/runs/{runs[0].id}", "runs": f"{address}/runs"}
    where |= {"compare": f"{address}/compare?runs={two}", "compare nothing": f"{address}/compare"}
    where |= {"new": f"{address}/new"}
    if name == "report":
        file = folder / "report.html"
        file.write_bytes(context.request.get(f"{sweep}/report").body())
        where["report"] = file.as_uri()
    page = context.new_page()
    page.goto(where[name])
    for part in DRAWN[name].split(", "):
        expect(page.locator(part).first).to_be_visible()
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", DRAWN)
def test_a_page_breaks_no_rule_of_accessibility(  # noqa: PLR0917
    browser: Browser, name: str, theme: Any, address: str, laboratory: Laboratory, tmp_path: Path
) -> None:
    context = browser.new_context(color_scheme=theme, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(MILLISECONDS)
    try:
        assert violations(opened(context, name, address, laboratory, tmp_path)) == []
    finally:
        context.close()
