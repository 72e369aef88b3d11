"""The routes of a server, behind its guard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from podium.listing import shorten
from podium.printable import printable
from podium.serve.body import read_body
from podium.serve.documents import ErrorDocument, PredictionDocument
from podium.serve.escaped_json import EscapedJson
from podium.serve.guard import Guard
from podium.serve.model_facts import model_facts
from podium.serve.parts import check_type, split_body
from podium.serve.refusal import Refusal
from podium.serve.service import Service

__all__ = ["Guarded", "build_app"]

_IMAGE = {"schema": {"type": "string", "format": "binary"}}
_FILES = {"type": "object", "properties": {"files": {"type": "array", "items": _IMAGE["schema"]}}}
_BODY = {
    "required": True,
    "content": {"image/*": _IMAGE, "application/octet-stream": _IMAGE, "multipart/form-data": {"schema": _FILES}},
}
_ID = {"name": "id", "in": "query", "schema": {"type": "string"}, "description": "Name of an image that is sent raw."}
_WORDS = {
    400: "broken form, or no images",
    401: "wrong token",
    403: "wrong origin",
    408: "the request came too slowly",
    413: "too many bytes, pixels or images",
    415: "neither an image nor a form",
    421: "wrong host",
    422: "no image can be decoded",
    503: "busy, starting or stopping; Retry-After says when to ask again",
    504: "not answered in time",
}
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
PREDICT = "/predict"
_MOST_AT_ONCE = 1000
Log = Callable[[str], None]


def build_app(service: Service, guard: Guard, *, log: Log, log_requests: Log | None = None) -> Guarded:
    """The application of a service.

    Args:
        service: Who answers. It is started and closed with the application, where its server has a lifespan.
        guard: Who may ask.
        log: Receives a line about an error of ours.
        log_requests: Receives a line a request; None for no such lines.
    """

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.close()

    app = FastAPI(title="Podium", version=version("podium"), docs_url=None, redoc_url=None, lifespan=live)
    app.exception_handler(Refusal)(_answer_refusal)
    app.exception_handler(HTTPException)(_answer_http_error)
    app.exception_handler(Exception)(_answer_fault)
    _add_routes(app, service)
    return Guarded(app, guard, service, log, log_requests)


def _add_routes(app: FastAPI, service: Service) -> None:
    admission = service.admission
    refused: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorDocument, "description": words} for status, words in _WORDS.items()
    }

    @app.post(
        PREDICT,
        responses={200: {"model": PredictionDocument}, **refused},
        openapi_extra={"requestBody": _BODY, "parameters": [_ID]},
        response_model=None,
    )
    async def predict(request: Request) -> Response:
        """Answers for one image, or for the files of a form."""
        started = time.perf_counter()
        until = asyncio.get_running_loop().time() + service.options.deadline_s
        headers = request.headers
        content_type = headers.get("content-type", "")
        check_type(content_type)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Refusal(415, "unsupported_encoding", "send the image as it is, without a content encoding.")
        options = service.options
        with admission.hold() as held:
            body = await read_body(request.receive, headers, max_bytes=options.max_bytes, until=until, held=held)
            name = request.query_params.get("id", "")
            parts = split_body(content_type, body, max_images=options.max_images, name=name)
            del body
            answer = await service.predict(parts, until)
        service.metrics.seconds.observe(time.perf_counter() - started)
        return EscapedJson(answer)

    @app.get("/healthz", response_model=None)
    async def healthz() -> Response:
        """200 while the process lives."""
        return EscapedJson({"alive": True})

    @app.get("/readyz", response_model=None, responses={503: refused[503]})
    async def readyz() -> Response:
        """200 while requests are let in."""
        if admission.is_draining or not admission.is_ready:
            admission.check_door()
        return EscapedJson({"ready": True})

    @app.get("/metrics", response_model=None)
    async def metrics() -> Response:
        """Counters for Prometheus."""
        service.metrics.inside.set(admission.n_images)
        service.metrics.ready.set(int(admission.is_ready and not admission.is_draining))
        return PlainTextResponse(service.metrics.page(), media_type="text/plain; version=0.0.4")

    @app.get("/model", response_model=None)
    async def model() -> Response:
        """Classes, score and decisions of the model that answers."""
        return EscapedJson(model_facts(service.model))


async def _answer_refusal(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return EscapedJson(refusal.to_dict(), status_code=refusal.status, headers=refusal.headers)


async def _answer_http_error(_: Request, error: Exception) -> Response:
    """404 and 405 of the routes, in the form of all refusals."""
    assert isinstance(error, HTTPException)
    code = {404: "no_such_path", 405: "wrong_method"}.get(error.status_code, "refused")
    refusal = Refusal(error.status_code, code, f"{error.detail}.".lower(), headers=error.headers)
    return EscapedJson(refusal.to_dict(), status_code=refusal.status, headers=refusal.headers)


async def _answer_fault(_: Request, __: Exception) -> Response:
    failed = Refusal(500, "internal", "the server failed; its log says why.")
    return EscapedJson(failed.to_dict(), status_code=failed.status)


class Guarded:
    """An application of ASGI whose guard is asked first, and whose errors tell nothing of this machine.

    Args:
        app: What answers.
        guard: Who may ask.
        service: Whose requests are counted.
        log: Receives a line about an error of ours.
        log_requests: Receives a line a request.
    """

    def __init__(self, app: FastAPI, guard: Guard, service: Service, log: Log, log_requests: Log | None) -> None:
        self.app, self.guard = app, guard
        self._asgi: ASGIApp = app
        self._metrics, self._admission = service.metrics, service.admission
        self._log, self._log_requests = log, log_requests
        self._n_inside = 0
        self._paths = frozenset(getattr(route, "path", "") for route in app.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "lifespan":
            await self._asgi(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, sent = time.perf_counter(), _Sent(send, self._more_headers(scope))
        self._n_inside += 1
        try:
            if self._n_inside > _MOST_AT_ONCE:
                raise Refusal(503, "busy", "too many requests are open.", retry_after_s=1, closes=True)
            self.guard.check(scope)
            if scope["method"] == "POST" and scope["path"] == PREDICT:
                self._admission.check_door()  # before the routes: under load most requests end here
            if self.guard.is_preflight(scope):
                await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, sent)
            else:
                await self._asgi(scope, receive, sent)
        except Refusal as refusal:
            await (await _answer_refusal(Request(scope), refusal))(scope, receive, sent)
        except Exception as error:
            self._log(printable(shorten(f"{type(error).__name__}: {error}", most=500)))
            if sent.status is None:
                await (await _answer_fault(Request(scope), error))(scope, receive, sent)
        finally:
            self._n_inside -= 1
            self._note(scope, sent.status or 0, time.perf_counter() - started)

    def _more_headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        origin = self.guard.origin_of(scope)
        if origin is None:
            return _HEADERS
        return [*_HEADERS, (b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin")]

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope["path"] if scope["path"] in self._paths else "other"
        self._metrics.requests.labels(route, str(status)).inc()
        if self._log_requests is not None:
            path = printable(shorten(scope["path"], most=200))
            self._log_requests(f"{printable(scope['method'])} {path} {status} {1000 * seconds:.1f} ms")


_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
}


class _Sent:
    """Sends an answer with further headers, and remembers its status."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send, self._headers = send, headers
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self._headers]
        await self._send(message)
