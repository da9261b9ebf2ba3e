from __future__ import annotations

import sys

import pytest

from ltd_client import libraries
from ltd_client.errors import MissingLibraries


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.csv", None)
    monkeypatch.delitem(vars(libraries), "csv", raising=False)
    with pytest.raises(MissingLibraries, match=r"pyarrow is not installed: pip install 'ltd-lab\[export\]'"):
        _ = libraries.csv


@pytest.mark.parametrize(("name", "package"), [("pd", "pandas"), ("xr", "xarray"), ("graph_objects", "plotly")])
def test_a_package_of_notebooks_is_named_alone(monkeypatch: pytest.MonkeyPatch, name: str, package: str) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects" if package == "plotly" else package, None)
    monkeypatch.delitem(vars(libraries), name, raising=False)
    with pytest.raises(MissingLibraries, match=f"^{package} is not installed: pip install {package}$"):
        getattr(libraries, name)


def test_a_name_that_is_no_library() -> None:
    with pytest.raises(AttributeError):
        _ = libraries.beauty  # type: ignore[attr-defined]
