"""A table as columns of text, whatever file it is. Nothing is converted: 007 stays 007 and NA stays NA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from podium import durable
from podium.advice import options
from podium.errors import TableError, nearest_name
from podium.texttable.archives import unpack_table
from podium.texttable.column_names import check_column_names
from podium.texttable.encodings import decode_table
from podium.texttable.json_rows import JSON_ENDINGS, read_json_rows
from podium.texttable.parquet_rows import read_parquet_rows
from podium.texttable.raw_table import RawTable, read_raw_table

__all__ = ["TABLE_ENDINGS", "Table", "check_table_exists", "make_table", "read_table"]

TABLE_ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")
"""Endings of files that are taken for tables without being named; .json and .txt may be anything."""

_EMPTY = '" \t\u00a0'


@dataclass(frozen=True)
class Table:
    """A table of text cells.

    Args:
        path: The file.
        columns: Cells by column name; "" where a row has none.
        row_numbers: Place of each row as a spreadsheet counts; the first row of the file is 1.
        encoding: Encoding it was read with.
        delimiter: What divides the cells; "" where the file is no delimited text.
        notes: What the user should know.
    """

    path: Path
    columns: dict[str, list[str]]
    row_numbers: list[int]
    encoding: str = "utf-8"
    delimiter: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.row_numbers)

    def column(self, name: str, *, field: str) -> list[str]:
        """The cells of a column.

        Raises:
            TableError: If there is none of that name; lists the columns and the nearest one.
        """
        if name in self.columns:
            return self.columns[name]
        near = nearest_name(name, self.columns)
        raise TableError(
            f"there is no column {name!r}, only {list(self.columns)}.",
            where=self.path,
            field=field,
            fix=f"Did you mean {near!r}?" if near else "Name one of them.",
        )


def read_table(
    path: Path,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool = True,
    may_be_empty: bool = False,
) -> Table:
    """The table, as text.

    Args:
        path: A Parquet file, rows of JSON, or text with a header row; the latter two also in a zip or gzip archive.
        delimiter: Character between two cells; found among comma, semicolon, tab, pipe and runs of spaces when None.
        encoding: Encoding of the text; found when None.
        header: Whether the first row of a text names the columns; else they are called `column_1` and so on.
        may_be_empty: Whether columns without a row are a table too.

    Raises:
        TableError: If there is no such file, it has no header or no rows, a column name occurs twice, or a row has
            another number of cells than the header; names the rows.
        UsageError: If there is no such encoding.
    """
    check_table_exists(path)
    unpacked = unpack_table(path)
    ending = Path(unpacked[0]).suffix.lower() if unpacked else path.suffix.lower()
    data = unpacked[1] if unpacked else None
    if ending == ".parquet" and unpacked:
        raise TableError("a Parquet file inside an archive is not read.", where=path, fix="Unpack it first.")
    if ending == ".parquet":
        names, cells, n_rows = read_parquet_rows(path)
        return make_table(path, names, cells, list(range(2, n_rows + 2)), may_be_empty=may_be_empty)
    if ending in JSON_ENDINGS:
        decoded = decode_table(durable.read_bytes(path) if data is None else data, where=path, encoding=encoding)
        columns, numbers, tool = read_json_rows(decoded.text, path)
        table = make_table(path, list(columns), list(columns.values()), numbers, decoded.encoding)
        said = () if tool is None else (f"{path.name} was read as {tool} writes labels.",)
        return replace(table, notes=(*table.notes, *said))
    raw = read_raw_table(
        path, delimiter=delimiter, encoding=encoding, header=header, data=data, may_be_empty=may_be_empty
    )
    return _drop_empty_rows(raw, may_be_empty=may_be_empty)


def check_table_exists(path: Path, *, data: Path | None = None) -> None:
    """Refuse a table that is not there, or a spreadsheet.

    Args:
        path: The table.
        data: Folder of the data, where it may be too.

    Raises:
        TableError: If there is no such file; names the nearest one beside it, or in the folder of the data.
    """
    if path.suffix.lower() in (".xlsx", ".xls", ".ods") and path.is_file():
        raise TableError("Podium does not read spreadsheet files.", where=path, fix="Save the sheet as CSV in UTF-8.")
    if path.is_file():
        return
    if path.exists() and not path.is_dir():
        raise TableError("this is not a regular file.", where=path, fix="Write the table into a file first.")
    kind = "this is a folder, not a table" if path.is_dir() else "there is no such file"
    raise TableError(f"{kind}.", where=path, fix=_near_table(path, data))


def _near_table(path: Path, data: Path | None) -> str:
    """The table that was meant, in words: one beside the path or in the folder of the data, or those that there are."""
    places = {"that folder": _tables_in(path.parent)} | ({} if data is None else {str(data): _tables_in(data)})
    for place, tables in places.items():
        near = nearest_name(path.stem, {table.stem: table for table in tables})
        if near is not None:
            found = next(table for table in tables if table.stem == near)
            return (
                f"Did you mean {found.name!r}?" if place == "that folder" else f"Did you mean {options(labels=found)}?"
            )
    some = [
        f"Tables in {place}: {', '.join(table.name for table in tables[:10])}."
        for place, tables in places.items()
        if tables
    ]
    return " ".join(some) or "There is no table in that folder."


def _tables_in(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.name.lower().endswith(TABLE_ENDINGS)) if folder.is_dir() else []


def _drop_empty_rows(raw: RawTable, *, may_be_empty: bool) -> Table:
    """The cells of all rows that hold any; spreadsheets leave rows of delimiters alone at the end."""
    columns = {name: raw.cells(name) for name in raw.columns}
    kept = [row for row, (cells, _) in enumerate(raw.rows) if any(cell.strip(_EMPTY) for cell in cells)]
    if not kept and not may_be_empty:
        raise TableError("the table has no rows.", where=raw.path, fix="It needs one row per image.")
    is_whole = len(kept) == len(raw)
    return Table(
        path=raw.path,
        columns={name: list(cells) if is_whole else [cells[row] for row in kept] for name, cells in columns.items()},
        row_numbers=[raw.row_numbers[row] for row in kept],
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        notes=raw.notes,
    )


def make_table(
    path: Path,
    names: Sequence[str],
    cells: Sequence[list[str]],
    numbers: list[int],
    encoding: str = "utf-8",
    *,
    may_be_empty: bool = False,
) -> Table:
    """A table of named columns.

    Args:
        path: Its file, or what messages call it.
        names: Names of the columns.
        cells: The cells of each column.
        numbers: Place of each row as a spreadsheet counts.
        encoding: Encoding it was read with.
        may_be_empty: Whether it may have no rows.

    Raises:
        TableError: If it has no rows, or a column name occurs twice.
    """
    if not numbers and not may_be_empty:
        raise TableError("the table has no rows.", where=path, fix="It needs one row per image.")
    spelt = check_column_names(names, path)
    notes = (f"{path.name} was read as {encoding} ({options(encoding=encoding)}).",) if encoding != "utf-8" else ()
    return Table(path, dict(zip(spelt, cells, strict=True)), numbers, encoding, "", notes)
