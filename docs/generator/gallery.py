"""The gallery of the first page: every mechanism with its question, formula, a small picture, and what it posts."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from api.dashboard import bundle
from docs.generator.figures import FIGURES, example, made
from docs.generator.mission import ROWS
from ltd_core.spec import parse_spec

FOLDER = bundle.STATIC / "gallery"
PAGE = bundle.STATIC / "gallery.json"
_SIZE = {"width": 360, "height": 210}
_QUALITY = 75
_MILLISECONDS = 60_000
_GRAY = "#8a93a3"
"""Of axes and text: read on light and on dark ground."""
FORMULAS = {
    "M1": "h_t = W h_{t−1},  ‖h_t‖ ~ |λ|^t",
    "M2": "δ_{t−1} = Wᵀ δ_t,  ‖δ‖ ~ |λ|^(T−t)",
    "M3": "h_t = tanh(W h_{t−1} + b)",
    "M4": "Var(w_1 … w_n) = vⁿ",
    "M5": "h_n = tanh(W h_{n−1}),  n = 1, 2, 4, …",
    "M6": "rate = ln(‖δ_0‖ / ‖δ_T‖) / T",
    "M7": "v_t = f(W_1 h_{t−1} + W_d h_{t−d} + U x_t)",
    "M8": "v_t = f(W_d h_{t−d} + U x_t)",
    "M9": "h_t = α h_{t−1} + (1 − α) v_t",
    "M10": "‖∂h_t/∂h_{t−k}‖:  α^k by a leak,  k / d steps by a delay d",
    "M11": "α = σ(a),  a learned,  τ = −1 / ln α",
    "M12": "h_t = α_g h_{t−1} + (1 − α_g) v_t,  an α for each group g",
    "M13": "g_i ← min(max(g_i, −v), v)",
    "M14": "g ← v g / ‖g‖  when ‖g‖ > v",
    "M15": "g ← v u,  u random,  when ‖g‖ > v",
    "M16": "cos(g, clip g),  L(θ − lr clip g)",
    "M17": "bias = E[clip(g_B)] − clip(E[g])",
    "M18": "c_t = f ⊙ c_{t−1} + i ⊙ g,  h_t = o ⊙ tanh(c_t)",
    "M19": "Ω = Σ_t (‖δ_{t+1} ∂h_{t+1}/∂h_t‖² / ‖δ_{t+1}‖² − 1)²",
    "M20": "loss in nats a character, by amount and redundancy of text",
}
_SWEPT = {"M16": "sweeps/m16_rules"}
"""Mechanisms that a single run does not show."""


def shown(number: str, examples: tuple[str, ...]) -> str:
    """Return the example that stands for a mechanism, below docs/examples."""
    return _SWEPT.get(number) or examples[0]


def text() -> str:
    """Return gallery.json."""
    return (
        json.dumps(
            [_entry(row.number, row.title, shown(row.number, row.examples)) for row in ROWS],
            indent=1,
            ensure_ascii=False,
        )
        + "\n"
    )


def _entry(number: str, title: str, name: str) -> dict[str, Any]:
    posted = example(name)
    first = parse_spec(posted["base"] if number in _SWEPT else posted).pictures()[0]
    kind = "sweep" if number in _SWEPT else "run"
    image = f"{Path(name).name}.webp"
    return {
        "number": number,
        "title": title,
        "question": first.title,
        "formula": FORMULAS[number],
        "image": image,
        kind: posted,
    }


def draw_all(browser: Browser, pages: dict[str, str]) -> None:
    """Draw the first picture of every mechanism: of a run by the address of its page, of a sweep as docs/ have it."""
    for row in ROWS:
        name = shown(row.number, row.examples)
        if name in pages:
            figure = _first(browser, pages[name])
        else:
            (figure,) = made(name, None, [one for one in FIGURES if one.source == name])
        draw_small(browser, figure, FOLDER / f"{Path(name).name}.webp")


def _first(browser: Browser, page: str) -> dict[str, Any]:
    context = browser.new_context()
    figures = context.request.get(page.replace("/runs/", "/api/v1/runs/") + "/pictures").json()["pictures"]
    context.close()
    return dict(figures[0])


def draw_small(browser: Browser, figure: dict[str, Any], path: Path) -> None:
    """Write a figure as a small picture on a clear ground, without its legend."""
    page = browser.new_page(viewport=_SIZE, device_scale_factor=1.5)
    page.set_default_timeout(_MILLISECONDS)
    page.set_content(_html(figure))
    page.wait_for_selector("#plot .main-svg")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setDefaultBackgroundColorOverride", {"color": {"r": 0, "g": 0, "b": 0, "a": 0}})
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
    path.write_bytes(base64.b64decode(shot["data"]))
    page.close()


def _html(figure: dict[str, Any]) -> str:
    side = {
        "gridcolor": "rgba(138,147,163,.25)",
        "linecolor": _GRAY,
        "tickcolor": _GRAY,
        "tickfont": {"size": 10, "color": _GRAY},
        "zeroline": False,
        "automargin": True,
    }
    axes = {
        name: figure["layout"][name]
        | side
        | {
            "title": {
                "text": figure["layout"][name]["title"]["text"],
                "font": {"size": 11, "color": _GRAY},
                "standoff": 4,
            }
        }
        for name in ("xaxis", "yaxis")
    }
    clear = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "margin": {"l": 8, "r": 10, "t": 8, "b": 8},
        "shapes": figure["layout"]["shapes"],
        "font": {"color": _GRAY, "size": 10, "family": "sans-serif"},
    }
    bodies = [body | {"showscale": False} if "colorscale" in body else body for body in figure["data"]]
    drawn = json.dumps([bodies, clear | axes, {"staticPlot": True}]).replace("<", "\\u003c")
    return (
        "<style>body { margin: 0; } #plot { width: 360px; height: 210px; }</style><div id=plot></div>"
        f"<script>{bundle.PLOTLY.read_text('utf-8')}</script><script>Plotly.newPlot('plot', ...{drawn});</script>"
    )
