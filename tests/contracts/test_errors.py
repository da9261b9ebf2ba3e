"""Every error of the project survives pickling and says something."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

from ltd_client.errors import ClientError
from ltd_core.errors import FieldProblem, LtdError

PARTS = ("ltd_core", "services", "worker", "ltd_client")
VALUES: dict[str, Any] = {
    "problems": (FieldProblem("batch_size", "must be at least 1", 0),),
    "problem": {"title": "Invalid", "detail": "batch_size: must be at least 1", "errors": []},
    "status": 422,
}


def tree(error: type[BaseException]) -> Iterator[type[BaseException]]:
    yield error
    for child in error.__subclasses__():
        yield from tree(child)


def errors() -> list[type[BaseException]]:
    """Return the errors of every module, in both trees."""
    for part in PARTS:
        for info in pkgutil.walk_packages(importlib.import_module(part).__path__, f"{part}."):
            if "migrations" not in info.name and not info.name.endswith("__main__"):
                importlib.import_module(info.name)
    return [*tree(LtdError), *tree(ClientError)]


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_it_survives_pickling(error: type[BaseException]) -> None:
    names = [] if error.__init__ is Exception.__init__ else list(inspect.signature(error).parameters)
    made = error(*(VALUES.get(name, f"a {name}") for name in names)) if names else error("what was wrong")
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is error
    assert str(again) == str(made) != ""
    assert vars(again) == vars(made)
    assert error.__doc__
