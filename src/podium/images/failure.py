"""Which outcome a failed decode has, and the one line that says why."""

from __future__ import annotations

import errno
import io

from PIL import Image, UnidentifiedImageError

from podium.errors import PodiumError
from podium.images.colour import UnsupportedModeError
from podium.images.container import is_cut_short, sniff_format
from podium.images.outcome import Outcome

__all__ = ["SHORTAGES", "Refusal", "ShortageError", "name_failure", "shortage_of"]

SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""What the operating system says when it has no more of something, whichever file is asked for."""

_UNSUPPORTED_WORDS = ("unsupported", "cannot handle")
# Also what a damaged header leads to, so that a file which ends early is looked for first.
_DOUBTFUL_WORDS = ("unknown pixel mode", "not available")


class Refusal(Exception):  # noqa: N818 - a decision about a file, not a fault
    """Leaves the decode with an outcome other than OK. Never leaves this room."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


class ShortageError(PodiumError):
    """The system has no file descriptors or no memory left; no file is to blame."""


def shortage_of(error: OSError) -> ShortageError:
    """The shortage that the operating system speaks of."""
    words = error.strerror or str(error)
    return ShortageError(
        f"files cannot be opened: {words[0].lower()}{words[1:]}.",
        fix="Close other programs, or raise the limit (ulimit -n for files), and run the same command again.",
    )


def name_failure(data: bytes, error: Exception) -> tuple[Outcome, str]:
    """The outcome that an exception of the decoder means, and one line about it.

    Pillow raises about ten types of exception for damaged files, and the same type for different causes; the text
    of the message and the structure of the file decide.
    """
    kind = sniff_format(data) or "image"
    if isinstance(error, UnidentifiedImageError):
        error = _find_cause(data, kind) or error
    if isinstance(error, MemoryError):
        return Outcome.OUT_OF_MEMORY, f"{kind}: out of memory while decoding"
    reason = f"{kind}: {' '.join(str(error).split())[:200] or type(error).__name__}"
    return _choose_outcome(data, error, reason.lower()), reason


def _choose_outcome(data: bytes, error: Exception, text: str) -> Outcome:
    if isinstance(error, Image.DecompressionBombError):
        return Outcome.TOO_LARGE
    if isinstance(error, UnsupportedModeError) or any(words in text for words in _UNSUPPORTED_WORDS):
        return Outcome.UNSUPPORTED_FORMAT
    if "truncated" in text or is_cut_short(data):
        return Outcome.TRUNCATED
    if any(words in text for words in _DOUBTFUL_WORDS):
        return Outcome.UNSUPPORTED_FORMAT
    return Outcome.BROKEN


def _find_cause(data: bytes, kind: str) -> Exception | None:
    """Why a plugin refuses a header: `Image.open` keeps it to itself, the plugin tells."""
    try:
        Image.OPEN[kind][0](io.BytesIO(data), "")
    except Exception as error:
        return error
    return None
