"""All that `auto` did as one page: the number, the answer, the way there, the submission."""

from __future__ import annotations

import os
from pathlib import Path

from podium import durable
from podium.printable import printable
from podium.report.page import page_frame
from podium.searches.auto_result import AutoResult

__all__ = ["draw_auto"]


def draw_auto(result: AutoResult) -> None:
    """Write auto.html; an older one is replaced.

    Raises:
        StorageError: If it cannot be written.
    """
    template, frame = page_frame("auto.html")
    facts = {"title": result.folder.name, "result": result, "pages": _pages(result)}
    durable.write_text(result.folder.page_file, printable(template.render(frame | facts), keep="\n\t"))


def _pages(result: AutoResult) -> list[tuple[str, str, str]]:
    """Pages that say more: title, what is on it, and the way from this page."""
    folder = result.folder
    pages = [
        ("audit", "what is odd about the images and labels", folder.audit_folder / "audit.html"),
        ("search", "every recipe that was tried", folder.search.page_file),
        ("report of the answer", "scores, confusion, mistakes", result.answer.report_file),
    ]
    return [(title, about, _way(path, folder.path)) for title, about, path in pages if path.is_file()]


def _way(path: Path, start: Path) -> str:
    return os.path.relpath(path, start).replace(os.sep, "/")
