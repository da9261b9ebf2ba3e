"""Runs and sweeps as a notebook shows them: what they are, how far they got, what was found, a link to their page."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def run_html(run: Json, server: str) -> str:
    """Return a run in words, and its metrics."""
    spec, outcome = run["spec"], run["outcome"]
    kinds = [_words(spec[part]["kind"]) for part in ("problem", "cell") if part in spec]
    name = " with ".join(kinds) if spec["experiment"] == "training" else _words(spec["experiment"])
    ended = f": {outcome['message']}" if outcome and outcome["message"] else ""
    facts = {"state": f"{run['state']}{ended}", "step": f"{run['step']:,} of {run['updates']:,}"}
    facts |= {"origin": run["origin"]} | ({"error": run["error"]} if run["error"] else {})
    figures = {_words(name): _number(value) for name, value in run["summary"].items() if value is not None}
    return _shown(f"{server}/runs/{run['id']}", name, run["id"], facts | figures)


def sweep_html(sweep: Json, server: str) -> str:
    """Return a sweep in words: its axes, and how its runs stand."""
    facts = {_words(axis): ", ".join(map(_setting, values)) for axis, values in sweep["axes"].items()}
    facts |= {"seeds": ", ".join(map(str, sweep["seeds"]))} if len(sweep["seeds"]) > 1 else {}
    facts["runs"] = f"{sweep['runs']:,}: {_counted(sweep['states'])}"
    facts |= {"outcomes": _counted(sweep["outcomes"])} if sweep["outcomes"] else {}
    facts["updates"] = f"{sweep['updates_done']:,} of {sweep['updates_total']:,}"
    return _shown(f"{server}/sweeps/{sweep['id']}", sweep["name"] or "sweep", sweep["id"], facts)


def _shown(address: str, name: str, identity: str, facts: Mapping[str, str]) -> str:
    rows = "".join(
        f'<tr><th style="text-align: left">{html.escape(key)}</th>'
        f'<td style="text-align: left">{html.escape(value)}</td></tr>'
        for key, value in facts.items()
    )
    link = f'<a href="{html.escape(address)}" target="_blank"><b>{html.escape(name)}</b></a>'
    return f"<p>{link} <code>{html.escape(identity[:8])}</code></p><table>{rows}</table>"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {_words(name)}" for name, count in counts.items())


def _setting(value: Any) -> str:
    """Return a value of an axis: {"kind": "norm", "threshold": 1} as "norm threshold 1"."""
    if not isinstance(value, dict):
        return _words(value) if isinstance(value, str) else str(value)
    rest = [f"{_words(name)} {_setting(part)}" for name, part in value.items() if name != "kind"]
    return " ".join([_words(str(value.get("kind", ""))), ", ".join(rest)]).strip()


def _number(value: float | str) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{float(value):.4g}"


def _words(name: str) -> str:
    return name.replace("_", " ").replace(".", " ")
