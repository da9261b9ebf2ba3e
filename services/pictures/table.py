"""The numbers of a figure as CSV, a row a point."""

from __future__ import annotations

import base64
import csv
import io
from typing import Any

import numpy as np


def csv_of(figure: dict[str, Any]) -> str:
    """Return name, x, y, and z of colors, of all that a figure draws; numbers in the shortest text that reads back."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n")
    write.writerow(("name", "x", "y", "z"))
    for trace in figure["data"]:
        x, y = (_values(trace.get(side, ())) for side in ("x", "y"))
        if "z" in trace:
            z = _values(trace["z"])
            write.writerows(("", x[j], y[i], z[i][j]) for i in range(len(y)) for j in range(len(x)))
        else:
            y = y or [""] * len(x)
            write.writerows((trace.get("name", ""), *point, "") for point in zip(x, y, strict=True))
    return text.getvalue()


def _values(packed: Any) -> list[Any]:
    if not isinstance(packed, dict):
        return list(packed)
    values = np.frombuffer(base64.b64decode(packed["bdata"]), dtype=np.dtype(packed["dtype"]))
    shape = packed.get("shape")
    return [*(values if shape is None else values.reshape([int(n) for n in shape.split(",")])).astype(str).tolist()]
