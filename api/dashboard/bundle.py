"""The dashboard's modules as one script, for a file that has to open without a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

STATIC = Path(__file__).with_name("static")
REPORT = ("colors", "dom", "format", "tables", "scale", "best", "heatmap", "plot", "report")
"""In the order of their imports; their top-level names are distinct, so that they can share one scope."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|(?:async )?function|class)", re.MULTILINE)


def modules(names: Iterable[str] = REPORT) -> str:
    """Return the source of some modules as one ES module that imports nothing."""
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", read(f"{name}.js"))) for name in names)


def read(name: str) -> str:
    """Return the text of one of the dashboard's own static files."""
    return (STATIC / name).read_text(encoding="utf-8")
