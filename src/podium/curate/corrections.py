"""The overlay of corrections that `ScanOptions.corrections` names: read, and laid over what was scanned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from podium.errors import TableError
from podium.listing import count_of
from podium.tables import Correction, correct_samples, normalise_id
from podium.tables.csv_cells import plain_cell
from podium.texttable import Table, read_table

if TYPE_CHECKING:
    from podium.curate.scan import Scan

__all__ = ["correct_scan", "read_corrections"]

_NEEDED, _OPTIONAL = ("image", "head", "old", "new"), ("who", "why", "when")


def read_corrections(source: Path | Table) -> tuple[list[Correction], list[int]]:
    """The rows of an overlay, and the place of each as a spreadsheet counts. Other columns are not looked at.

    Raises:
        TableError: If the table cannot be read, a column is missing or a row says nothing new.
    """
    table = source if isinstance(source, Table) else read_table(source, may_be_empty=True)
    absent = [name for name in _NEEDED if name not in table.columns]
    if absent:
        raise TableError(
            f"a table of corrections needs the columns {', '.join(_NEEDED)}; missing: {', '.join(absent)}.",
            where=table.path,
            field="corrections",
            fix="`podium labels` drafts one that has them.",
        )
    cells = [table.columns[name] for name in _NEEDED]
    cells += [table.columns.get(name, [""] * len(table)) for name in _OPTIONAL]
    rows = [Correction(*(plain_cell(cell.strip()) for cell in row)) for row in zip(*cells, strict=True)]
    for number, row in zip(table.row_numbers, rows, strict=True):
        if not row.image or not row.new:
            missing = "image" if not row.image else "new"
            raise TableError(
                f"row {number}: the cell {missing!r} is empty.",
                where=table.path,
                field="corrections",
                fix="Write the right label, or 'drop' to leave the image out; to change nothing, remove the row.",
            )
    return [row._replace(image=normalise_id(row.image)) for row in rows], table.row_numbers


def correct_scan(found: Scan, source: Path | Table) -> Scan:
    """The scan with the overlay laid over its samples, and a note on what it changed.

    Raises:
        TableError: If the overlay cannot be read.
        LabelError: If a row does not fit the samples; names it.
    """
    rows, numbers = read_corrections(source)
    path = source.path if isinstance(source, Table) else source
    if not rows:
        said = f"Corrections of {path.name}: none yet, the table has a header alone."
        return replace(found, notes=(*found.notes, said))
    samples = correct_samples(found.samples, rows, numbers=numbers, where=path)
    n_dropped, n_same = len(found.samples) - len(samples), sum(row.new == row.old for row in rows)
    n_changed = sum(not row.is_drop for row in rows) - n_same
    parts = [f"{count_of(n_changed, 'label')} corrected", f"{count_of(n_dropped, 'image')} dropped"]
    if n_same:
        parts.append(f"{count_of(n_same, 'label')} confirmed")
    note = f"Corrections of {path.name}: {', '.join(parts)}. The data themselves are as they were."
    return replace(found, samples=samples, notes=(*found.notes, note))
