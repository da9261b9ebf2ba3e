"""Errors of the client."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class ClientError(Exception):
    """Base class of the client's errors."""

    exit_status = 1
    """Of the command that it ends."""


class Unreachable(ClientError):
    """No laboratory answers at the address."""

    exit_status = 3

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(server, reason)
        self.server, self.reason = server, reason

    def __str__(self) -> str:
        """Return the reason and what to do."""
        return (
            f"no laboratory answers at {self.server} ({self.reason}): "
            "start one with `ltd up`, or name another with --server"
        )


class BadInput(ClientError):
    """Something that was typed has no meaning here; no laboratory was asked."""

    exit_status = 2

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    def __str__(self) -> str:
        """Return what was wrong, and what would be right."""
        return self.said


class BadRequest(ClientError):
    """The laboratory refused a request; `problem` is its problem document (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(status, problem)
        self.status, self.problem = status, problem
        self.exit_status = 2 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 1

    def __str__(self) -> str:
        """Return every field that is wrong, in one line, else the detail, the title or the status."""
        if self.status == HTTPStatus.UNAUTHORIZED:
            return "--token (LTD_TOKEN): must be the token that the laboratory was started with"
        fields = [
            f"{e['field']}: {e['message']} (got {e.get('value')!r})"
            for e in self.problem.get("errors", [])
            if e.get("field")
        ]
        return "; ".join(fields) or str(
            self.problem.get("detail") or self.problem.get("title") or f"status {self.status}"
        )


class MissingLibraries(ClientError):
    """An optional part of the client is not installed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        """Return what to install."""
        return f"{self.name} is not installed: pip install 'ltd-lab[export]'"


class BadExport(ClientError):
    """A folder is not an export, or its files contradict each other."""

    exit_status = 2

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        """Return the file and the reason."""
        return f"{self.path}: {self.reason}"


class ReplayFailed(ClientError):
    """A run that was trained again differs from its results, or did not get to its end."""

    def __init__(self, run_id: str, reason: str) -> None:
        super().__init__(run_id, reason)
        self.run_id, self.reason = run_id, reason

    def __str__(self) -> str:
        """Return the run and what was found."""
        return f"run {self.run_id}, trained again, {self.reason}"
