"""Every module has a test of its own at the mirrored path; every entry of a registry has a file named after it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import pytest

import ltd_core

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "ltd_client", "ltd_core", "services", "worker")
_TYPES = "types alone: tests/api/resources holds real answers to them, test_openapi.py the document"
WITHOUT_MIRROR: dict[str, str] = {
    "api.bodies.body": _TYPES,
    "api.bodies.comparison": _TYPES,
    "api.bodies.maintenance": _TYPES,
    "api.bodies.pictures": _TYPES,
    "api.bodies.runs": _TYPES,
    "api.bodies.server": _TYPES,
    "api.bodies.sweeps": _TYPES,
    "api.bodies.traces": _TYPES,
    "api.dashboard.blueprint": "pages: a browser sees them in tests/api/dashboard/test_pages.py",
    "api.http.context": "hands the application's parts to every view; every test of a resource goes through it",
    "services.database.models": "tables: tests/services/test_migrate.py compares them with what the migrations make",
    "services.errors": "an exception a class: tests/contracts/test_errors.py holds every one of them",
}
"""Modules that need no test of their own, by name: the reason."""


def mirrors(package: str) -> dict[str, str]:
    """Return the path of the mirror test of every module that defines a function or a class."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        tree, place = ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT)
        if "migrations" in place.parts:  # tests/services/test_migrations.py
            continue
        if any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in ast.walk(tree)):
            module = ".".join(place.with_suffix("").parts).removesuffix(".__init__")
            found[module] = str(Path("tests") / place.parent / f"test_{place.stem.strip('_')}.py")
    return found


def has_tests(path: Path) -> bool:
    return path.is_file() and "def test_" in path.read_text(encoding="utf-8")


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


@pytest.mark.parametrize("package", PACKAGES)
def test_a_module_that_does_something_has_its_mirror_test(package: str) -> None:
    wanted = {module: mirror for module, mirror in mirrors(package).items() if module not in WITHOUT_MIRROR}
    assert [f"{module} needs {mirror}" for module, mirror in wanted.items() if not has_tests(ROOT / mirror)] == []


def test_a_module_without_a_mirror_has_a_reason_and_needs_it() -> None:
    known = {module: mirror for package in PACKAGES for module, mirror in mirrors(package).items()}
    assert [module for module in WITHOUT_MIRROR if module not in known or has_tests(ROOT / known[module])] == []
    assert all(WITHOUT_MIRROR.values())
