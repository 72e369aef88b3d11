"""A CSV, TSV, JSON Lines or Parquet file as columns of text. Nothing is converted: 007 stays 007 and NA stays NA."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podium.curate.encodings import decode_text
from podium.curate.json_rows import JSON_ENDINGS, read_json_rows
from podium.curate.list_cells import write_list_cell
from podium.errors import SourceError, nearest_name

__all__ = ["TABLE_ENDINGS", "Table", "read_table"]

TABLE_ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")
"""Endings of files that are taken for tables without being named; .json may be anything."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SNIFFED = 65536


@dataclass(frozen=True)
class Table:
    """A table of text cells.

    Args:
        path: The file.
        columns: Cells by column name.
        row_numbers: Row of each record as a spreadsheet counts them; the header is row 1.
        encoding: Encoding it was read with.
        notes: What the user should know.
    """

    path: Path
    columns: dict[str, list[str]]
    row_numbers: list[int]
    encoding: str = "utf-8"
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.row_numbers)

    def column(self, name: str, option: str) -> list[str]:
        """The cells of a column.

        Raises:
            SourceError: If there is none of that name; lists the columns and the nearest one.
        """
        if name in self.columns:
            return self.columns[name]
        near = nearest_name(name, self.columns)
        raise SourceError(
            f"no column {name!r}; columns are {list(self.columns)}.",
            where=self.path,
            fix=f"Did you mean {option} {near}?" if near else f"Name one of them with {option}.",
        )


def read_table(path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> Table:
    """The table, as text.

    Args:
        path: A Parquet file, rows of JSON, or text with a header row.
        delimiter: Character between two cells; sniffed among comma, semicolon, tab and pipe when None.
        encoding: Encoding of the text; found out when None.

    Raises:
        SourceError: If there is no such file, it has no header or no rows, a column name occurs twice, or a row has
            another number of cells than the header; names the rows.
    """
    if not path.is_file():
        raise _no_such_table(path)
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    if path.suffix.lower() in JSON_ENDINGS:
        return _read_json(path, encoding)
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        raise SourceError("spreadsheet files are not read.", where=path, fix="Save the sheet as CSV in UTF-8.")
    text, encoding_used = decode_text(path.read_bytes(), where=path, encoding=encoding)
    named, text = _split_excel_line(text)
    mark = delimiter or named or _sniff_delimiter(text)
    records = _parse(text, mark, path)
    if not records:
        raise SourceError("the table is empty.", where=path, fix="It needs a header row and a row for every image.")
    header = [name.strip() for name in records[0][1]]
    _check_delimiter(header, mark, path)
    names = _name_columns(header, path)
    body = _check_lengths(records[1:], len(header), path)
    if not body:
        raise SourceError(
            f"the table has a header {header} but no rows.", where=path, fix="It needs a row for every image."
        )
    columns = {name: [cells[i] for _, cells in body] for i, name in enumerate(names)}
    notes = _reading_notes(path, mark, encoding_used, delimiter, encoding)
    return Table(path, columns, [number for number, _ in body], encoding_used, notes)


def _no_such_table(path: Path) -> SourceError:
    beside = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
    tables = [name for name in beside if name.lower().endswith(TABLE_ENDINGS)]
    near = nearest_name(path.name, tables)
    if near:
        fix = f"Did you mean {near!r}?"
    else:
        fix = f"Tables in that folder: {', '.join(tables[:10])}." if tables else "There is no table in that folder."
    kind = "is a folder, not a table" if path.is_dir() else "table does not exist"
    return SourceError(f"{kind}.", where=path, fix=fix)


def _sniff_delimiter(text: str) -> str:
    """The delimiter that divides the first rows most evenly; a comma where none divides them at all."""
    scores = {}
    for mark in _DELIMITERS:
        widths = _first_widths(text, mark)
        even = sum(width == widths[0] for width in widths) / len(widths) if widths else 0.0
        scores[mark] = (widths[0] > 1 and even > 0.5, even, widths[0]) if widths else (False, 0.0, 0)
    best = max(scores, key=lambda mark: scores[mark])
    return best if scores[best][0] else ","


def _first_widths(text: str, mark: str) -> list[int]:
    """Cells in each of the first rows that are not empty."""
    widths: list[int] = []
    try:
        for cells in csv.reader(io.StringIO(text[:_SNIFFED], newline=""), delimiter=mark):
            if any(cell.strip() for cell in cells):
                widths.append(len(cells))
    except csv.Error:  # a cell longer than csv takes; what came before it counts
        pass
    if len(widths) > 1 and len(text) > _SNIFFED:
        widths.pop()  # it may be cut
    return widths[:60]


def _split_excel_line(text: str) -> tuple[str | None, str]:
    """The delimiter that a first line such as `sep=;` names for Excel, and the text with that line emptied."""
    found = re.match(r'"?sep=(.)"?(?=[\r\n])', text, re.IGNORECASE)
    return (found[1], text[found.end() :]) if found else (None, text)


def _parse(text: str, delimiter: str, path: Path) -> list[tuple[int, list[str]]]:
    """Records with their spreadsheet row numbers; rows without any cell are skipped but counted."""
    if len(delimiter) != 1:
        raise SourceError(
            f"the delimiter must be one character, got {delimiter!r}.", where=path, fix="Try --delimiter ','."
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = []
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                records.append((number, cells))
    except csv.Error as error:
        raise SourceError(
            f"line {reader.line_num} cannot be read: {error}.",
            where=path,
            fix="Look for a quotation mark that is not closed, or name the delimiter with --delimiter.",
        ) from error
    return records


def _check_delimiter(header: Sequence[str], mark: str, path: Path) -> None:
    if len(header) > 1:
        return
    for other, name in _DELIMITERS.items():
        if other != mark and other in header[0]:
            raise SourceError(
                f"the header is one column {header[0]!r} when cells are divided by {mark!r}; it looks divided by"
                f" {name}s.",
                where=path,
                fix=f"Set --delimiter {other!r}.",
            )


def _name_columns(header: Sequence[str], path: Path) -> list[str]:
    names = [name or f"column {i + 1}" for i, name in enumerate(header)]
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        raise SourceError(f"column names occur twice: {again}.", where=path, fix="Rename them in the header row.")
    return names


def _check_lengths(records: list[tuple[int, list[str]]], width: int, path: Path) -> list[tuple[int, list[str]]]:
    """Records of exactly `width` cells; empty cells past the end are cut off."""
    body, wrong = [], []
    for number, cells in records:
        while len(cells) > width and not cells[-1].strip():
            cells = cells[:-1]
        if len(cells) == width:
            body.append((number, cells))
        else:
            wrong.append(f"row {number} has {len(cells)} cells: {cells[:6]}")
    if wrong:
        raise SourceError(
            f"{len(wrong)} rows do not have the header's {width} cells.",
            where=path,
            fix="Quote cells that hold the delimiter, or name it with --delimiter.",
            details=wrong,
        )
    return body


def _reading_notes(
    path: Path, mark: str, encoding_used: str, delimiter: str | None, encoding: str | None
) -> tuple[str, ...]:
    notes = []
    if (
        delimiter is None
        and mark in _DELIMITERS
        and mark != ","
        and not (mark == "\t" and path.suffix.lower() == ".tsv")
    ):
        notes.append(f"{path.name} is divided by {_DELIMITERS[mark]}s (--delimiter {mark!r}).")
    if encoding is None and encoding_used not in ("utf-8", "utf-8-sig"):
        sure = "" if encoding_used.startswith(("utf", "cp949")) else "; look whether names came out right"
        notes.append(f"{path.name} was read as {encoding_used} (--encoding {encoding_used}){sure}.")
    return tuple(notes)


def _read_json(path: Path, encoding: str | None) -> Table:
    text, encoding_used = decode_text(path.read_bytes(), where=path, encoding=encoding)
    cells, row_numbers = read_json_rows(text, path)
    if not row_numbers:
        raise SourceError("the table has no rows.", where=path, fix="It needs a row for every image.")
    names = _name_columns(list(cells), path)
    notes = _reading_notes(path, ",", encoding_used, None, encoding)
    return Table(path, dict(zip(names, cells.values(), strict=True)), row_numbers, encoding_used, notes)


def _read_parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:  # by its path pyarrow finds no file in a folder whose name is not UTF-8
            frame = pq.ParquetFile(file).read()
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"not a readable Parquet file: {error}",
            where=path,
            fix="Write it again; a table that is text needs the ending .csv.",
        ) from error
    names = _name_columns([str(name) for name in frame.column_names], path)
    columns = {
        name: [_cell_text(value) for value in column.to_pylist()]
        for name, column in zip(names, frame.columns, strict=True)
    }
    if not frame.num_rows:
        raise SourceError("the table has no rows.", where=path, fix="It needs a row for every image.")
    return Table(path, columns, list(range(2, frame.num_rows + 2)))


def _cell_text(value: Any) -> str:
    if value is None or value != value:  # None, or a number that is not one
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, (list, tuple)):
        return write_list_cell([_cell_text(item) for item in value])
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)
