"""A server from its start to its end: model, socket, signals, and everything answered that was let in."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from podium import durable
from podium.advice import options as spelled
from podium.deployed import DeployedModel
from podium.errors import PodiumError, UsageError
from podium.serve.app import Log, build_app
from podium.serve.guard import Guard
from podium.serve.options import ServeOptions
from podium.serve.protocol import TimedProtocol
from podium.serve.service import Service
from podium.stopping import TERMINATIONS, is_ignored

__all__ = ["Started", "open_socket", "run_server"]

_LOOK_S = 0.1
_GRACE_S = 5
_BACKLOG = 2048
_KEEP_S = 75
"""Longer than clients keep a connection (httpx 5 s, aiohttp 15 s, nginx 60 s): else both give it up at once, and a
request that is on its way is lost (seen under load with uvicorn's 5 s and httpx)."""
_LEAST_TOKEN = 16


@dataclass(frozen=True)
class Started:
    """A server that answers.

    Args:
        address: Where, as a URL.
        model: What.
        token: What every request must carry; None where none is needed.
        is_made: Whether the token was made for this start.
    """

    address: str
    model: DeployedModel
    token: str | None = field(repr=False)
    is_made: bool


def run_server(
    model: DeployedModel,
    options: ServeOptions,
    *,
    announce: Callable[[Started], None],
    log: Log,
    log_requests: Log | None = None,
) -> None:
    """Answer requests until SIGTERM, SIGHUP or Ctrl-C; then answer what was let in, and return.

    A second signal ends it at once. Call it from the main thread.

    Args:
        model: What answers.
        options: How.
        announce: Told once, when the model is warm.
        log: Receives a line about an error.
        log_requests: Receives a line a request; None for no such lines.

    Raises:
        UsageError: If the port is taken, the address is not there, the token file has no token, or the system has no
            decode workers.
        PodiumError: If the model cannot be asked.
    """
    if os.name == "nt":
        raise UsageError("a server needs decode workers, which Windows does not have.", fix="Run it on Linux or macOS.")
    token, is_made = _find_token(options)
    door = open_socket(options)
    guard = Guard((options.host, *options.allow_host), frozenset(options.allow_origin), token)
    service = Service(model, options)
    app = build_app(service, guard, log=log, log_requests=log_requests)
    server = uvicorn.Server(_configure(app))
    started = Started(_address(door), model, token, is_made)
    thread = threading.Thread(target=server.run, args=([door],), name="podium-serve")
    with _hearing_signals() as heard:
        thread.start()
        try:
            _wait_for_end(service, thread, heard, lambda: announce(started))
            _drain(service, thread, heard, options.deadline_s)
        finally:
            server.should_exit = True
            server.force_exit = len(heard) > 1
            thread.join()
    if service.failure is not None:
        raise PodiumError(f"the model cannot be asked: {service.failure}.") from service.failure


def open_socket(options: ServeOptions) -> socket.socket:
    """A socket that listens.

    Raises:
        UsageError: If the port is taken, or the address is not one of this machine.
    """
    where = f"{options.host}:{options.port}"
    try:
        found = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, protocol, _, address = found[0]
        return _listen(family, protocol, address)
    except OSError as problem:
        words = (problem.strerror or str(problem)).lower()
        is_port = "in use" in words or "permission" in words
        fix = (
            f"Choose another port; {spelled(port=0)} takes a free one."
            if is_port
            else "Name an address of this machine."
        )
        field_name = "port" if is_port else "host"
        raise UsageError(f"{where} cannot be listened on: {words}.", field=field_name, fix=fix) from None


def _listen(family: int, protocol: int, address: Any) -> socket.socket:
    # With the protocol: asyncio sends small pieces at once only where it reads TCP here (56 ms an answer without).
    door = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # also while old connections of this port time out
        door.bind(address)
        door.listen(_BACKLOG)
        door.setblocking(False)
    except BaseException:
        door.close()
        raise
    return door


def _address(door: socket.socket) -> str:
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _find_token(options: ServeOptions) -> tuple[str | None, bool]:
    """The token, and whether it was made now: one is needed where other machines can ask."""
    if options.token_file is not None:
        return _read_token(options.token_file), False
    if options.is_local and not options.make_token:
        return None, False
    return secrets.token_urlsafe(32), True


def _read_token(path: Path) -> str:
    text = durable.read_bytes(path.expanduser()).decode("latin-1").strip()
    if len(text) < _LEAST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(
            f"a token is one word of at least {_LEAST_TOKEN} letters, digits and signs.", where=path, field="token_file"
        )
    return text


def _configure(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=TimedProtocol,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_KEEP_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


@contextmanager
def _hearing_signals() -> Iterator[list[int]]:
    """Signals that ask to end, as they come."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    wanted = [number for number in (signal.SIGINT, *TERMINATIONS) if not is_ignored(number)]
    before = {number: signal.signal(number, hear) for number in wanted}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_for_end(service: Service, thread: threading.Thread, heard: list[int], announce: Callable[[], None]) -> None:
    is_told = False
    while not heard and thread.is_alive() and service.failure is None:
        if not is_told and service.settled.is_set():
            is_told = True
            if service.failure is None:
                announce()
        thread.join(_LOOK_S)


def _drain(service: Service, thread: threading.Thread, heard: list[int], deadline_s: float) -> None:
    """Let nothing in, and wait until all that is inside is answered; it has its deadline, and so ends."""
    service.admission.is_draining = True
    end = time.monotonic() + deadline_s + 1
    while service.admission.n_images and thread.is_alive() and len(heard) < 2 and time.monotonic() < end:
        time.sleep(_LOOK_S / 4)
