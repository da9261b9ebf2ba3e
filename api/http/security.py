"""What is refused before a resource is asked: foreign hosts and origins, bodies that are no JSON, no token."""

from __future__ import annotations

import hmac
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, request

from api.http import problem
from api.http.csp import POLICY
from api.http.endpoint import JSON, declared
from services.settings import LOOPBACK, Settings

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OPEN = frozenset({"/healthz", "/readyz"})
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Of every answer."""


def install(app: Flask, settings: Settings) -> None:
    """Guard an application.

    A name that an attacker points at this address (DNS rebinding) is refused; with a token it would gain nothing, and
    the names under which other machines reach this one cannot be known.
    """
    hosts = None if settings.token else frozenset({*LOOPBACK, settings.host.lower()})

    @app.before_request
    def guard() -> Response | None:
        if not settings.token and request.path not in _OPEN and not is_local(request.remote_addr or ""):
            return problem.respond(403, "Forbidden", "without LTD_TOKEN this server answers its own machine alone")
        if hosts is not None and request.path not in _OPEN and _host_name(request.host) not in hosts:
            detail = f"this server does not answer to the name {request.host!r}: use {settings.host}:{settings.port}"
            return problem.respond(421, "Misdirected request", detail)
        if request.method in _WRITES and (refused := _refused_write()):
            return refused
        holds_data = request.path.startswith("/api/v1/") or request.endpoint == "dashboard.report"
        if settings.token and holds_data and not has_token(settings.token, request.headers.get("Authorization", "")):
            response = problem.respond(401, "Unauthorized", "send the header 'Authorization: Bearer <token>'")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        return None

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in HEADERS:
            response.headers.setdefault(name, value)
        return response


def _refused_write() -> Response | None:
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in {"none", "same-origin"}:
        return problem.respond(403, "Forbidden", "requests of other sites are not accepted")
    # A browser that says "same-origin" knows; the Host header may be a proxy's, which the page's origin cannot equal.
    origin = request.headers.get("Origin")
    if site == "none" and origin is not None and not _is_own(origin):
        return problem.respond(403, "Forbidden", f"requests of {origin} are not accepted")
    has_body = request.content_length or "chunked" in request.headers.get("Transfer-Encoding", "")
    endpoint = declared()
    wanted = endpoint.media if endpoint else JSON  # neither can be sent by a page of another site without asking
    if request.mimetype != wanted and (has_body or request.mimetype):
        detail = f"Content-Type: must be {wanted} (got {request.mimetype or 'none'})"
        return problem.respond(415, "Unsupported media type", detail)
    return None


def _is_own(origin: str) -> bool:
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:  # no address at all, such as "http://["
        return False


def has_token(token: str, authorization: str) -> bool:
    """Say whether an Authorization header carries the token."""
    kind, _, given = authorization.partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


def is_local(address: str) -> bool:
    """Say whether an address is of this machine alone: a loopback one, or "localhost", as a Unix socket's is told."""
    if address == "localhost":
        return True
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback


def _host_name(host: str) -> str:
    """Return a Host header without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
