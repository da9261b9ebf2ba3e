"""What is received before the application is asked: limits of size, and refusals as problem documents.

The parts of waitress that the server uses; see api.serving.
"""

from __future__ import annotations

from typing import Any

import structlog
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import BadRequest

from api.http import problem
from api.http.security import HEADERS, has_token

HEADERS_BYTES = 64 * 1024
"""Of the request line and the headers together."""
LARGEST_BODY = 10 * 1024 * 1024
LARGEST_IMPORT = 256 * 1024 * 1024
"""Bytes of one run."""
_IMPORTS = "/api/v1/imports"
_LONGEST_LINE = 8 * 1024
"""Of what stands between chunks: looking for its end takes the square of its length."""
logger = structlog.get_logger()


def adjusted(largest_body: int, **more: Any) -> dict[str, Any]:
    """Return arguments of waitress; its own limits are the first size that is refused."""
    sizes = {"max_request_header_size": HEADERS_BYTES + 1, "max_request_body_size": largest_body + 1}
    return {"recv_bytes": 64 * 1024, **sizes, **more}


_ORDINARY = Adjustments(**adjusted(LARGEST_BODY))


class Received(HTTPRequestParser):  # type: ignore[misc]
    """One request. Who lacks the token is answered by its headers alone; a body of his is not kept."""

    body_rcv: Any
    error: Any

    def __init__(self, adjustments: Adjustments, token: str) -> None:
        super().__init__(adjustments)
        self._token = token

    def parse_header(self, header_plus: bytes) -> None:
        """Read the headers; raises ParsingError."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # of an address such as "http://[", of a length of 5,000 digits
            raise ParsingError(str(error)) from None
        if self.path != _IMPORTS:
            self.adj = _ORDINARY
        if (
            self.body_rcv is not None
            and self._token
            and not has_token(self._token, self.headers.get("AUTHORIZATION", ""))
        ):
            self.body_rcv, self.content_length, self.chunked = None, 0, False
            self.headers["CONNECTION"] = "close"  # what follows is no request

    def received(self, data: bytes) -> int:
        """Take what has come; return how many bytes belong to this request."""
        taken: int = super().received(data)
        body = self.body_rcv if self.chunked else None
        between = 0 if body is None else len(body.control_line) + len(body.trailer)  # its own length is its content's
        if between > _LONGEST_LINE:
            self.error = BadRequest(f"a line between chunks must have at most {_LONGEST_LINE:,} bytes")
            self.completed = True
        return taken


class Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to what is no request."""

    def execute(self) -> None:
        """Answer with a problem document."""
        error = self.request.error
        body = problem.document(error.code, error.reason, str(error.body), "")
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", problem.MEDIA_TYPE), *HEADERS]
        self.set_close_on_finish()
        self.content_length = len(body)
        logger.info("request", method="none", path="", status=error.code, ms=0.0)
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection."""

    error_task_class = Refusal
    token = ""

    def parser_class(self, adjustments: Adjustments) -> Received:
        """Begin a request."""
        return Received(adjustments, self.token)
