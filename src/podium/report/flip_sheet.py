"""Images that one run answers rightly and another wrongly, on one HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from podium import durable
from podium.metrics.flips import Flip
from podium.printable import printable
from podium.report.page import page_frame
from podium.report.thumbnails import ThumbnailBook

__all__ = ["draw_flip_sheet", "is_flip_sheet"]

_MARK = b'<meta name="podium-sheet" content="flips">'


def draw_flip_sheet(reference: str, flips: Mapping[str, Sequence[Flip]], lead: str, book: ThumbnailBook) -> str:
    """The page as text. It loads nothing from elsewhere.

    Args:
        reference: Name of the arm that the others are compared with.
        flips: Per other arm, the answers to show.
        lead: A sentence above them.
        book: Thumbnails of the samples.
    """
    template, page = page_frame("flip_sheet.html")
    sides = [
        {
            "name": name,
            "right": [flip for flip in found if flip.became_right],
            "wrong": [flip for flip in found if not flip.became_right],
        }
        for name, found in flips.items()
    ]
    given: dict[str, Any] = {"reference": reference, "lead": lead, "sides": sides, "thumbnail": book.take}
    return printable(template.render(page | given), keep="\n\t")


def is_flip_sheet(path: Path) -> bool:
    """Whether a file is such a page, which may be replaced by a newer one."""
    return _MARK in durable.read_bytes(path)[:1000]
