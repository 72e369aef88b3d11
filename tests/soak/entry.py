"""R15: nobody gets into a server of answers who should not, whatever they send."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from podium.serve import Guard, build_app
from podium.serve.admission import Admission
from podium.serve.guard import OPEN_PATHS
from podium.serve.metrics import Metrics
from tiny.served import Child, served

from .exported import export
from .trial import Figure, Trial, count, within

__all__ = ["TRIALS"]

_AT_ONCE = 16
TOKEN = "a-token-of-more-than-16-letters"


def keep_out(n: int, _folder: Path) -> Figure:
    """Requests of which host, origin or token is wrong, or all are right; only the latter reach a route."""
    rng = random.Random(0)
    reached: list[object] = []
    guard = Guard(("models.example",), frozenset({"https://a.example"}), TOKEN)
    app = build_app(_Nobody(), guard, log=lambda _line: None)  # type: ignore[arg-type]

    async def route(scope: Any, _receive: Any, _send: Any) -> None:
        reached.append(scope)

    app._asgi = route
    paths = [*sorted({str(getattr(found, "path", "/")) for found in app.app.routes}), "/", "/docs", "/x/../model", "//"]
    kinds: Counter[str] = Counter()

    def attempt() -> str | None:
        scope, is_right = _draw(rng, paths)
        before = len(reached)
        asyncio.run(app(scope, _nothing, _nowhere))
        has_reached = len(reached) > before
        kinds["let in" if is_right else "kept out"] += 1
        return None if has_reached == is_right else f"{'kept out' if is_right else 'let in'}: {scope}"

    figure = count((str(row), attempt) for row in range(n))
    words = ", ".join(f"{number:,} {kind}" for kind, number in sorted(kinds.items()))
    return Figure(figure.tried, figure.held, f"{words}; {len(paths)} paths", figure.failures)


class _Nobody:
    """What the routes of an application ask for; nothing of it is asked here."""

    def __init__(self) -> None:
        self.metrics, self.admission = Metrics(), Admission(1, 1)
        self.admission.is_ready = True


_HOSTS = ("localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]", "models.example")
_WRONG_HOSTS = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil",
    "2130706433",
    "127.1",
    "",
    "a b",
    "[::1",
    "::1",
)
_WRONG_ORIGINS = ("https://evil.example", "null", "http://localhost", "https://a.example.evil", "HTTPS://A.EXAMPLE", "")
_WRONG_TOKENS = (
    f"Bearer {TOKEN}x",
    f"Bearer {TOKEN[:-1]}",
    "Bearer ",
    "",
    TOKEN,
    f"Basic {TOKEN}",
    f"Bearer {TOKEN.upper()}",
)


def _draw(rng: random.Random, paths: Sequence[str]) -> tuple[dict[str, Any], bool]:
    """A request, and whether it should be let in."""
    path, method = rng.choice(paths), rng.choice(("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"))
    host, origin, token = (rng.random() < share for share in (0.7, 0.7, 0.7))
    headers = [("host", rng.choice(_HOSTS if host else _WRONG_HOSTS))]
    if not origin:
        headers.append(rng.choice([*(("origin", value) for value in _WRONG_ORIGINS), ("sec-fetch-site", "cross-site")]))
    elif rng.random() < 0.3:
        headers.append(("origin", "https://a.example"))
    if token:
        headers.append(("authorization", f"{rng.choice(('Bearer', 'bearer'))} {TOKEN}"))
    elif rng.random() < 0.8:
        headers.append(("authorization", rng.choice(_WRONG_TOKENS)))
    rng.shuffle(headers)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    is_right = host and origin and (token or path in OPEN_PATHS)
    if rng.random() < 0.05:  # said twice: no longer clear who is meant
        raw.append(raw[0])
        is_right = is_right and raw[0][0] == b"authorization" and path in OPEN_PATHS
    return _scope(method, path, raw), is_right


def _scope(method: str, path: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": headers,
        "server": ("127.0.0.1", 8000),
    }


async def _nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}


async def _nowhere(_message: Any) -> None:
    return None


def mutated(n: int, folder: Path) -> Figure:
    """Requests with bytes changed, cut out or put in: an answer of 200, 4xx or 503, or a closed line; it lives on."""
    rng, statuses = random.Random(1), Counter[str]()
    exported = export(folder, "single")
    options = ("--decode-workers", "1", "--deadline-s", "1", "--max-body-mib", "1")
    with served(exported.folder, *options, prelude="import podium.serve.protocol as p\np.HEAD_S = 1\n") as child:
        images = [path.read_bytes() for path in exported.images]
        drawn = [_mutate(rng, _request(rng.choice(images), rng)) for _ in range(n)]
        told = iter(ThreadPoolExecutor(_AT_ONCE).map(partial(_talk, child), drawn))  # many wait for a deadline

        def attempt() -> str | None:
            status = next(told)
            statuses[status] += 1
            is_alive = child.process.poll() is None
            return (
                None
                if is_alive and (status == "closed" or status[0] in "24" or status == "503")
                else f"{status}, alive: {is_alive}"
            )

        figure = count((str(row), attempt) for row in range(n))
        is_well = httpx.post(f"{child.address}/predict", content=exported.images[0].read_bytes()).status_code == 200
    words = ", ".join(f"{number:,} x {status}" for status, number in statuses.most_common())
    return Figure(figure.tried, figure.held if is_well else 0, words, figure.failures)


def _request(data: bytes, rng: random.Random) -> bytes:
    head = b"POST /predict?id=a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    if rng.random() < 0.5:
        return head + b"Content-Type: image/png\r\nContent-Length: %d\r\n\r\n" % len(data) + data
    part = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n' + data + b"\r\n--b--\r\n"
    kind = b"Content-Type: multipart/form-data; boundary=b\r\n"
    if rng.random() < 0.5:
        return head + kind + b"Content-Length: %d\r\n\r\n" % len(part) + part
    return head + kind + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(part) + part + b"\r\n0\r\n\r\n"


def _mutate(rng: random.Random, request: bytes) -> bytes:
    data = bytearray(request)
    edge = request.index(b"\r\n\r\n") + 4
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(edge if rng.random() < 0.8 else len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.choice((1, 4, 40))]
        elif kind == 2:
            data[at:at] = rng.randbytes(rng.choice((1, 4, 40)))
        else:
            data[at:at] = data[at : at + 40]
    return bytes(data)


def _talk(child: Child, data: bytes) -> str:
    """The status that the server gives; "closed" where it says nothing."""
    host, port = child.address.removeprefix("http://").split(":")
    found = b""
    with suppress(OSError), socket.create_connection((host, int(port)), timeout=within(10)) as line:
        line.sendall(data)
        while b"\r\n" not in found and (piece := line.recv(4096)):
            found += piece
    words = found.split(b"\r\n", 1)[0].split(b" ")
    return words[1].decode("latin-1") if len(words) > 1 else "closed"


TRIALS = (
    Trial("R15", "requests with a wrong host, origin or token, beside right ones", keep_out, 50_000, 500),
    Trial("R15", "requests with bytes changed, on a socket", mutated, 5_000, 30),
)
