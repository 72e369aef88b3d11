"""Boxes of extra images, from the main data's table of boxes: its rows that are called NAME:image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from podium.curate import Scan
from podium.curate.box_table import with_boxes
from podium.texttable import Table, read_table

__all__ = ["with_named_boxes"]


def with_named_boxes(found: Scan, name: str, source: Path | Table | None) -> Scan:
    """The scan of extra data with the boxes of the rows whose image begins with its name and a colon.

    Args:
        found: The extra data; boxes that they bring themselves stay where the table has no row.
        name: Their name, which their ids will begin with.
        source: The main data's table of boxes; None changes nothing, and so does one without such rows.

    Raises:
        TableError: If such rows cannot be read, or name no image of the extra data.
    """
    if source is None:
        return found
    table = source if isinstance(source, Table) else read_table(source)
    images, prefix = table.columns.get("image", []), f"{name}:"
    rows = [row for row, cell in enumerate(images) if cell.startswith(prefix)]
    if not rows:
        return found
    columns = {column: [cells[row] for row in rows] for column, cells in table.columns.items()}
    columns["image"] = [cell.removeprefix(prefix) for cell in columns["image"]]
    return with_boxes(found, replace(table, columns=columns, row_numbers=[table.row_numbers[row] for row in rows]))
