"""Every entry of every registry has a test of its own, at the mirrored path."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import ltd_core
from ltd_core.registry import Registry

ROOT = Path(__file__).parents[2]


def registries() -> dict[str, Registry]:
    names = [info.name for info in pkgutil.iter_modules(ltd_core.__path__, "ltd_core.") if info.ispkg]
    values = [value for name in names for value in vars(importlib.import_module(name)).values()]
    return {value.family: value for value in values if isinstance(value, Registry)}


def test_the_registries_were_found() -> None:
    assert set(registries()) >= {"problem", "cell", "initialization", "clipping", "regularizer", "optimizer"}


def test_every_entry_has_its_mirror_test() -> None:
    modules = {entry.__module__ for registry in registries().values() for entry in registry.values()}
    missing = []
    for module in sorted(name for name in modules if name.startswith("ltd_core.")):
        *folders, name = module.split(".")
        mirror = ROOT.joinpath("tests", *folders, f"test_{name}.py")
        if not mirror.is_file() or "def test_" not in mirror.read_text(encoding="utf-8"):
            missing.append(str(mirror.relative_to(ROOT)))
    assert missing == []


def test_every_entry_is_one_file_named_after_its_kind() -> None:
    misnamed = [
        f"{entry.__module__} holds {kind}"
        for registry in registries().values()
        for kind, entry in registry.items()
        if entry.__module__.startswith("ltd_core.") and entry.__module__.rpartition(".")[2] != kind
    ]
    assert misnamed == []
