"""A text table kept byte by byte, with the meaning of its cells beside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from podium import durable
from podium.advice import option, options
from podium.errors import TableError, UnknownNameError
from podium.listing import count_of
from podium.texttable.column_names import check_column_names
from podium.texttable.delimiters import DELIMITERS, find_delimiter, is_blank, is_row_count
from podium.texttable.encodings import decode_table
from podium.texttable.raw_cells import SPACES, RawRow, cell_value, join_cells, quote_like, split_rows

__all__ = ["RawTable", "read_raw_table"]

_EXCEL_LINE = re.compile(r'"?sep=(.)"?(?=[\r\n])', re.IGNORECASE)
_ROWS = "It needs one row per image."
_SEEN = 20
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as text. Cells are never turned into numbers, so 007 and NA stay what they are.

    Args:
        path: The file.
        encoding: Its text encoding, without a mark.
        mark: Its byte order mark, or b"".
        delimiter: What separates cells; `SPACES` for runs of spaces and tabs.
        columns: Column names in Unicode form NFC, without quotes and spaces around them; `column_1` and so on where the
            table gives none.
        top: What stands before the header: empty lines, Excel's line `sep=;`, a lone number of rows.
        header: The raw header row; None where the first row is data.
        rows: The raw rows below it, in the file's order. Empty lines after a row are part of its line end.
        row_numbers: Place of each row in the file, as a spreadsheet counts; the first row is 1.
        notes: What the user should know about the reading.
    """

    path: Path
    encoding: str
    mark: bytes
    delimiter: str
    columns: tuple[str, ...]
    top: str = field(repr=False)
    header: RawRow | None = field(repr=False)
    rows: tuple[RawRow, ...] = field(repr=False)
    row_numbers: tuple[int, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def line_end(self) -> str:
        """The line end of the first row, "" where the file is one line without one."""
        found = _LINE_END.search((self.header or self.rows[0])[1])
        return found.group() if found else ""

    def place(self, column: str) -> int:
        """Position of a column.

        Raises:
            UnknownNameError: If there is none of that name.
        """
        if column not in self.columns:
            raise UnknownNameError("column", column, self.columns, where=self.path)
        return self.columns.index(column)

    @cached_property
    def _values(self) -> tuple[tuple[str, ...], ...]:
        by_column = zip(*(cells for cells, _ in self.rows), strict=True) if self.rows else [()] * len(self.columns)
        is_spaced = self.delimiter == SPACES
        return tuple(
            tuple(cell_value(raw, self.delimiter) if is_spaced or raw[:1] == '"' else raw for raw in column)
            for column in by_column
        )

    def cells(self, column: str) -> tuple[str, ...]:
        """The values of a column, one a row, without quotes. Spaces around a value are kept, unless they divide."""
        return self._values[self.place(column)]

    def fill(self, answers: Mapping[str, Sequence[str | None]]) -> bytes:
        """The bytes of the file with new values in some columns.

        Args:
            answers: Per column, one value a row; None keeps the cell as it stands.

        Raises:
            TableError: If a value cannot be written in the file's encoding.
        """
        places = [(self.place(column), values) for column, values in answers.items()]
        pieces = [self.top]
        if self.header is not None:
            pieces += (join_cells(self.header[0], self.delimiter), self.header[1])
        for number, (raw, end) in enumerate(self.rows):
            cells = list(raw)
            for place, values in places:
                value = values[number]
                if value is not None:
                    cells[place] = quote_like(value, raw[place], self.delimiter)
            pieces += (join_cells(cells, self.delimiter), end)
        return self.mark + self._encode("".join(pieces))

    def _encode(self, text: str) -> bytes:
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise TableError(
                f"{text[error.start : error.end][:20]!r} cannot be written in {self.encoding}, the table's encoding.",
                where=self.path,
                fix="Save the table as UTF-8, or write class numbers.",
            ) from error


def read_raw_table(
    path: Path,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool = True,
    data: bytes | None = None,
    may_be_empty: bool = False,
) -> RawTable:
    """A text table, cell by cell as it stands in the file.

    Args:
        path: CSV, TSV, or text with another delimiter.
        delimiter: What separates cells; None finds it among comma, semicolon, tab, pipe and runs of spaces.
        encoding: Text encoding; None finds it.
        header: Whether the first row names the columns.
        data: The content of the file, where it was read already.
        may_be_empty: Whether a header alone is a table too.

    Raises:
        TableError: If it is no table of text, is empty, has a header but no rows, a column name occurs twice, or rows
            have another number of cells than the header. Names row, column and remedy.
        StorageError: If there is no such file.
    """
    decoded = decode_table(durable.read_bytes(path) if data is None else data, where=path, encoding=encoding)
    named, body = _split_excel_line(decoded.text)
    mark = _check_delimiter(delimiter, path) or named or find_delimiter(body, where=path, header=header)
    top, rows, numbers = _fold_empty_lines(_split(body, mark, path))
    top = decoded.text[: len(decoded.text) - len(body)] + top
    if not rows:
        raise TableError("the table is empty.", where=path, fix="It needs a header row and one row per image.")
    notes = list(_notes(path, mark, decoded.encoding, decoded.is_sure, delimiter, encoding))
    if len(rows) > 1 and is_row_count(rows[0]) and len(rows[1][0]) > 1:
        notes.append(f"The first line of {path.name}, {rows[0][0][0].strip()}, is a row count, not a row of data.")
        top += "".join(rows[0][0]) + rows[0][1]
        rows, numbers = rows[1:], numbers[1:]
    names = [cell_value(cell, mark) for cell in rows[0][0]] if header else []
    _check_single_column(names, mark, path)
    first, rows, numbers = (rows[0], rows[1:], numbers[1:]) if header else (None, rows, numbers)
    if not rows and not may_be_empty:
        raise TableError(f"the table has a header {names} but no rows.", where=path, fix="It needs one row per image.")
    names = _name_columns(names, rows, mark, path)
    rows = _even_lengths(rows, numbers, len(names), mark, path)
    return RawTable(
        path, decoded.encoding, decoded.mark, mark, tuple(names), top, first, tuple(rows), tuple(numbers), tuple(notes)
    )


def _check_delimiter(delimiter: str | None, path: Path) -> str | None:
    if delimiter is None:
        return None
    mark = "\t" if delimiter == "\\t" else delimiter  # as a shell hands it on
    if len(mark) != 1 or mark in '"\r\n':
        raise TableError(
            f"must be one character, got {delimiter!r}.", where=path, field="delimiter", fix="Try a comma."
        )
    return mark


def _split_excel_line(text: str) -> tuple[str | None, str]:
    """The delimiter that a first line such as `sep=;` names for Excel, and the text after that line's end."""
    found = _EXCEL_LINE.match(text)
    return (found[1], text[found.end() :]) if found else (None, text)


def _split(text: str, mark: str, path: Path) -> list[RawRow]:
    try:
        return list(split_rows(text, mark))
    except ValueError as error:
        raise TableError(
            str(error),
            where=path,
            fix=f"Close or double the quotation mark, or name the right {option('delimiter')}.",
        ) from error


def _fold_empty_lines(lines: Sequence[RawRow]) -> tuple[str, list[RawRow], list[int]]:
    """Empty lines on top as text; then the rows, each with the empty lines after it in its line end; their places."""
    top = ""
    rows: list[RawRow] = []
    numbers: list[int] = []
    for number, row in enumerate(lines, start=1):
        if not is_blank(row):
            rows.append(row)
            numbers.append(number)
        elif rows:
            cells, end = rows[-1]
            rows[-1] = cells, end + row[0][0] + row[1]
        else:
            top += row[0][0] + row[1]
    return top, rows, numbers


def _check_single_column(header: Sequence[str], mark: str, path: Path) -> None:
    if len(header) != 1:
        return
    for other, name in DELIMITERS.items():
        if other not in (mark, SPACES) and other in header[0]:
            raise TableError(
                f"split at {mark!r}, the header is one column, {header[0]!r}; the delimiter looks like {name}.",
                where=path,
                fix=f"Set {options(delimiter=other)}.",
            )


def _name_columns(header: Sequence[str], rows: Sequence[RawRow], mark: str, path: Path) -> list[str]:
    """The names of the header; `column_1` and so on where it has none, or is one cell short in spaces or tabs."""
    names = list(header) or [""] * len(rows[0][0])
    if header and mark in (SPACES, "\t") and len(names) > 1 and all(len(cells) == len(names) + 1 for cells, _ in rows):
        names = ["", *names]
    return check_column_names(names, path)


def _even_lengths(rows: Sequence[RawRow], numbers: Sequence[int], width: int, mark: str, path: Path) -> list[RawRow]:
    """Rows of `width` cells each; empty cells past the end are joined to the last one's line end."""
    even, wrong = [], []
    for number, row in zip(numbers, rows, strict=True):
        cells, end = row
        if len(cells) != width:
            extra = cells[width:]
            if len(cells) > width and not "".join(extra).strip() and mark != SPACES:
                row = cells[:width], mark + mark.join(extra) + end
            else:
                wrong.append(f"row {number} has {count_of(len(cells), 'cell')}: {[cell[:60] for cell in cells[:6]]}")
        even.append(row)
    if wrong:
        is_spaced = width == 1 and mark != SPACES and any(" " in row[0][0].strip() for row in rows[:_SEEN])
        spaces = f" The cells look divided by spaces: {options(delimiter=SPACES)}." if is_spaced else ""
        raise TableError(
            f"{count_of(len(wrong), 'row does', 'rows do')} not have the header's {count_of(width, 'cell')}.",
            where=path,
            fix=f"Quote cells that hold the delimiter, or name the right {option('delimiter')}.{spaces}",
            details=wrong,
        )
    return even


def _notes(
    path: Path, mark: str, encoding_used: str, is_sure: bool, delimiter: str | None, encoding: str | None
) -> list[str]:
    notes = []
    is_usual = mark == "," or (mark == "\t" and path.suffix.lower() == ".tsv")
    if delimiter is None and mark in DELIMITERS and not is_usual:
        notes.append(f"The delimiter of {path.name} is {DELIMITERS[mark]} ({options(delimiter=mark)}).")
    if encoding is None and encoding_used != "utf-8":
        sure = "" if is_sure or encoding_used == "cp949" else "; check that names look right"
        notes.append(f"{path.name} was read as {encoding_used} ({options(encoding=encoding_used)}){sure}.")
    return notes
