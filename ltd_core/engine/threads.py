"""One thread a pack: cores are used by processes, and a product's order of summation does not depend on the machine.

More threads than free cores wait for each other in loops: on a busy machine they take a hundred times as long as one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import ThreadpoolController

from ltd_core.lazy import torch

P = ParamSpec("P")
R = TypeVar("R")


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function without gradients of torch's own, in one thread of torch and numpy, and give the threads back."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.no_grad(), _libraries().limit(limits=1, user_api="blas"):
                return function(*args, **kwargs)
        finally:
            torch.set_num_threads(before)

    return wrapped


@cache
def _libraries() -> ThreadpoolController:
    """Return a handle of the libraries of linear algebra that are loaded, numpy's among them."""
    return ThreadpoolController()
