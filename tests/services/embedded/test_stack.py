from __future__ import annotations

import pytest

from services.embedded.child import StackFailed
from services.embedded.stack import listen


def test_a_port_that_is_taken_gives_way_to_the_next_free_one() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            assert port < second.getsockname()[1] < port + 100


def test_a_port_that_was_asked_for_gives_way_to_no_other() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        said = rf"^port {port} cannot be opened at 127\.0\.0\.1 \(Address already in use\): name another with --port"
        with pytest.raises(StackFailed, match=said):
            listen("127.0.0.1", port, asked=True)
