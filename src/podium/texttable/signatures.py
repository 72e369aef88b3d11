"""Files that are no text, known by their first bytes."""

from __future__ import annotations

from pathlib import Path

from podium.errors import TableError

__all__ = ["refuse_other_formats"]

_SAVE = "Save the sheet as CSV in UTF-8."
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "Unpack it, or save the sheet as CSV in UTF-8."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first."),
    (b"BZh91AY&SY", "a bzip2 archive", "Unpack it first."),
    (b"\xfd7zXZ\x00", "an xz archive", "Unpack it first."),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it first."),
    (b"Rar!\x1a\x07", "a rar archive", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "Unpack it first."),
    (b"PAR1", "a Parquet file", "Give it the file extension .parquet, or save it as CSV."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", _SAVE),
    (b"%PDF", "a PDF", "Name the table."),
    (b"\x89PNG", "an image", "Name the table."),
    (b"\xff\xd8\xff", "an image", "Name the table."),
    (b"SQLite format 3\x00", "a database", "Save the table as CSV in UTF-8."),
)


def refuse_other_formats(data: bytes, where: Path) -> None:
    """Refuse a file that is no text.

    Raises:
        TableError: If the bytes start as a file of another format does; names it.
    """
    for start, what, fix in _SIGNATURES:
        if data.startswith(start):
            raise TableError(f"this is {what}, not a text table.", where=where, fix=fix)
