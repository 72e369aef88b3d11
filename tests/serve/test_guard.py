"""Deny by default: every route of the application, every wrong host, origin and token."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from podium.serve.admission import Admission
from podium.serve.app import Guarded, build_app
from podium.serve.guard import OPEN_PATHS, Guard, find_host
from podium.serve.metrics import Metrics
from podium.serve.options import ServeOptions
from podium.serve.refusal import Refusal

TOKEN = "a-token-of-more-than-16-letters"
LET_IN = 200


class Nobody:
    """A service that must not be asked."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.options = ServeOptions()
        self.n_asked = 0

        self.admission = Admission(1, 1)
        self.admission.is_ready = True


def guarded(guard: Guard) -> tuple[Guarded, Nobody]:
    """The real routes behind a guard, each replaced by an answer that says that it was reached."""
    nobody = Nobody()
    app = build_app(nobody, guard, log=lambda line: None)  # type: ignore[arg-type]

    async def reached(scope: Scope, receive: Receive, send: Send) -> None:
        nobody.n_asked += 1
        await send({"type": "http.response.start", "status": LET_IN, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    app._asgi = reached
    return app, nobody


def ask(
    guard: Guard, method: str, path: str, headers: dict[str, str], base: str = "http://127.0.0.1"
) -> httpx.Response:
    app, nobody = guarded(guard)

    async def request() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
            return await client.request(method, path, headers=headers)

    found = asyncio.run(request())
    assert (nobody.n_asked == 1) == (found.status_code == LET_IN)
    return found


def paths() -> list[str]:
    app, _ = guarded(Guard())
    found = sorted({getattr(route, "path", "?") for route in app.app.routes})
    assert found == ["/healthz", "/metrics", "/model", "/openapi.json", "/predict", "/readyz"]
    return found


RIGHT = {"authorization": f"Bearer {TOKEN}"}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", [*paths(), "/", "/docs", "/redoc", "/static/x", "//model", "/predict/"])
def test_every_route_asks_for_host_origin_and_token(path: str, method: str) -> None:
    guard = Guard(token=TOKEN)
    is_open = path in OPEN_PATHS
    assert ask(guard, method, path, {}).status_code == (LET_IN if is_open else 401)
    for wrong in (f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", TOKEN, f"bearer\t{TOKEN}"):
        assert ask(guard, method, path, {"authorization": wrong}).status_code == (LET_IN if is_open else 401), wrong
    assert ask(guard, method, path, RIGHT).status_code == LET_IN
    assert ask(guard, method, path, {**RIGHT, "host": "evil.example"}).status_code == 421
    for origin in ("https://evil.example", "null", "http://127.0.0.1", ""):
        assert ask(guard, method, path, {**RIGHT, "origin": origin}).status_code == 403
    assert ask(guard, method, path, {**RIGHT, "sec-fetch-site": "cross-site"}).status_code == 403


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil.example", "evil:8000"),
        *("127.0.0.1:80:80", "[::1", "[::1]evil", "localhost:", "localhost:x", "localhost ,evil", "", "192.168.1.7"),
        *("0x7f000001", "2130706433", "0", "127.1", "localhost."),
    ],
)
def test_no_other_host_is_answered(host: str) -> None:
    assert ask(Guard(), "GET", "/model", {"host": host}).status_code == 421


@pytest.mark.parametrize(
    ("host", "base"),
    [
        *(
            (name, "http://127.0.0.1")
            for name in ("localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:80", "models.local")
        ),
        ("192.168.1.7:8000", "http://192.168.1.7"),
    ],
)
def test_hosts_of_this_machine_and_allowed_ones_are(host: str, base: str) -> None:
    assert ask(Guard(hosts=("Models.local",)), "GET", "/model", {"host": host}, base).status_code == LET_IN


def test_a_request_has_one_host_one_origin_and_one_token() -> None:
    guard = Guard(origins=frozenset({"https://a.example"}), token=TOKEN)
    for name, value in (
        (b"host", b"localhost"),
        (b"origin", b"https://a.example"),
        (b"authorization", RIGHT["authorization"].encode()),
    ):
        headers = [
            (b"host", b"localhost"),
            (b"origin", b"https://a.example"),
            (b"authorization", RIGHT["authorization"].encode()),
        ]
        scope = {"type": "http", "method": "GET", "path": "/model", "headers": headers, "server": None}
        guard.check(scope)
        scope["headers"] = [*headers, (name, value)]
        with pytest.raises(Refusal):
            guard.check(scope)


def test_a_page_of_an_allowed_origin_may_ask() -> None:
    guard = Guard(origins=frozenset({"https://a.example"}), token=TOKEN)
    origin = {"origin": "https://a.example"}
    asked = ask_preflight(guard, origin)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "https://a.example"
    assert ask(guard, "POST", "/predict", origin).status_code == 401
    assert (
        ask(guard, "POST", "/predict", {**origin, **RIGHT}).headers["access-control-allow-origin"]
        == "https://a.example"
    )
    assert ask(guard, "POST", "/predict", {"origin": "https://b.example", **RIGHT}).status_code == 403


def ask_preflight(guard: Guard, origin: dict[str, str]) -> httpx.Response:
    return ask(guard, "OPTIONS", "/predict", {**origin, "access-control-request-method": "POST"})


def test_the_token_is_not_shown() -> None:
    assert TOKEN not in repr(Guard(token=TOKEN))


@pytest.mark.slow
@given(st.text(max_size=30))
def test_no_header_is_taken_for_a_host_by_mistake(header: str) -> None:
    host = find_host(header)
    assert host in header.lower()
    assert host == "" or not set(host) & set(" /@,\\\t\r\n#?")
