"""The folder of one laboratory: who holds it, where its parts live, and the record of the one that runs."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SOCKET_BYTES = 100  # the address of a Unix socket holds 107 bytes on Linux and 103 on macOS
ASK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Home:
    """A folder, absolute. Its lock is held by the launcher and its guard, so it outlives neither."""

    path: Path

    @property
    def record(self) -> Path:
        return self.path / "stack.json"

    @property
    def broker_url(self) -> str:
        """Return the address that the settings give to a broker of our own."""
        return f"redis+socket://{self.path / 'run' / 'broker.sock'}"

    def log(self, name: str) -> Path:
        """Return the path of a part's log."""
        return self.path / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Make the folders; those with sockets and the broker's data are the owner's alone."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.log("").parent.mkdir(exist_ok=True)
        for name in ("run", "broker"):
            (self.path / name).mkdir(mode=0o700, exist_ok=True)

    def turn_logs(self) -> None:
        """Keep one older log of each part."""
        for log in (self.path / "logs").glob("*.log"):
            log.replace(log.with_suffix(".log.1"))

    def lock(self) -> int | None:
        """Return an open descriptor that holds the folder, or None where another stack holds it."""
        descriptor = os.open(self.path / "run" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def lock_or_url(self, seconds: float) -> int | str | None:
        """Return the lock, else the address of the stack that holds it, else None when neither came in time."""
        deadline = time.monotonic() + seconds  # another stack may be starting or ending
        while time.monotonic() < deadline:
            if (lock := self.lock()) is not None:
                return lock
            with suppress(FileNotFoundError, ValueError, KeyError):
                return str(json.loads(self.record.read_text(encoding="utf-8"))["url"])
            time.sleep(ASK_SECONDS)
        return None

    def write_record(self, url: str) -> None:
        """Write stack.json in one step."""
        draft = self.record.with_suffix(".tmp")
        draft.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
        draft.replace(self.record)

    def socket_folder(self) -> tuple[Path, bool]:
        """Return a private folder for sockets, and whether it is temporary: a deep home is too long for an address."""
        folder = self.path / "run"
        if len(os.fsencode(folder / "broker.sock")) <= SOCKET_BYTES:
            return folder, False
        return type(folder)(tempfile.mkdtemp(prefix="ltd-", dir="/tmp")), True  # 0700; TMPDIR may be long
