"""Requests that are broken somewhere, made by a seed: request lines, headers, lengths, chunks, paths, JSON bodies."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from tests.api.lab import spec, sweep

BODIES: list[tuple[bytes, bytes, Any]] = [
    (b"POST", b"/api/v1/runs", spec()),
    (b"POST", b"/api/v1/sweeps", sweep()),
    (b"PUT", b"/api/v1/store/retention", {"days": 30.0, "sweep": "0" * 32}),
    (b"POST", b"/api/v1/imports", {"id": "0" * 32}),
    (b"POST", b"/api/v1/runs/none/cancel", {}),
    (b"POST", b"/api/v1/sweeps/none/cancel", {}),
    (b"POST", b"/api/v1/store/verify", {}),
]
PATHS = [
    *(b"/", b"/healthz", b"/runs/x", b"/sweeps/x", b"/sweeps/x/report", b"/dashboard/run.js", b"/api/v1/runs"),
    *(b"/api/v1/sweeps", b"/api/v1/runs/x", b"/api/v1/runs/x/traces/loss", b"/api/v1/traces?runs=x&names=loss"),
    *(b"/api/v1/sweeps/x/comparison?rows=seed", b"/api/v1/sweeps/x/pairs", b"/api/v1/runs/x/events"),
    *(b"/api/v1/openapi.json", b"/api/v1/runs?limit=5&cursor=x", b"/api/v1/runs?ids=x", b"/api/v1/runs?below=1e9"),
]
WORDS = [
    *(b"", b"\0", b"\xff\xfe", b"%00", b"%ff", b"%", b"%zz", b"..", b"//", b"\\", b"?", b"#", b"&", b"=", b";", b"*"),
    *("ü漢\U0001f600".encode(), b"%F0%9F%98%80", b"%ED%A0%80", b" ", b"\t", b"\r", b"\n", b"[", b"]", b"@", b":", b"'"),
    *(b"9" * 30, b"-1", b"NaN", b"1e999", b"x" * 300, b"x" * 9000, b"http://[", b"http://a:b/", b"{{7}}", b"<b>"),
]
VALUES: list[Any] = [
    *(None, True, 0, -1, 1e308, 10**30, 2**63, float("nan"), float("inf"), "", "x" * 5000, "\0", "\ud800", "ü漢😀"),
    *([], {}, [[]], [{}], {"kind": "x"}, {"kind": None}, {"": 0}, [0] * 1000, "1", "NaN", -0.0, 5e-324),
]
HEADERS = [b"Host", b"Content-Length", b"Transfer-Encoding", b"Content-Type", b"Content-Encoding", b"Expect", b"Accept"]
HEADERS += [
    b"Connection",
    b"Origin",
    b"Authorization",
    b"Idempotency-Key",
    b"Last-Event-ID",
    b"If-None-Match",
    b"Range",
]
HEADERS += [b"Sec-Fetch-Site", b"X-Forwarded-For", b"If-Modified-Since", b"Accept-Encoding", b"Upgrade", b"Cookie"]
GIVEN = [b"chunked", b"gzip", b"gzip, chunked", b"100-continue", b"close", b"text/event-stream", b"*/*;q=x", b"bytes=-"]
METHODS = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"PATCH",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"BREW",
    b"get",
    b"G\0",
]


def requests(seed: int, count: int) -> list[bytes]:
    """Return broken requests."""
    rng = random.Random(seed)
    makers: list[Callable[[random.Random], bytes]] = [_line, _headers, _path, _chunks, _length, _json, _json, _noise]
    return [rng.choice(makers)(rng) for _ in range(count)]


def _request(method: bytes, path: bytes, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    lines = [b"%b %b HTTP/1.1" % (method, path), *(b"%b: %b" % header for header in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _spoiled(rng: random.Random, data: bytes) -> bytes:
    """Put something into the text, or take something from it."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(data))
        data = data[:at] + rng.choice(WORDS) + data[at + rng.choice([0, 0, 1, 5]) :]
    return data


def _line(rng: random.Random) -> bytes:
    line = b"%b %b HTTP/%b" % (
        rng.choice(METHODS),
        rng.choice(PATHS),
        rng.choice([b"1.1", b"1.0", b"2.0", b"9.9", b"x"]),
    )
    return _spoiled(rng, line) + b"\r\nHost: localhost\r\n\r\n"


def _headers(rng: random.Random) -> bytes:
    values = [*WORDS, *GIVEN]
    headers = [(rng.choice(HEADERS), rng.choice(values)) for _ in range(rng.randint(1, 5))]
    headers += [(b"X-%d" % number, b"y") for number in range(rng.choice([0, 0, 0, 2000]))]
    method, path, body = rng.choice(BODIES)
    if rng.random() < 0.5:
        return _request(b"GET", rng.choice(PATHS), [(b"Host", b"localhost"), *headers])
    return _request(method, path, [(b"Host", b"localhost"), *headers], json.dumps(body).encode())


def _path(rng: random.Random) -> bytes:
    return _request(rng.choice(METHODS), _spoiled(rng, rng.choice(PATHS)), [(b"Host", b"localhost")])


def _chunks(rng: random.Random) -> bytes:
    method, path, body = rng.choice(BODIES)
    data = json.dumps(body).encode()
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
    kept = [(b"Host", b"localhost"), (b"Content-Type", b"application/json"), (b"Transfer-Encoding", b"chunked")]
    return _request(method, path, kept, _spoiled(rng, chunked))


def _length(rng: random.Random) -> bytes:
    method, path, body = rng.choice(BODIES)
    data = json.dumps(body).encode()
    length = rng.choice([b"%d" % (len(data) + rng.randint(-9, 9)), b"+5", b"0x5", b"1, 2", b"1e3", *WORDS])
    kept = [(b"Host", b"localhost"), (b"Content-Type", b"application/json"), (b"Content-Length", length)]
    return _request(method, path, kept, data)


def _json(rng: random.Random) -> bytes:
    method, path, body = rng.choice(BODIES)
    mutated = json.loads(json.dumps(body))
    for _ in range(rng.randint(1, 3)):
        _mutate(rng, mutated)
    data = json.dumps(mutated).encode()
    if rng.random() < 0.3:
        data = _spoiled(rng, data)
    media = b"application/vnd.apache.arrow.stream" if path.endswith(b"imports") else b"application/json"
    kept = [(b"Host", b"localhost"), (b"Content-Type", media), (b"Content-Length", b"%d" % len(data))]
    return _request(method, path, kept, data)


def _mutate(rng: random.Random, value: Any) -> None:
    """Change, add or take one field, at some depth."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    if keys and rng.random() < 0.5:
        inner = value[rng.choice(keys)]
        if isinstance(inner, dict | list):
            _mutate(rng, inner)
            return
    key = rng.choice([*keys, "more"]) if isinstance(value, dict) else rng.choice(keys or [0])
    if isinstance(value, dict) and rng.random() < 0.2:
        value.pop(key, None)
    elif isinstance(value, dict) or keys:
        value[key] = deepcopy(rng.choice(VALUES))


def _noise(rng: random.Random) -> bytes:
    return rng.choice([rng.randbytes(rng.randint(1, 2000)), b"\x16\x03\x01\x02\x00" + rng.randbytes(512), b"\r\n" * 50])
