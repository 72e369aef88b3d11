"""A command in Python's UTF-8 mode, whatever the locale: file names are then what tables and people call them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["restart_in_utf8_mode"]


def restart_in_utf8_mode() -> None:
    """Start this process again where the locale would read file names in another encoding (ko_KR.EUC-KR, C).

    File names are bytes, nearly everywhere UTF-8. Read as EUC-KR, or as ASCII where Python's UTF-8 mode is off, they
    are other text than a table has for them. Output keeps the terminal's encoding. Returns where nothing is to be done,
    or the mode is refused (`python -E`).

    Source:
        PEP 540, which makes this the only mode from Python 3.15 on.
    """
    is_utf8 = sys.getfilesystemencoding().lower().replace("-", "") == "utf8"
    if is_utf8 or os.environ.get("PYTHONUTF8") == "1":
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    with suppress(OSError, UnicodeEncodeError):
        arguments = [os.fsencode(sys.executable), *_read_arguments()[1:]]
        output = {b"PYTHONIOENCODING": f"{encoding}:backslashreplace".encode()}
        os.execve(arguments[0], arguments, output | dict(os.environb) | {b"PYTHONUTF8": b"1"})


def _read_arguments() -> list[bytes]:
    """This process's arguments as they were given: what a locale made of them cannot always be turned back."""
    try:
        return Path("/proc/self/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:  # not Linux
        return [os.fsencode(word) for word in sys.orig_argv]
