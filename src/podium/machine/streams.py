"""Standard output and error of a process: that nobody can read them must not end, fail or shorten its work."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

__all__ = ["LossyStream", "lossy_streams"]


class LossyStream(io.TextIOBase):
    """A stream that drops what its reader, or the disk behind it, does not take; all else is the stream's.

    Args:
        stream: Where to write.

    Attributes:
        loss: The first error met; None while everything was taken.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.loss: OSError | ValueError | None = None

    def write(self, text: str) -> int:
        """Write what is taken; gives the length of the text."""
        try:
            self._stream.write(text)
        except (OSError, ValueError) as error:  # a ValueError if somebody closed it
            self.loss = self.loss or error
        return len(text)

    def flush(self) -> None:
        """Flush what is taken."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self.loss = self.loss or error

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Its file descriptor."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Always: what cannot be written is dropped."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of its text."""
        return self._stream.encoding or "utf-8"

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """What happens to characters that the encoding lacks."""
        return self._stream.errors

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def lossy_streams() -> Iterator[LossyStream]:
    """Standard output and error as lossy streams that take every character; gives standard output.

    An old console, or a file name that is no text, must not end a training either.
    """
    _occupy_descriptors()
    before = sys.stdout, sys.stderr
    streams = [LossyStream(_make_able(stream)) for stream in before]
    sys.stdout, sys.stderr = streams
    try:
        yield streams[0]
    finally:
        sys.stdout, sys.stderr = before
        for stream in streams:
            stream.flush()
            if stream.loss is not None:
                _drop_rest(stream)


def _occupy_descriptors() -> None:
    """Where standard streams were closed (`2>&-`), the next file opened would get their number, and what a library
    prints would be written into it."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number


def _make_able(stream: TextIO | None) -> TextIO:
    if stream is None:
        return io.StringIO()  # it was closed, and nobody reads it
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _drop_rest(stream: LossyStream) -> None:
    """Let what is still in the buffer go nowhere: Python would complain again when it flushes at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()
