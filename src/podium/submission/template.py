"""The organiser's sample submission, kept byte by byte: only answer cells will change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from podium import durable
from podium.errors import SubmissionError, UnknownNameError, nearest_name
from podium.submission.image_names import is_image_name
from podium.submission.raw_cells import RawRow, quote_like, split_rows, unquote
from podium.submission.text_encoding import decode_exactly

__all__ = ["Template", "read_template"]

_DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True, eq=False)
class Template:
    """A sample submission as text. Cells are never turned into numbers, so 007 and NA stay what they are.

    Args:
        path: The file.
        encoding: Its text encoding, without a mark.
        mark: Its byte order mark, or b"".
        delimiter: What separates cells.
        columns: Column names, without quotes and blanks around them.
        header: The raw header row.
        rows: The raw rows below it, in the file's order.
        tail: Blank lines at the end.
    """

    path: Path
    encoding: str
    mark: bytes
    delimiter: str
    columns: tuple[str, ...]
    header: RawRow = field(repr=False)
    rows: tuple[RawRow, ...] = field(repr=False)
    tail: str = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

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
        by_column = zip(*(cells for cells, _ in self.rows), strict=True)
        return tuple(tuple(unquote(raw) if raw[:1] == '"' else raw for raw in column) for column in by_column)

    def cells(self, column: str) -> tuple[str, ...]:
        """The values of a column, one a row, without quotes. Blanks around a value are kept."""
        return self._values[self.place(column)]

    def fill(self, answers: Mapping[str, Sequence[str | None]]) -> bytes:
        """The bytes of the file with new values in some columns.

        Args:
            answers: Per column, one value a row; None keeps the sample's cell as it stands.

        Raises:
            SubmissionError: If a value cannot be written in the file's encoding.
        """
        places = [(self.place(column), values) for column, values in answers.items()]
        pieces = [self.delimiter.join(self.header[0]), self.header[1]]
        for number, (raw, end) in enumerate(self.rows):
            cells = list(raw)
            for place, values in places:
                value = values[number]
                if value is not None:
                    cells[place] = quote_like(value, raw[place], self.delimiter)
            pieces += (self.delimiter.join(cells), end)
        return self.mark + self._encode("".join(pieces) + self.tail)

    def _encode(self, text: str) -> bytes:
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise SubmissionError(
                f"{text[error.start : error.end][:20]!r} cannot be written in {self.encoding}, the sample's encoding.",
                where=self.path,
                fix="Save the sample as UTF-8, or write class numbers.",
            ) from error


def read_template(path: str | Path, *, delimiter: str | None = None, encoding: str | None = None) -> Template:
    """Read a sample submission.

    Args:
        path: CSV or TSV with a header row.
        delimiter: What separates cells; None finds the one of comma, tab, semicolon and bar that fits every row.
        encoding: Text encoding; None finds it.

    Raises:
        SubmissionError: If there is no such file, or it is no table of text with a header, two or more columns and
            one or more rows. Names row, column and remedy.
    """
    path = Path(path)
    if not path.is_file():
        raise _no_such_sample(path)
    text, found_encoding, mark = decode_exactly(durable.read_bytes(path), where=path, encoding=encoding)
    if not text.strip():
        raise SubmissionError("the file is empty.", where=path, fix="Download the sample submission again.")
    delimiter = _find_delimiter(text, path) if delimiter is None else delimiter
    rows = _rows_of(text, delimiter, path)
    n_tail = 0
    while n_tail < len(rows) and _is_blank(rows[-1 - n_tail]):
        n_tail += 1
    tail = "".join(delimiter.join(cells) + end for cells, end in rows[len(rows) - n_tail :])
    rows = rows[: len(rows) - n_tail]
    _check_shape(rows, delimiter, path)
    columns = tuple(unquote(cell).strip() for cell in rows[0][0])
    _check_header(columns, path)
    return Template(path, found_encoding, mark, delimiter, columns, rows[0], tuple(rows[1:]), tail)


def _no_such_sample(path: Path) -> SubmissionError:
    beside = [other.name for other in path.parent.iterdir() if other.is_file()] if path.parent.is_dir() else []
    near = nearest_name(path.name, beside)
    what = "this is a folder." if path.is_dir() else "there is no such file."
    fix = f"Did you mean {near!r}?" if near else "Name the organiser's sample submission."
    return SubmissionError(what, where=path, fix=fix)


def _is_blank(row: RawRow) -> bool:
    return len(row[0]) == 1 and not row[0][0].strip()


def _rows_of(text: str, delimiter: str, path: Path) -> list[RawRow]:
    try:
        return list(split_rows(text, delimiter))
    except ValueError as error:
        raise SubmissionError(str(error), where=path, fix="Double the quotes inside a quoted cell.") from error


def _find_delimiter(text: str, path: Path) -> str:
    header = text.lstrip("\r\n").split("\n", 1)[0]
    present = [mark for mark in _DELIMITERS if mark in header]
    if not present:
        raise SubmissionError(
            f"the header {header.strip()[:60]!r} has one column; ids and answers need at least two.",
            where=path,
            fix="Add the answer column, or name the delimiter if it is not one of comma, tab, semicolon, bar.",
        )
    fitting = [mark for mark in present if _fits(text, mark)]
    if len(fitting) > 1:
        names = ", ".join(repr(mark) for mark in fitting)
        raise SubmissionError(f"every row splits equally at {names}.", where=path, fix="Name the delimiter.")
    return fitting[0] if fitting else max(present, key=header.count)


def _fits(text: str, delimiter: str) -> bool:
    try:
        sizes = {len(row[0]) for row in split_rows(text, delimiter) if not _is_blank(row)}
    except ValueError:
        return False
    return len(sizes) == 1 and sizes != {1}


def _check_shape(rows: Sequence[RawRow], delimiter: str, path: Path) -> None:
    width = len(rows[0][0])
    if width < 2:
        raise SubmissionError(
            f"the header has one column when split at {delimiter!r}.", where=path, fix="Name the delimiter."
        )
    for number, row in enumerate(rows, start=1):
        if _is_blank(row):
            raise SubmissionError(f"row {number} is blank, between other rows.", where=path, fix="Remove the line.")
        if len(row[0]) != width:
            shown = delimiter.join(row[0])[:60]
            raise SubmissionError(
                f"row {number} has {len(row[0])} cells, the header has {width}: {shown!r}.",
                where=path,
                fix=f"Quote cells that hold {delimiter!r}, or name another delimiter.",
            )
    if len(rows) == 1:
        raise SubmissionError("there is a header but no row.", where=path, fix="Give the sample with its image ids.")


def _check_header(columns: Sequence[str], path: Path) -> None:
    for name in columns:
        if is_image_name(name):
            raise SubmissionError(
                f"row 1 holds the image name {name!r}: there is no header.",
                where=path,
                fix="Add a first row with the column names.",
            )
    repeated = sorted({name for name in columns if list(columns).count(name) > 1})
    if repeated:
        raise SubmissionError(
            f"column {repeated[0]!r} occurs {list(columns).count(repeated[0])} times in the header.",
            where=path,
            fix="Give every column its own name.",
        )
