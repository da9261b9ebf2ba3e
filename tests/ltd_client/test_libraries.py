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


def test_a_name_that_is_no_library() -> None:
    with pytest.raises(AttributeError):
        _ = libraries.beauty  # type: ignore[attr-defined]
