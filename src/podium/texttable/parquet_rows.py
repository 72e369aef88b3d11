"""A Parquet file as columns of text. Numbers are written as Python writes them, lists as list cells."""

from __future__ import annotations

from pathlib import Path

from podium.durable import open_regular
from podium.errors import TableError
from podium.texttable.cell_text import cell_text

__all__ = ["read_parquet_rows"]


def read_parquet_rows(path: Path) -> tuple[list[str], list[list[str]], int]:
    """Names of the columns, their cells, and the number of rows; "" where a value is missing or not a number.

    Raises:
        TableError: If it is no Parquet file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_regular(path) as file:  # by its path pyarrow finds no file in a folder whose name is not UTF-8
            frame = pq.ParquetFile(file).read()
    except (pa.ArrowException, OSError) as error:
        raise TableError(
            f"not a readable Parquet file: {error}",
            where=path,
            fix="Write it again; a text table needs the file extension .csv.",
        ) from error
    names = [str(name) for name in frame.column_names]
    columns = [[cell_text(value) for value in column.to_pylist()] for column in frame.columns]
    return names, columns, frame.num_rows
