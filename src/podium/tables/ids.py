"""Sample ids: the relative path of an image as plain, comparable text.

An id is NFC-normalised, uses "/" and never holds bytes that are not UTF-8, so it survives every CSV on the way from
the scan to the submission. The path beside it keeps the spelling on disk: a Korean name stored as NFD is found by
its NFC id. A name that is not UTF-8 is written with backslash escapes (`caf\\xe9.jpg`), reversibly.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_text_array", "first_duplicate", "normalise_id", "path_from_text", "path_to_text"]

_NAMES_ARE_UTF8 = sys.getfilesystemencoding().lower().replace("-", "") == "utf8"
"""Not so in a locale such as ko_KR.EUC-KR, where Python reads the bytes of a name as other text than they are."""
_ESCAPED_BYTE = re.compile(rb"\\x([0-9a-f]{2})")


def normalise_id(text: str) -> str:
    """The comparable form of an id: NFC, forward slashes, no leading "./".

    Example:
        >>> normalise_id("./faces\\\\e\\u0301.jpg") == "faces/\\u00e9.jpg"
        True
    """
    if "\\" in text and not re.search(r"\\x[0-9a-f]{2}", text):
        text = text.replace("\\", "/")
    while text.startswith("./"):
        text = text[2:]
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def path_to_text(path: str | PurePath) -> str:
    """A path as UTF-8 text, whatever bytes its names hold; `path_from_text` turns it back."""
    raw = os.fsencode(PurePath(path).as_posix())
    if b"\\x" in raw:
        raw = raw.replace(b"\\x", b"\\x5cx")
    return raw.decode("utf-8", errors="backslashreplace")


def path_from_text(text: str) -> Path:
    """The path that `path_to_text` wrote.

    Example:
        >>> os.fsencode(path_from_text(path_to_text(os.fsdecode(b"a/caf\\xe9.jpg"))))
        b'a/caf\\xe9.jpg'
    """
    is_escaped = "\\x" in text
    if _NAMES_ARE_UTF8 and not is_escaped:
        return Path(text)
    raw = text.encode("utf-8")
    if is_escaped:
        raw = _ESCAPED_BYTE.sub(lambda found: bytes([int(found[1], 16)]), raw)
    return Path(os.fsdecode(raw))


def as_text_array(values: Sequence[str]) -> NDArray[np.object_]:
    """A read-only array of Python strings, shape (N,)."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    array.setflags(write=False)
    return array


def first_duplicate(ids: Sequence[str]) -> str | None:
    """The first id that occurs a second time, or None."""
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            return name
        seen.add(name)
    return None
