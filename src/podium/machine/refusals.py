"""What the machine refused: memory or a file, in whatever kind of error a library says so."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from podium.errors import PodiumError, StorageError

__all__ = ["name_refusal"]

_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "bad_alloc",
    "can't start new thread",
    "failed to map segment",
)
"""Of the texts of torch, of the dynamic linker, of C++ and of Python's threads."""
_MOST_CAUSES = 10


def name_refusal(error: BaseException) -> PodiumError | None:
    """The error that names what the operating system refused; None where a fault of ours is more likely.

    Args:
        error: An error that nobody foresaw; its causes are looked at too.
    """
    named: PodiumError | None = None
    if any(map(_is_lack_of_memory, _with_causes(error))):
        named = PodiumError(
            "out of memory.",
            fix="Use smaller images or batches, or fewer processes or threads; close other programs, or raise the limit"
            " (ulimit -v) if there is one. Finished work is kept.",
        )
    elif isinstance(error, OSError):
        reason = error.strerror or str(error) or type(error).__name__
        named = StorageError(f"the operating system refused: {reason}.", where=error.filename)
    if named is not None:
        named.__cause__ = error
    return named


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__


def _is_lack_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    is_telling = isinstance(error, (RuntimeError, ImportError, OSError, SystemError))
    return is_telling and any(words in str(error).lower() for words in _NO_MEMORY)
