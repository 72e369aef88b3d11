"""A DataFrame of pandas, polars or Arrow as a table of text, cell for cell what its CSV would hold."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from podium.errors import UsageError
from podium.texttable.cell_text import cell_text
from podium.texttable.reading import Table, make_table

__all__ = ["Frame", "as_table", "is_frame", "table_of_frame"]

_NAME = Path("DataFrame")
_FIRST_ROW = 2  # below the header, as in a spreadsheet


class Frame(Protocol):
    """A DataFrame of pandas or polars, or a table of Arrow; no library is imported for it."""

    @property
    def columns(self) -> Any:
        """Its columns, or their names."""


def is_frame(thing: object) -> TypeGuard[Frame]:
    """Whether this is a DataFrame or a table of Arrow."""
    return hasattr(thing, "columns") and (hasattr(thing, "iloc") or hasattr(thing, "__arrow_c_stream__"))


def as_table(
    given: str | PathLike[str] | Frame | Table | None, *, field: str = "labels", may_be_empty: bool = False
) -> Path | Table | None:
    """What a user names as a table: the path of a file, a frame as text, or nothing.

    Args:
        given: The table.
        field: The option that names it.
        may_be_empty: Whether a frame may have no rows.

    Raises:
        UsageError: If it is anything else.
        TableError: If a frame is no table.
    """
    if given is None or isinstance(given, Table):
        return given
    if is_frame(given):
        return table_of_frame(given, may_be_empty=may_be_empty)
    if not isinstance(given, str | PathLike):
        kind = type(given).__name__
        fix = "Make a column of file names and one of labels, such as pandas.DataFrame({'image': ..., 'label': ...})."
        raise UsageError(f"got an object of type {kind}, expected a file or a DataFrame.", field=field, fix=fix)
    return Path(given)


def table_of_frame(frame: Frame, *, may_be_empty: bool = False) -> Table:
    """The frame as text. An index of pandas that is more than row numbers is a column too.

    Raises:
        TableError: If it has no rows, or a column name occurs twice.
    """
    named = list(_columns_of(frame))
    cells = [[cell_text(value) for value in values] for _, values in named]
    n_rows = len(cells[0]) if cells else 0
    numbers = list(range(_FIRST_ROW, n_rows + _FIRST_ROW))
    return make_table(_NAME, [str(name) for name, _ in named], cells, numbers, may_be_empty=may_be_empty)


def _columns_of(frame: Any) -> Iterator[tuple[object, list[Any]]]:
    if hasattr(frame, "iloc"):
        if type(frame.index).__name__ != "RangeIndex":
            for level in range(frame.index.nlevels):
                name = frame.index.names[level]
                yield ("index" if name is None else name), frame.index.get_level_values(level).tolist()
        for place, name in enumerate(frame.columns):
            yield name, frame.iloc[:, place].tolist()
        return
    import pyarrow as pa

    table = pa.table(frame)
    for name, column in zip(table.column_names, table.columns, strict=True):
        yield name, column.to_pylist()
