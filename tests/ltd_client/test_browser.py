"""Images that a real browser draws."""

from __future__ import annotations

import pytest

from api.dashboard.bundle import PLOTLY
from ltd_client.browser import NoBrowser, image

SCRIPT = PLOTLY.read_text(encoding="utf-8")
FIGURE = {"data": [{"type": "scatter", "x": [1, 2], "y": [3, 4]}], "layout": {"title": {"text": "</script> & ‖δ‖"}}}


def test_a_drawing_keeps_the_words() -> None:
    drawn = image(FIGURE, SCRIPT, "svg").decode()
    assert drawn.startswith("<svg")
    assert drawn.endswith("</svg>")
    assert "‖δ‖" in drawn


def test_a_page_that_draws_nothing_is_told() -> None:
    with pytest.raises(NoBrowser, match="did not draw"):
        image(FIGURE, "no script", "png")


def test_a_machine_without_a_browser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoBrowser, match="--html needs none"):
        image(FIGURE, SCRIPT, "png")
