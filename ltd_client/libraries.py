"""The libraries of the extra `export`, imported on first use: `import ltd_client` stays fast and needs none of them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ltd_client.errors import MissingLibraries

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv, parquet
    from tensorboardX import record_writer as records
    from tensorboardX.proto import event_pb2 as events
    from tensorboardX.proto import summary_pb2 as summaries

    __all__ = ["csv", "events", "np", "pa", "parquet", "records", "summaries"]
else:
    _MODULES = {
        "csv": "pyarrow.csv",
        "events": "tensorboardX.proto.event_pb2",
        "np": "numpy",
        "pa": "pyarrow",
        "parquet": "pyarrow.parquet",
        "records": "tensorboardX.record_writer",
        "summaries": "tensorboardX.proto.summary_pb2",
    }

    def __getattr__(name: str) -> object:
        """Import a library; raises MissingLibraries."""
        if name not in _MODULES:
            raise AttributeError(name)
        try:
            module = globals()[name] = importlib.import_module(_MODULES[name])
        except ImportError:
            raise MissingLibraries(_MODULES[name].partition(".")[0]) from None
        return module
