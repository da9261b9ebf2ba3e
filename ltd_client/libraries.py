"""The libraries of the extras `export` and `notebook`, imported on first use: the client stays fast and needs none."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ltd_client.errors import MissingLibraries


class MissingPackage(MissingLibraries):
    """A package that only notebooks need is not installed."""

    def __str__(self) -> str:
        """Return what to install."""
        return f"{self.name} is not installed: pip install {self.name}"


if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import xarray as xr
    from plotly import graph_objects
    from pyarrow import csv, parquet
    from tensorboardX import record_writer as records
    from tensorboardX.proto import event_pb2 as events
    from tensorboardX.proto import summary_pb2 as summaries

    __all__ = ["csv", "events", "graph_objects", "np", "pa", "parquet", "pd", "records", "summaries", "xr"]
else:
    _MODULES = {
        "csv": "pyarrow.csv",
        "events": "tensorboardX.proto.event_pb2",
        "graph_objects": "plotly.graph_objects",
        "np": "numpy",
        "pa": "pyarrow",
        "parquet": "pyarrow.parquet",
        "pd": "pandas",
        "records": "tensorboardX.record_writer",
        "summaries": "tensorboardX.proto.summary_pb2",
        "xr": "xarray",
    }
    _NOTEBOOK = {"numpy", "pandas", "plotly", "xarray"}

    def __getattr__(name: str) -> object:
        """Import a library; raises MissingLibraries."""
        if name not in _MODULES:
            raise AttributeError(name)
        try:
            module = globals()[name] = importlib.import_module(_MODULES[name])
        except ImportError:
            package = _MODULES[name].partition(".")[0]
            raise (MissingPackage if package in _NOTEBOOK else MissingLibraries)(package) from None
        return module
