"""The files that a table alone names, by absolute paths or relative to a folder: no folder of images is listed then."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from podium.advice import option
from podium.advice import options as advise
from podium.curate.files import ImageFiles, make_image_files
from podium.curate.options import ScanOptions
from podium.errors import SourceError
from podium.listing import list_some
from podium.texttable import Table

__all__ = ["find_named_files", "names_files_elsewhere"]

_SAMPLE = 50


def find_named_files(table: Table, options: ScanOptions, base: Path) -> tuple[ImageFiles, Table, ScanOptions]:
    """The files that the table's rows name, the table with their ids, and the options with the column they stand in.

    The root is the deepest folder that holds all of them.

    Args:
        table: A table with a column of paths.
        options: Which column that is, unless it is to be found.
        base: Folder that relative paths start from.

    Raises:
        SourceError: If no cell of any column is the path of a file.
        TableError: If there is no such column.
    """
    column = _find_column(table, options, base)
    paths = [_absolute(cell, base) for cell in table.columns[column]]
    found = sorted({path for path in paths if path is not None and path.is_file()})
    if not found:
        raise _no_files(table, [column], base)
    root = Path(os.path.commonpath([path.parent for path in found]))
    note = f"Images are the files that column {column!r} names; their folder is {root}."
    files = replace(make_image_files(root, [os.path.relpath(path, root) for path in found]), notes=(note,))
    cells = ["" if path is None else os.path.relpath(path, root) for path in paths]
    named = replace(table, columns={**table.columns, column: cells})
    return files, named, replace(options, image_column=column)


def names_files_elsewhere(table: Table, folder: Path) -> bool:
    """Whether a column of the table holds absolute paths of files that are not in the folder."""
    inside = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links
    for column in table.columns.values():
        paths = [Path(cell) for cell in column if cell][:_SAMPLE]
        if paths and all(path.is_absolute() and not path.is_relative_to(inside) for path in paths):
            return any(path.is_file() for path in paths)
    return False


def _find_column(table: Table, options: ScanOptions, base: Path) -> str:
    if options.image_column is not None:
        table.column(options.image_column, field="image_column")
        return options.image_column
    counts = {name: _count_files(cells, base) for name, cells in table.columns.items()}
    best = max(counts, key=counts.__getitem__)
    if not counts[best]:
        raise _no_files(table, list(table.columns), base)
    return best


def _count_files(cells: Sequence[str], base: Path) -> float:
    """The share of the first cells that are paths of files."""
    paths = [_absolute(cell, base) for cell in cells if cell.strip()][:_SAMPLE]
    return sum(path is not None and path.is_file() for path in paths) / max(len(paths), 1)


def _absolute(cell: str, base: Path) -> Path | None:
    """The path that a cell names; None where it is empty."""
    name = cell.strip()
    return Path(os.path.abspath(base / Path(name).expanduser())) if name else None  # noqa: PTH100


def _no_files(table: Table, tried: Sequence[str], base: Path) -> SourceError:
    return SourceError(
        f"no cell is the path of a file. Paths were looked up from {base}.",
        where=table.path,
        fix=f"Name the folder of images as the data and the table with {option('labels')}, or the column of paths with"
        f" {advise(image_column=tried[0])}.",
        details=[f"column {name!r}: {list_some(table.columns[name], most=3)}" for name in tried[:10]],
    )
