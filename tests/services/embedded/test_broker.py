"""The private broker: on a socket alone, its data in the folder that it is given."""

from __future__ import annotations

import tempfile
from pathlib import Path

from services.embedded import guard
from services.embedded.broker import answers, broker_program
from services.embedded.child import Child
from tests.support.parts import wait_for


def test_a_broker_answers_on_its_socket_alone(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ltd-") as folder:  # a socket's path has room for a hundred characters
        socket, data = Path(folder) / "broker.sock", tmp_path / "data"
        data.mkdir()
        assert not answers(str(socket))
        program = broker_program(socket, data)
        assert dict(zip(program.command[1::2], program.command[2::2], strict=True))["--port"] == "0"
        child = Child(program, tmp_path / "broker.log", {}, tmp_path)
        try:
            wait_for(lambda: answers(str(socket)))
            assert socket.stat().st_mode & 0o077 == 0
        finally:
            guard.end(child.process.pid, program.grace)
        child.process.wait(60)
        assert not answers(str(socket))
