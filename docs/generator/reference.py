"""Reference pages from the code: settings; of each mechanism what it is, its formula, source, and how to post it."""

from __future__ import annotations

import json
from typing import Any

from docs.generator import settings
from ltd_core.catalog import describe

TITLES = {
    "problem": "Problems",
    "cell": "Cells",
    "initialization": "Initializations",
    "regularizer": "Regularizers",
    "clipping": "Clipping rules",
    "optimizer": "Optimizers",
    "schedule": "Schedules of the learning rate",
    "time_scale": "Time scales of leaky units",
    "evaluation": "Evaluation",
    "observation": "Observation",
    "experiment": "Experiments",
    "probe": "Traces",
    "metric": "Metrics",
}
_NOTE = "Made by `make docs` from the registries; the same is served at `/api/v1/mechanisms` and by `ltd mechanisms`."
_SETTINGS_NOTE = "Made by `make docs` from `services/settings.py`, `docker-compose.yml` and the client's options."
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def pages() -> dict[str, str]:
    """Return the text of each page of docs/reference by its name."""
    described = describe()
    found = {f"{family}.md": _page(family, described[family]) for family in TITLES}
    index = [f"- [{title}]({family}.md): {len(described[family])}" for family, title in TITLES.items()]
    index.append("- [Settings](settings.md): every environment variable")
    return found | {
        "README.md": "\n".join(["# Reference", "", _NOTE, "", *index, ""]),
        "settings.md": settings.page(_SETTINGS_NOTE),
    }


def _page(family: str, entries: list[dict[str, Any]]) -> str:
    lines = [f"# {TITLES[family]}", "", _NOTE, ""]
    if "settings" not in entries[0]:
        return "\n".join([*lines, *_table(entries)]) + "\n"
    for entry in entries:
        lines += [f"## {entry['kind']}", "", entry["summary"], ""]
        lines += [f"- {name}: {entry[name]}" for name in ("formula", "source") if entry.get(name)]
        lines += ["", *_settings(entry["settings"])]
        if entry.get("example"):
            posted = entry["example"] if family == "experiment" else {family: entry["example"]}
            lines += ["", "```json", json.dumps(posted, indent=1), "```"]
        lines.append("")
    return "\n".join(lines)


def _table(entries: list[dict[str, Any]]) -> list[str]:
    names = list(entries[0])
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return lines + ["| " + " | ".join(_cell(entry[name]) for name in names) + " |" for entry in entries]


def _settings(schema: dict[str, Any]) -> list[str]:
    named = {name: field for name, field in schema["properties"].items() if name not in {"kind", "experiment"}}
    if not named:
        return ["No settings."]
    lines = ["| setting | values | default | |", "|---|---|---|---|"]
    for name, field in named.items():
        default = json.dumps(field["default"]) if "default" in field else "required"
        if isinstance(field.get("default"), dict):
            default = str(field["default"].get("kind", "see there"))
        lines.append(f"| `{name}` | {_values(field)} | {default} | {_cell(field.get('description', ''))} |")
    return lines


def _values(field: dict[str, Any]) -> str:
    if "enum" in field or "const" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if "anyOf" in field or "oneOf" in field:
        kinds = [_values(part) for part in field.get("anyOf", field.get("oneOf", [])) if "$ref" not in part]
        return " or ".join(dict.fromkeys(kinds)) or "one by `kind`"
    if field.get("type") == "array":
        return f"list of {_values(field.get('items', {}) or (field.get('prefixItems') or [{}])[0])}"
    bounds = " ".join(f"{sign} {field[name]}" for name, sign in _BOUNDS.items() if name in field)
    return " ".join(filter(None, [field.get("type", "one by `kind`"), bounds]))


def _cell(value: object) -> str:
    text = " × ".join(value) if isinstance(value, list) else str(value)
    return text.replace("|", "\\|")
