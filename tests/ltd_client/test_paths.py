from __future__ import annotations

import pytest

from ltd_client.paths import BadId, run_path, segment, sweep_path

ID = "0123456789abcdef" * 2


def test_an_id_is_one_part_of_a_path() -> None:
    assert (run_path(ID), sweep_path(ID)) == (f"/runs/{ID}", f"/sweeps/{ID}")
    assert run_path("../sweeps?a=b") == "/runs/..%2Fsweeps%3Fa%3Db"


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_id_is_told_as_such(empty: str) -> None:
    for path, what in ((run_path, "run"), (sweep_path, "sweep")):
        with pytest.raises(BadId, match=f"the id of a {what} is empty"):
            path(empty)
    with pytest.raises(BadId, match="the name of a trace is empty"):
        segment("name of a trace", empty)
