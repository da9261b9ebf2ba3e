"""torch and llvmlite stand in for themselves until they are used, whether they are installed or not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.parts import ROOT

WITHOUT_PACKAGES = ["-S", "-E"]
"""A Python that looks for nothing outside its own library and this folder."""


def said(program: str, *options: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, *options, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(("name", "package"), [("torch", "torch"), ("llvm", "llvmlite")])
def test_a_library_that_is_not_installed_fails_at_its_use(name: str, package: str) -> None:
    program = f"""
from ltd_core.lazy import {name}
try:
    {name}.anything
except ModuleNotFoundError as error:
    print(error)
"""
    message = f"{package} is not installed: computing needs pip install 'ltd-lab[worker]'"
    assert said(program, *WITHOUT_PACKAGES) == message


def test_what_python_asks_of_any_object_does_not_fail() -> None:
    """copy, inspect and debuggers look for special attributes, and take AttributeError alone for "has none"."""
    program = """
import copy, inspect
from ltd_core.lazy import torch
print(hasattr(torch, "__wrapped__"), type(copy.copy(torch)) is type(torch), inspect.unwrap(torch) is torch)
"""
    assert said(program, *WITHOUT_PACKAGES) == "False True True"


def test_a_library_that_is_installed_is_loaded_at_its_first_use() -> None:
    program = """
import sys
from ltd_core.lazy import llvm, torch
before = "torch.nn" in sys.modules, "llvmlite.binding.ffi" in sys.modules
print(before, torch.zeros(2).shape[0], bool(llvm.llvm_version_info), "torch.nn" in sys.modules)
"""
    assert said(program) == "(False, False) 2 True True"
