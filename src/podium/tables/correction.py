"""Corrections of labels as data: an overlay over a table of samples, whose source is never written to.

A row says which label of which image changes from what to what, who decided it, why and when. Without the row the
label is what it was: that is the undo.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from podium.tables.csv_cells import write_csv

__all__ = ["DROP", "Correction", "digest_corrections", "save_corrections"]

DROP = "drop"
"""A new label that leaves the image out."""


class Correction(NamedTuple):
    """A row of an overlay.

    Args:
        image: Id of the image.
        head: The head; "head=label" for one label of a multi-label head. May be empty where the image is dropped.
        old: The label that the source gives, to be sure that the row speaks of this very label; "" where it is missing.
            "0" or "1" for one label of a multi-label head.
        new: The right label; "drop" leaves the image out. Equal to `old`, it says that somebody looked.
        who: Who decided it.
        why: Why.
        when: When.
    """

    image: str
    head: str
    old: str
    new: str
    who: str = ""
    why: str = ""
    when: str = ""

    @property
    def is_drop(self) -> bool:
        """Whether the image is left out."""
        return self.new == DROP


def digest_corrections(corrections: Iterable[Sequence[str]]) -> str:
    """SHA-256 of an overlay, independent of the order of its rows."""
    rows = sorted(list(map(str, row)) for row in corrections)
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def save_corrections(corrections: Iterable[Correction], path: Path) -> None:
    """Write an overlay as a CSV that a spreadsheet opens safely."""
    write_csv(path, Correction._fields, corrections)
