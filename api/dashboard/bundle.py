"""The scripts of the dashboard: plotly.js, and the modules of a page as one, which also opens without a server."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).with_name("static")
PLOTLY, VERSION = STATIC / "vendor" / "plotly.min.js", "4.1.1"
"""Its part for two axes (the package plotly.js-cartesian-dist-min, MIT license), as it was published."""
PAGES = ("home", "sweep", "runs", "run", "compare", "new")

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|(?:async )?function|class)", re.MULTILINE)


@cache
def script(name: str) -> str:
    """Return a module and all that it imports as one ES module that imports nothing.

    They share one scope, so their top-level names must differ.
    """
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", read(f"{module}.js"))) for module in _ordered(name))


def _ordered(name: str, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the modules that one needs, each after those that it imports."""
    for imported in _IMPORT.findall(read(f"{name}.js")):
        if imported not in before:
            before = _ordered(imported, before)
    return (*before, name)


def read(name: str) -> str:
    """Return the text of one of the dashboard's own static files."""
    return (STATIC / name).read_text(encoding="utf-8")
