"""The organiser's sample submission, kept byte by byte: only answer cells will change."""

from __future__ import annotations

from pathlib import Path

from podium.advice import option, options
from podium.errors import SubmissionError, nearest_name
from podium.tables import is_image_name
from podium.texttable import RawTable, check_table_exists, read_raw_table

__all__ = ["read_template"]


def read_template(
    path: str | Path, *, delimiter: str | None = None, encoding: str | None = None, header: bool = True
) -> RawTable:
    """Read a sample submission.

    Args:
        path: CSV, TSV or text divided by spaces.
        delimiter: What separates cells; None finds it.
        encoding: Text encoding; None finds it.
        header: Whether the first row names the columns; else they are called `column_1`, `column_2` and so on.

    Raises:
        SubmissionError: If there is no such file, it has fewer than two columns, or its first row is no header.
        TableError: If it is no table of text with one or more rows. Names row, column and remedy.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        check_table_exists(path)
    if not path.is_file():
        raise _no_such_sample(path)
    table = read_raw_table(path, delimiter=delimiter, encoding=encoding, header=header)
    if len(table.columns) < 2:
        raise SubmissionError(
            f"the header {table.columns[0][:60]!r} has one column; ids and answers need at least two.",
            where=path,
            fix=f"Add the answer column, or name the {option('delimiter')}.",
        )
    images = [name for name in table.columns if is_image_name(name)]
    if images:
        raise SubmissionError(
            f"row 1 holds the image name {images[0]!r}: there is no header.",
            where=path,
            fix=f"Add a first row with the column names, or set {options(header=False)}.",
        )
    return table


def _no_such_sample(path: Path) -> SubmissionError:
    beside = [other.name for other in path.parent.iterdir() if other.is_file()] if path.parent.is_dir() else []
    near = nearest_name(path.name, beside)
    what = "this is a folder." if path.is_dir() else "there is no such file."
    fix = f"Did you mean {near!r}?" if near else "Name the organiser's sample submission."
    return SubmissionError(what, where=path, fix=fix)
