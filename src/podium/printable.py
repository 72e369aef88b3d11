"""Text from the data as a terminal, a log and a page can show it: nothing in it gives them orders."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["is_harmless", "printable"]

_UNSURE = re.compile(r"[^\x20-\x7e]")
_JOINERS = "\u200c\u200d"
"""Parts of Persian and Indic words and of emoji; they have no width and give no orders."""


def printable(text: str, *, keep: str = "") -> str:
    r"""The text with what would break its line or command a terminal written as an escape, such as `\x1b` or `\u202e`.

    That is control characters, line breaks, marks that turn the direction of writing, and halves of characters.

    Args:
        text: Any text, such as a file name or a class.
        keep: Characters to leave as they are.

    Example:
        >>> printable("caf\u00e9\x1b[31m")
        'café\\x1b[31m'
    """
    return _UNSURE.sub(lambda found: found[0] if found[0] in keep or is_harmless(found[0]) else _escape(found[0]), text)


def is_harmless(letter: str) -> bool:
    """Whether a character is only seen."""
    return letter.isprintable() or letter in _JOINERS or unicodedata.category(letter) == "Zs"


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
