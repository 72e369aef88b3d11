"""HTTP on a connection, with a time for a request's head: who sends it byte by byte holds nothing for long."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEAD_S", "TimedProtocol"]

HEAD_S = 10.0
"""Seconds from a connection, or from the first byte of a later request, to the end of its head."""


class TimedProtocol(H11Protocol):
    """Uvicorn's protocol, which waits for the head of a request for ever."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._head_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Stops the clock where the head is complete."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        super().connection_lost(exc)
        self._stop_clock()

    def _watch(self) -> None:
        is_waiting = self.cycle is None or (self.cycle.response_complete and self.timeout_keep_alive_task is None)
        if not is_waiting:
            self._stop_clock()
        elif self._head_due is None:
            self._head_due = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_clock(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None
