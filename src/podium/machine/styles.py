"""Whether a stream is to get colours, bold letters and moving bars."""

from __future__ import annotations

import os
from typing import TextIO

__all__ = ["wants_styles"]


def wants_styles(stream: TextIO) -> bool:
    """True for a terminal, unless NO_COLOR is set to anything or TERM says that it can only print (`dumb`).

    Source:
        https://no-color.org.
    """
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("dumb", "unknown")
