"""Clients that send slowly, send nothing or do not read keep nobody else waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.settings import Settings
from tests.api.slow_clients import KINDS, slow, waits
from tests.support.parts import Api

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("slow clients")]
P99 = 0.1
"""Seconds that were promised."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("served")
    api = Api(Settings(home=home, port=0).environment(), home / "api.log").wait_ready()
    yield api.url
    api.end()


@pytest.mark.parametrize("seconds", [2, pytest.param(30, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_slow_clients_keep_nobody_waiting(url: str, kind: str, seconds: float) -> None:
    before = waits(url, 1)
    with slow(url, kind):
        assert waits(url, seconds) < max(P99, 5 * before)  # on a machine that is busy with something else
