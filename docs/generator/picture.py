"""A figure as a file, drawn by a browser with the dashboard's own modules: its question, its answer, the picture."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from api.dashboard import bundle

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SIZE = {"width": 900, "height": 560}
_MILLISECONDS = 180_000
_SHARPNESS = (1.25, 1.0)
MOST_BYTES = 120_000
_STYLE = """
body { margin: 0; background: #fff; } main { padding: 18px 22px 8px; max-width: none; }
h1 { font-size: 19px; margin: 0; }
p { margin: 4px 0 6px; color: #5b6474; font-size: 13.5px; } #plot { height: 440px; }
"""


def draw(browser: Browser, figure: dict[str, Any], path: Path) -> None:
    """Write a PNG, as sharp as MOST_BYTES allow."""
    for sharpness in _SHARPNESS:
        page = browser.new_page(viewport=_SIZE, color_scheme="light", device_scale_factor=sharpness)
        page.set_default_timeout(_MILLISECONDS)
        page.set_content(_html(figure))
        page.wait_for_selector("#plot .main-svg")
        page.locator("main").screenshot(path=path)
        page.close()
        if path.stat().st_size < MOST_BYTES:
            return


@contextmanager
def started_browser() -> Iterator[Browser]:
    """Start a browser: one on the PATH, else Playwright's own."""
    with sync_playwright() as playwright:
        found = next((there for name in BROWSERS if (there := shutil.which(name))), None)
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


def _html(figure: dict[str, Any]) -> str:
    data = json.dumps(figure).replace("<", "\\u003c")
    script = f'{bundle.script("plot")}\nshow(document.getElementById("plot"), {data}, "");'
    return (
        f"<style>{bundle.read('dashboard.css')}{_STYLE}</style>"
        f"<main><h1>{escape(figure['title'])}</h1><p>{escape(figure['caption'])}</p><div id=plot></div></main>"
        f"<script>{bundle.PLOTLY.read_text('utf-8')}</script><script type=module>{script}</script>"
    )
