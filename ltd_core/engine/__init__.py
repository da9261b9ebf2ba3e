"""The engine: many runs of one shape as one tensor program."""

from ltd_core.engine.calibration import Calibration
from ltd_core.engine.computation import Computation, pack_for
from ltd_core.engine.pack import Pack
from ltd_core.engine.state import weights

__all__ = ["Calibration", "Computation", "Pack", "pack_for", "weights"]
