"""plotly.js as the installed wheel carries it; the package itself is never imported."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

_WHEEL = distribution("plotly")
VERSION = _WHEEL.version
PLOTLY = Path(str(_WHEEL.locate_file("plotly/package_data/plotly.min.js")))
