"""plotly.js, its part for two axes (the package plotly.js-cartesian-dist-min, MIT license), as it was published."""

from __future__ import annotations

from pathlib import Path

VERSION = "4.1.1"
PLOTLY = Path(__file__).with_name("static") / "vendor" / "plotly.min.js"
