"""What computes is one thread; who calls it gets the threads back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ltd_core.engine.threads import one_thread
from ltd_core.lazy import torch


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(2, "blas"):
        yield
    torch.set_num_threads(before)


def threads() -> set[int]:
    """Return the numbers of threads of torch and of numpy's library."""
    numpys = [found["num_threads"] for found in threadpool_info() if found["user_api"] == "blas"]
    assert numpys
    return {torch.get_num_threads(), *numpys}


def test_torch_and_numpy_compute_in_one_thread_and_get_theirs_back() -> None:
    assert threads() == {2}
    assert one_thread(threads)() == {1}
    assert threads() == {2}


def test_an_error_gives_the_threads_back_too() -> None:
    @one_thread
    def fails() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fails()
    assert threads() == {2}
