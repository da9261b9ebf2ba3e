"""Writes docs/benchmarks.md and its figure from the saved results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from benchmarks.biases import WIDTH, biases
from docs.generator.picture import draw, started_browser
from services.pictures.palette import THEORY, hue

ROOT = Path(__file__).parents[1]
PAGE, PICTURE = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "images" / "benchmarks.png"
FLOORS = ROOT / "benchmarks" / "floors.md"
_PREFACE = (
    "A ratio above 1 means that the laboratory is ahead; each is the median of the ratios of interleaved pairs, so a "
    "slow moment of the machine meets both sides. Made by `make bench`; one alone by `make bench ONLY=<name>`."
)
Row = dict[str, Any]


def write(rows: Sequence[Row]) -> None:
    """Write the page and draw the picture."""
    PAGE.write_text(page(rows), encoding="utf-8")
    with started_browser() as browser:
        draw(browser, figure(rows), PICTURE)


def page(rows: Sequence[Row]) -> str:
    """Return the text of the page."""
    named = [row for row in rows if not row["name"].startswith(("grid_", "lanes_"))]
    machines = sorted({row["machine"] for row in rows})
    text = [
        "# Benchmarks",
        "",
        *wrap(f"Measured on {' and '.join(machines)}. {_PREFACE}", WIDTH),
        "",
        "![Ratios by cell, width and length](images/benchmarks.png)",
        "",
        "## Against others, and against itself",
        "",
        "Where there is no peer, the other side is the most that the figure may be.",
        "",
        "| benchmark | ours | peer | ratio | spread |",
        "|---|---|---|---|---|",
        *(_line(row) for row in named),
        "",
        "What each measures, and whom that favors; a letter stands for what is the same in several:",
        "",
        *biases(named),
        "",
        FLOORS.read_text(encoding="utf-8"),
        "## One process against torch, by cell, width and length",
        "",
        _grid_note(rows),
        "",
        *_grid(rows),
        "",
        "## By the number of lanes",
        "",
        "Seconds of one update of one lane of the anchor run in a full pack, against a pack of one.",
        "",
        "| lanes | in a pack | alone | ratio |",
        "|---|---|---|---|",
        *(
            f"| {row['name'].removeprefix('lanes_')} | {_number(row['ours'])} s | {_number(row['peer'])} s"
            f" | {row['ratio']:.2f} |"
            for row in sorted(
                (row for row in rows if row["name"].startswith("lanes_")),
                key=lambda row: int(row["name"].removeprefix("lanes_")),
            )
        ),
    ]
    return "\n".join(text) + "\n"


def _line(row: Row) -> str:
    unit = row["unit"]
    return (
        f"| `{row['name']}` | {_number(row['ours'])} {unit} | {_number(row['peer'])} {unit} | **{row['ratio']:.2f}** |"
        f" {row['spread']} |"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"  # noqa: PLR2004 - digits are easier to read than 1e+06


def _cells(rows: Sequence[Row]) -> dict[tuple[str, int, int], float]:
    """Return ratios by cell, width and length."""
    ratios = {}
    for row in rows:
        if row["name"].startswith("grid_"):
            _, cell, width, length = row["name"].split("_")
            ratios[cell, int(width[1:]), int(length[1:])] = row["ratio"]
    return ratios


def _grid_note(rows: Sequence[Row]) -> str:
    return next((row["bias"] for row in rows if row["name"].startswith("grid_")), "")


def _grid(rows: Sequence[Row]) -> list[str]:
    cells = _cells(rows)
    lengths = sorted({length for _, _, length in cells})
    lines = [
        "| cell | H | " + " | ".join(f"T = {length}" for length in lengths) + " |",
        "|---|---|" + "---|" * len(lengths),
    ]
    for cell, width in dict.fromkeys((cell, width) for cell, width, _ in cells):
        ratios = " | ".join(f"{cells.get((cell, width, length), float('nan')):.2f}" for length in lengths)
        lines.append(f"| {cell} | {width} | {ratios} |")
    return lines


def figure(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the ratios by width, a line a cell and length."""
    cells = _cells(rows)
    data = []
    for color, cell in enumerate(dict.fromkeys(cell for cell, _, _ in cells)):
        for length, dash in ((50, "dot"), (100, "solid"), (400, "dash")):
            points = sorted((w, ratio) for (c, w, t), ratio in cells.items() if (c, t) == (cell, length))
            line = {"color": hue(color), "dash": dash, "width": 2}
            x, y = ([point[side] for point in points] for side in (0, 1))
            named = {"name": f"{cell}, T = {length}", "mode": "lines+markers", "line": line, "marker": {"size": 6}}
            data.append({"type": "scatter", "x": x, "y": y, **named})
    one = {"type": "line", "y0": 1, "y1": 1, "xref": "paper", "x0": 0, "x1": 1, "line": {"color": THEORY, "width": 1}}
    title = "times as fast as torch.nn"
    layout = {
        "xaxis": {"title": {"text": "hidden units"}, "type": "log", "tickvals": [32, 50, 128, 512]},
        "yaxis": {"title": {"text": title}, "type": "log", "dtick": "D2"},
        "shapes": [one],
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    }
    caption = "One process trains one run, with every trace. Above 1 the laboratory is ahead."
    return {"title": "How fast is one process?", "caption": caption, "data": data, "layout": layout}


if __name__ == "__main__":
    write(json.loads((Path(__file__).parent / "results" / "latest.json").read_text(encoding="utf-8")))
