"""Options that changed nothing, because what they speak of was not there."""

from __future__ import annotations

from podium.advice import option
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows
from podium.listing import list_some

__all__ = ["find_idle_options"]

_OF_TABLES = (
    *("image_column", "label_delim", "split_column", "delimiter", "encoding", "header"),
    *("allow_missing_files", "duplicates"),
)


def find_idle_options(rows: Rows, options: ScanOptions) -> list[str]:
    """A note on each option that was given and had no effect."""
    plain = ScanOptions()
    given = [name for name in _OF_TABLES if getattr(options, name) != getattr(plain, name)]
    notes = []
    if rows.origin in ("folders", "pattern"):
        idle = [name for name in given if rows.origin == "folders" or name not in ("label_delim", "split_column")]
        if idle:
            notes.append(f"{list_some([option(name) for name in idle])} had no effect, for no table was read.")
    if options.allow_unmatched and rows.origin != "pattern":
        notes.append(f"{option('allow_unmatched')} had no effect, for no pattern was given.")
    cells = {cell.strip() for column in rows.columns.values() for cell in column}
    gone = [value for value in options.missing_values if value.strip() not in cells]
    if gone:
        notes.append(f"No cell is {list_some([repr(value) for value in gone])}, as {option('missing_values')} says.")
    return notes
