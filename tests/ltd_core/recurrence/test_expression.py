"""Formulas are looked up by what they say."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

from ltd_core.recurrence.expression import Node, gate, old, sigmoid, tanh
from tests.support.parts import ROOT

ELSEWHERE = """
import pickle, sys
from tests.ltd_core.recurrence.test_expression import formula
sent = pickle.load(sys.stdin.buffer)
assert sent == formula() and {formula(): 1}[sent] == 1, sent
"""


def formula(scale: float = 0.5) -> Node:
    return old("h") + scale * tanh(gate("a") + sigmoid(gate("b")) * old("h"))


def test_equal_formulas_are_one_key_and_others_are_not() -> None:
    assert formula() is not formula()
    assert {formula(): 1}[formula()] == 1
    assert formula(0.25) not in {formula(): 1}
    assert len({formula(), formula(0.25), old("h"), gate("h")}) == 4
    assert "hash" not in repr(formula())


def test_a_formula_from_another_process_is_the_same_key() -> None:
    """Whose texts have other hashes."""
    other = os.environ | {"PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    command = [sys.executable, "-c", ELSEWHERE]
    done = subprocess.run(command, input=pickle.dumps(formula()), capture_output=True, cwd=ROOT, env=other, check=False)
    assert done.returncode == 0, done.stderr.decode()
