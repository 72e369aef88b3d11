"""A request that is not answered: a status, a code for programs, and one line for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.images import Outcome

__all__ = ["Refusal", "refusal_of"]

_STATUS = {Outcome.TOO_LARGE: 413, Outcome.TOO_MANY_BYTES: 413, Outcome.OUT_OF_MEMORY: 413}


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """Leaves a handler with another answer than the one asked for.

    Args:
        status: Status of HTTP.
        code: What happened, for programs.
        message: The same for people. It names nothing of this machine.
        retry_after_s: When to ask again.
        closes: Whether the connection ends, because the rest of the request is not read.
        more: Further fields of the answer.
        headers: Further headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        retry_after_s: int | None = None,
        closes: bool = False,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = dict(more or {})
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["retry-after"] = str(retry_after_s)
        if closes:
            self.headers["connection"] = "close"

    def to_dict(self) -> dict[str, Any]:
        """The body of the answer."""
        return {"error": {"code": self.code, "message": self.message}, **self.more}


def refusal_of(outcome: Outcome, reason: str, *, more: Mapping[str, Any] | None = None) -> Refusal:
    """The refusal of a request of which no image can be decoded."""
    return Refusal(_STATUS.get(outcome, 422), outcome.value, reason, more=more)
