from __future__ import annotations

from services.embedded.stack import listen


def test_a_port_that_is_taken_gives_way_to_the_next_free_one() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with listen("127.0.0.1", port) as second:
            assert port < second.getsockname()[1] < port + 100
