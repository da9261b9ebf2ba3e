"""A figure as a file, drawn by a browser."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from pathlib import Path

    import plotly.graph_objects as go

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def draw(figure: go.Figure, path: Path, width: int = 900, height: int = 480) -> None:
    """Write a PNG; the browser is one on the PATH, else Playwright's own."""
    margin = {"t": 60, "l": 70, "r": 20, "b": 55}
    figure.update_layout(template="plotly_white", width=width, height=height, margin=margin)
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    with sync_playwright() as playwright:
        found = next((there for name in BROWSERS if (there := shutil.which(name))), None)
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": width + 20, "height": height + 20})
        page.set_content(figure.to_html(include_plotlyjs=True))
        page.wait_for_selector(".plotly-graph-div .main-svg")
        page.locator(".plotly-graph-div").screenshot(path=path)
        browser.close()
