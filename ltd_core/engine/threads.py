"""One thread a pack: cores are used by processes, and a product's order of summation does not depend on the machine."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ltd_core.lazy import torch

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function without gradients of torch's own, in one thread, and give the threads back."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.no_grad():
                return function(*args, **kwargs)
        finally:
            torch.set_num_threads(before)

    return wrapped
