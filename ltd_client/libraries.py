"""The libraries of the extra `export`, each loaded at its first use: `import ltd_client` stays quick and small."""

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
    _PLACES = {
        "csv": "pyarrow.csv",
        "events": "tensorboardX.proto.event_pb2",
        "np": "numpy",
        "pa": "pyarrow",
        "parquet": "pyarrow.parquet",
        "records": "tensorboardX.record_writer",
        "summaries": "tensorboardX.proto.summary_pb2",
    }

    def __getattr__(name: str) -> object:
        """Return a library; raises MissingLibraries."""
        if name not in _PLACES:
            raise AttributeError(name)
        try:
            found = globals()[name] = importlib.import_module(_PLACES[name])
        except ImportError:
            raise MissingLibraries(_PLACES[name].partition(".")[0]) from None
        return found
