"""Suspect labels on one HTML page, image by image, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from podium import durable
from podium.printable import printable
from podium.report.page import page_frame
from podium.report.thumbnails import ThumbnailBook
from podium.suspects import GroupSuspect, Suspect

__all__ = ["draw_label_sheet", "is_label_sheet"]

_MARK = b'<meta name="podium-sheet" content="labels">'


def draw_label_sheet(
    title: str, lead: str, suspects: Sequence[Suspect], groups: Sequence[GroupSuspect], book: ThumbnailBook
) -> str:
    """The page as text. It loads nothing from elsewhere.

    Args:
        title: What the suspects are of, such as the run's name.
        lead: A sentence above them.
        suspects: The labels, the most suspect first.
        groups: Groups that are judged as a whole; may be empty.
        book: Thumbnails of the samples.
    """
    template, page = page_frame("label_sheet.html")
    given: dict[str, Any] = {"title": title, "lead": lead, "suspects": suspects, "groups": groups}
    return printable(template.render(page | given | {"thumbnail": book.take}), keep="\n\t")


def is_label_sheet(path: Path) -> bool:
    """Whether a file is a page of suspect labels, which may be replaced by a newer one."""
    return _MARK in durable.read_bytes(path)[:1000]
