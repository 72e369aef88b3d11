"""The answers that differ between runs, as a table and a page for a person to look at."""

from __future__ import annotations

from pathlib import Path

from podium import durable
from podium.listing import count_of
from podium.metrics.flips import Flip
from podium.report.flip_sheet import draw_flip_sheet, is_flip_sheet
from podium.report.thumbnails import ThumbnailBook
from podium.store import check_list_file
from podium.tables import write_csv
from podium.workflows.compare import Comparison

__all__ = ["check_flip_files", "write_flips"]

_COLUMNS = ("run", *Flip.COLUMNS)
_MOST_SHOWN = 60


def check_flip_files(table: Path) -> None:
    """Raise UsageError where a file would be replaced that is no such list."""
    check_list_file(table, lambda path: durable.read_bytes(path).startswith((",".join(_COLUMNS) + "\r\n").encode()))
    check_list_file(table.with_suffix(".html"), is_flip_sheet)


def write_flips(found: Comparison, table: Path) -> list[Path]:
    """Write every differing answer as CSV, and the clearest ones of each run as a page beside it; gives the files.

    Raises:
        UsageError: If a file of that name is no such list.
        StorageError: If it cannot be written.
    """
    check_flip_files(table)
    rows = [[name, *flip.cells()] for name, flips in found.flips.items() for flip in flips]
    write_csv(table, _COLUMNS, rows)
    lead = (
        f"Answers for {found.main.target} that only one of two runs has right, out of fold, on"
        f" {count_of(found.n_images, 'image')}; the first {_MOST_SHOWN} of each run are shown."
    )
    shown = {name: flips[:_MOST_SHOWN] for name, flips in found.flips.items()}
    page = table.with_suffix(".html")
    durable.write_text(page, draw_flip_sheet(found.main.reference, shown, lead, ThumbnailBook(found.samples)))
    return [table, page]
