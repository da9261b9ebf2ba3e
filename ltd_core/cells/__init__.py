"""Cells. A new one: a file here, a line below, a mirror test."""

from ltd_core.cells.cell import Cell
from ltd_core.cells.gru import Gru
from ltd_core.cells.lstm import Lstm
from ltd_core.cells.mgu import Mgu
from ltd_core.cells.rnn import Rnn
from ltd_core.registry import Registry

CELLS: Registry[Cell] = Registry(
    "cell",
    Rnn,
    Lstm,
    Gru,
    Mgu,
    default=Rnn,
)

__all__ = ["CELLS", "Cell"]
