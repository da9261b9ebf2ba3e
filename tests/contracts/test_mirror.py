"""Every entry of every registry has a file named after it, and a test of its own at the mirrored path."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import pytest

import ltd_core

ROOT = Path(__file__).parents[2]


def registries() -> dict[str, Mapping[str, type]]:
    """Return every table of classes that a package of the core keeps, by package."""
    found = {}
    for info in pkgutil.iter_modules(ltd_core.__path__):
        values = vars(importlib.import_module(f"ltd_core.{info.name}")).values() if info.ispkg else ()
        tables = [v for v in values if isinstance(v, Mapping) and v and all(isinstance(e, type) for e in v.values())]
        for table in tables:
            found[info.name] = table
    return found


ENTRIES = [
    pytest.param(family, kind, entry.__module__, id=f"{family}-{kind}")
    for family, table in registries().items()
    for kind, entry in table.items()
    if entry.__module__.startswith("ltd_core.")
]


def test_the_registries_were_found() -> None:
    families = {
        "cells",
        "clipping",
        "experiments",
        "initializations",
        "optimizers",
        "probes",
        "problems",
        "regularizers",
        "schedules",
        "time_scales",
    }
    assert set(registries()) >= families


@pytest.mark.parametrize(("family", "kind", "module"), ENTRIES)
def test_an_entry_is_a_file_named_after_it(family: str, kind: str, module: str) -> None:
    assert module == f"ltd_core.{family}.{kind}"


@pytest.mark.parametrize(("family", "kind", "module"), ENTRIES)
def test_an_entry_has_its_mirror_test(family: str, kind: str, module: str) -> None:
    mirror = ROOT / "tests" / "ltd_core" / family / f"test_{module.rpartition('.')[2]}.py"
    assert mirror.is_file(), f"{kind} needs {mirror.relative_to(ROOT)}"
    assert "def test_" in mirror.read_text(encoding="utf-8")
