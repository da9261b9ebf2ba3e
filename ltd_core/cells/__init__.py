"""Cells. A new one: a file here, a line below, a mirror test."""

from ltd_core.cells.cell import Cell, CellProgram, Extent
from ltd_core.cells.rnn import Rnn
from ltd_core.registry import Registry

CELLS: Registry[Cell] = Registry(
    "cell",
    Rnn,
    default=Rnn,
)

__all__ = ["CELLS", "Cell", "CellProgram", "Extent"]
