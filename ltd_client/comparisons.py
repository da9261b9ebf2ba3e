"""Prints comparisons of the runs of a sweep: as tables, and as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from ltd_client.console import Console
from ltd_client.show import number

Json = dict[str, Any]
_FIGURES = ("value", "low", "high", "n")


def show(console: Console, body: Json) -> None:
    """Show a comparison as a table; the best cell, as the server found it, is green."""
    metric = body["metric"]
    table = Table(
        box=box.SIMPLE_HEAD, title=f"{metric['name']} ({metric['unit']}), {body['aggregate']}", title_justify="left"
    )
    table.add_column(body["rows"]["field"].replace("_", " "), style="bold")
    for column in body["columns"]["values"]:
        table.add_column(f"{body['columns']['field'].replace('_', ' ')} {escape(column['label'])}", justify="right")
    best = body["best"] and (body["best"]["row"], body["best"]["column"])
    for i, (row, line) in enumerate(zip(body["rows"]["values"], body["cells"], strict=True)):
        table.add_row(escape(row["label"]), *(_cell(cell, best=best == (i, j)) for j, cell in enumerate(line)))
    console.say(table)
    for sentence in _best(body):
        console.say(escape(sentence))
    console.say(f"[dim]{escape(metric['description'])} In brackets: 95 % interval over runs.[/]")


def show_pairs(console: Console, body: Json) -> None:
    """Show paired differences as a table."""
    metric = body["metric"]
    title = f"{metric['name']} ({metric['unit']}): second less first, on the same seeds"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    for name in ("first", "second", "pairs", "median difference", "95 %", "p", "from"):
        table.add_column(name, justify="left" if name in {"first", "second"} else "right")
    for pair in body["pairs"]:
        ends = "-" if pair["low"] is None else f"{number(pair['low'])} to {number(pair['high'])}"
        labels = escape(pair["first"]["label"]), escape(pair["second"]["label"])
        units = f"{pair['units']} {'cells' if body['field'] == 'seed' else 'seeds'}"
        table.add_row(*labels, str(pair["n"]), number(pair["median"]), ends, number(pair["p"]), units)
    console.say(table)
    console.say(f"[dim]Interval: bootstrap of the median. p: two-sided permutation test of {body['permuted']}.[/]")


def csv_of(body: Json) -> str:
    """Return a comparison as CSV, one line per cell."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([body["rows"]["field"], body["columns"]["field"], body["metric"]["name"], *_FIGURES[1:], "missing"])
    for row, line in zip(body["rows"]["values"], body["cells"], strict=True):
        for column, cell in zip(body["columns"]["values"], line, strict=True):
            missing = " ".join(f"{reason}:{count}" for reason, count in cell["missing"].items())
            writer.writerow([_text(row["value"]), _text(column["value"]), *(cell[name] for name in _FIGURES), missing])
    return out.getvalue()


def _text(value: Any) -> str:
    """Return a value of an axis in full: a word as it is, the rest as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


def _best(body: Json) -> list[str]:
    """Return which cell is best, how many could be as good, and what is lacking."""
    best, sides, sentences = body["best"], (body["rows"], body["columns"]), []
    if best:
        at = zip(sides, (best["row"], best["column"]), strict=True)
        place = ", ".join(f"{side['field'].replace('_', ' ')} {side['values'][number]['label']}" for side, number in at)
        rivals = f"; {best['rivals']} of {best['others']} others could be as good" if best["rivals"] else ""
        sentences.append(f"{'Best' if best['complete'] else 'Ahead, but lacking runs'}: {place}{rivals}.")
        if best["left_out"]:
            sentences.append(f"Cells that lack more of their runs and cannot be best: {best['left_out']}.")
    if body["lacking"]:
        sentences.append(f"Runs lacking: {', '.join(f'{k} {reason}' for reason, k in body['lacking'].items())}.")
    return sentences


def _cell(cell: Json, *, best: bool) -> str:
    if cell["value"] is None:
        return "[dim]" + (", ".join(f"{count} {reason}" for reason, count in cell["missing"].items()) or "-")
    text = f"[bold green]{number(cell['value'])}[/]" if best else number(cell["value"])
    spread = "" if cell["low"] == cell["high"] else f" [dim]({cell['low']:.3g} to {cell['high']:.3g})[/]"
    part = f" [yellow]{cell['n']} of {len(cell['runs'])}[/]" if cell["missing"] else ""
    return text + spread + part
