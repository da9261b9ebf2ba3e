"""Words in the database and in requests: the states of a run, and the families of mechanisms that lists filter by."""

from __future__ import annotations

from typing import Literal, get_args

Open = Literal["queued", "running"]
Final = Literal["succeeded", "failed", "cancelled"]
State = Literal[Open, Final]

OPEN: tuple[Open, ...] = get_args(Open)
FINAL: tuple[Final, ...] = get_args(Final)
STATES: tuple[State, ...] = get_args(State)
RESTARTABLE: tuple[Final, ...] = ("failed", "cancelled")
"""A run in one of these is queued again when it is submitted again."""

Origin = Literal["trained", "imported", "replay"]
"""Trained here, brought from another laboratory, or trained here again beside the results of another run."""
Replay = Literal["waiting", "equal", "different"]
"""What training a run again showed."""

FAMILIES = ("problem", "cell", "initialization", "regularizer", "clipping", "optimizer")
"""Lists are filtered and searched by the kinds of these; `run_kinds` has a column for each."""
