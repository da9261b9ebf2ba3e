"""The import rules of docs/architecture.md, read from the source and seen in running processes."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "ltd_client", "ltd_core", "services", "worker")
SPECIFICATION = {
    f"ltd_core.{name}"
    for name in (
        "spec",
        "trace",
        "outcome",
        "errors",
        "faults",
        "metrics",
        "catalog",
        "picture",
        "plain_picture",
        "told",
    )
}
ALLOWED_OF_OURS = {
    "api": {"services", *SPECIFICATION},
    "ltd_client": set(),
    "ltd_core": set(),
    "services": {"ltd_core.fields", *SPECIFICATION},
    "worker": {"services", "ltd_core"},
}
EXTRAS = {
    "api": ["server"],
    "ltd_client": ["export", "notebook"],
    "ltd_core": ["server", "worker"],
    "services": ["server"],
    "worker": ["server", "worker"],
}
NEVER = {"services": {"flask", "torch"}, "api": {"torch"}, "ltd_core": {"flask", "sqlalchemy", "celery"}}
TORCH_DOOR = "ltd_core.lazy"
PARTS_OF = {  # libraries that are one with another, which is declared
    "billiard": "celery",
    "click": "typer",
    "jinja2": "flask",
    "kombu": "celery",
    "pydantic_core": "pydantic",
    "werkzeug": "flask",
}


class Import(NamedTuple):
    """One imported module, and whether it is for the type checker alone or stands inside a function."""

    module: str
    line: int
    typing_only: bool
    nested: bool


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}


def targets(node: ast.Import | ast.ImportFrom, module: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.level == 0, f"{module}:{node.lineno}: a relative import"
    full = [f"{node.module}.{alias.name}" for alias in node.names]
    return [name if name in SOURCES else str(node.module) for name in full]


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def walk(node: ast.AST, module: str, *, typing_only: bool = False, nested: bool = False) -> list[Import]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [Import(name, node.lineno, typing_only, nested) for name in targets(node, module)]
    nested = nested or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    found = []
    for field in ast.iter_child_nodes(node):
        inside = typing_only or (is_type_checking(node) and field in node.body)  # type: ignore[attr-defined]
        found += walk(field, module, typing_only=inside, nested=nested)
    return found


IMPORTS = {name: walk(tree, name) for name, tree in TREES.items()}


def inside(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def test_every_package_was_read() -> None:
    assert {name.partition(".")[0] for name in SOURCES} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    allowed = ALLOWED_OF_OURS[package] | {package}
    wrong = [
        f"{module}:{found.line} imports {found.module}"
        for module, imports in IMPORTS.items()
        for found in imports
        if module.partition(".")[0] == package
        and found.module.partition(".")[0] in PACKAGES
        and not inside(found.module, allowed)
    ]
    assert wrong == []


def test_a_migration_imports_nothing_of_ours() -> None:
    """It does the same for ever, whatever becomes of the code."""
    migrations = [module for module in IMPORTS if module.startswith("services.migrations.")]
    assert len(migrations) > 5
    wrong = [
        f"{module}:{found.line} imports {found.module}"
        for module in migrations
        for found in IMPORTS[module]
        if found.module.partition(".")[0] in PACKAGES
    ]
    assert wrong == []


@pytest.mark.parametrize("package", sorted(NEVER))
def test_a_package_never_imports_a_library_of_another(package: str) -> None:
    wrong = [
        f"{module}:{found.line} imports {found.module}"
        for module, imports in IMPORTS.items()
        for found in imports
        if module.partition(".")[0] == package and found.module.partition(".")[0] in NEVER[package]
    ]
    assert wrong == []


def test_torch_comes_through_one_door() -> None:
    wrong = [
        f"{module}:{found.line}"
        for module, imports in IMPORTS.items()
        for found in imports
        if found.module.partition(".")[0] == "torch" and module.startswith("ltd_core") and module != TORCH_DOOR
        if not found.typing_only
    ]
    assert wrong == []


def declared(extras: list[str]) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return {canonicalize_name(Requirement(line).name) for line in lines}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_library_is_declared(package: str) -> None:
    known = declared(EXTRAS[package])
    owners = packages_distributions()
    wrong = set()
    for module, imports in IMPORTS.items():
        for found in imports:
            top = found.module.partition(".")[0]
            if module.partition(".")[0] != package or top in PACKAGES or top in sys.stdlib_module_names:
                continue
            owner_names = {canonicalize_name(owner) for owner in owners.get(PARTS_OF.get(top, top), [])}
            if not owner_names & known:
                wrong.add(f"{module}:{found.line} imports {top}, which pyproject.toml does not list for it")
    assert wrong == set()


def test_no_import_inside_a_function() -> None:
    nested = [f"{module}:{found.line}" for module, imports in IMPORTS.items() for found in imports if found.nested]
    assert nested == []


def test_no_cycles() -> None:
    """Imports for the type checker alone count too: they tie two modules in thought."""
    graph = {
        module: {found.module for found in imports if found.module in SOURCES} - {module}
        for module, imports in IMPORTS.items()
    }
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.putenv"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {a.name for a in node.names} & {"environ", "getenv"}
        )
    }
    assert readers == {"services.settings", "ltd_client.environment"}


IMPORT_ALL = """
import importlib, sys
reached = []
sys.addaudithook(lambda event, args: reached.append(event) if event in ("socket.connect", "sqlite3.connect") else None)
for name in sys.argv[2:]:
    importlib.import_module(name)
loaded = sorted(set(sys.argv[1].split(",")) & set(sys.modules))
assert not loaded, f"loaded {loaded}"
assert not reached, f"connected: {reached}"
"""


def import_all(packages: tuple[str, ...], never: str) -> None:
    modules = [m for m in SOURCES if m.partition(".")[0] in packages and "migrations" not in m and "__main__" not in m]
    command = [sys.executable, "-W", "error", "-c", IMPORT_ALL, never, *modules]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_server_loads_no_torch_and_connects_to_nothing() -> None:
    import_all(("services", "api"), "torch._C,worker,ltd_core.engine")


def test_the_services_load_no_flask() -> None:
    import_all(("services",), "torch._C,flask,api,worker")


def test_the_worker_loads_no_flask_and_connects_to_nothing() -> None:
    import_all(("worker",), "flask,api,ltd_client")


def test_the_client_stands_alone() -> None:
    server = "torch,flask,sqlalchemy,celery,pydantic,ltd_core,services,api,worker"
    import_all(("ltd_client",), f"{server},numpy,pyarrow,pandas,plotly,tensorboardX,xarray")
