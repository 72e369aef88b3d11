"""The body of a request, read whole into memory: within its cap, whatever it declares, and within its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from podium.serve.admission import Held
from podium.serve.refusal import Refusal

__all__ = ["read_body"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_MOST_DIGITS = 18
_LINGER_S = 1.0
"""A client that is still sending is listened to for so long, or it would not hear why it is refused."""


async def read_body(receive: Receive, headers: Mapping[str, str], *, max_bytes: int, until: float, held: Held) -> bytes:
    """The body.

    Args:
        receive: Gives its next piece.
        headers: The headers of the request.
        max_bytes: Its cap.
        until: Its deadline, in the clock of the event loop.
        held: Counts its bytes.

    Raises:
        Refusal: If it is larger (413), too slow (408) or ends early (400), or too much is held (503).
    """
    try:
        async with asyncio.timeout_at(until):
            return await _read(receive, headers, max_bytes, held)
    except TimeoutError:
        raise Refusal(408, "too_slow", "the request did not arrive within the deadline.", closes=True) from None


async def _read(receive: Receive, headers: Mapping[str, str], max_bytes: int, held: Held) -> bytes:
    too_large = Refusal(413, "body_too_large", f"the limit of a request is {max_bytes} bytes.", closes=True)
    declared = headers.get("content-length", "0")
    if len(declared) > _MOST_DIGITS or (declared.isdecimal() and int(declared) > max_bytes):
        if "expect" not in headers:  # that client waits to hear whether it should send
            await _linger(receive, max_bytes)
        raise too_large
    pieces: list[bytes] = []
    n_bytes = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "cut_short", "the request ended before its body did.", closes=True)
        piece = message.get("body", b"")
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            pieces.clear()
            await _linger(receive, max_bytes)
            raise too_large
        held.take(len(piece))
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _linger(receive: Receive, most: int) -> None:
    """Throws away a part of what is still sent."""
    try:
        async with asyncio.timeout(_LINGER_S):
            while most > 0:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
                most -= len(message.get("body", b""))
    except TimeoutError:
        return
