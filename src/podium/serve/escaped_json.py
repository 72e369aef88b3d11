"""JSON as an answer: text that gives no terminal orders, numbers to their last bit."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.responses import Response

from podium.printable import is_harmless

__all__ = ["EscapedJson"]

_UNSURE = re.compile(r"[^\x20-\x7e]")


class EscapedJson(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content as bytes; characters that command a terminal, and halves of characters, are escaped."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return (text if text.isascii() else _UNSURE.sub(_escape, text)).encode() + b"\n"


def _escape(found: re.Match[str]) -> str:
    return found[0] if is_harmless(found[0]) else json.dumps(found[0])[1:-1]
