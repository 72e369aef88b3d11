"""Names of what is unfinished: whose it is stands in the name, so that what a killed process left can be told."""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
import zlib
from contextlib import suppress
from pathlib import Path

__all__ = ["is_abandoned", "is_leftover", "temporary_path"]

_PREFIX, _SUFFIX = ".podium-", ".tmp"
_NAME = re.compile(r"\.podium-(?P<pid>\d+)-(?:(?P<host>[0-9a-f]{8})-)?[0-9a-f]+\.tmp")
_LONGEST_WRITE_S = 24 * 3600.0
"""No write takes as long: what is older is abandoned, whoever made it."""


def temporary_path(folder: Path) -> Path:
    """A name in `folder` for something unfinished. Short, so that a name of 255 bytes has a temporary one too."""
    return folder / f"{_PREFIX}{os.getpid()}-{_host()}-{secrets.token_hex(4)}{_SUFFIX}"


def is_leftover(name: str) -> bool:
    """Whether a name is one that `temporary_path` gives."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def is_abandoned(path: Path) -> bool:
    """Whether this is unfinished and surely nobody is writing it any more: its process ended, or it is a day old."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        return False
    if found["host"] == _host() and os.name != "nt":  # asking for a process ends it on Windows
        try:
            os.kill(int(found["pid"]), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
    try:
        return time.time() - path.lstat().st_mtime > _LONGEST_WRITE_S
    except OSError:
        return False


def _host() -> str:
    """This machine and, in a container, its own list of processes; 8 hex digits."""
    name = socket.gethostname()
    with suppress(OSError, AttributeError):
        name += os.readlink("/proc/self/ns/pid")  # noqa: PTH115
    return f"{zlib.crc32(name.encode('utf-8', 'surrogateescape')):08x}"
