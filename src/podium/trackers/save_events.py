"""A table of events as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from podium import durable
from podium.store.out_file import check_list_file
from podium.tables import write_csv
from podium.trackers.read_events import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["save_events"]


def save_events(table: pd.DataFrame, path: Path) -> None:
    """Write what `podium.read_events` gives as CSV or Parquet, by the file's ending.

    Raises:
        UsageError: If the file exists and is no table of events, or is a place inside a run folder.
        StorageError: If it cannot be written.
    """
    check_list_file(path, _is_own)
    if path.suffix.lower() == ".parquet":
        with durable.write_atomically(path) as file:
            table.to_parquet(file, index=False)
    else:
        write_csv(path, COLUMNS, (list(map(str, row)) for row in table.itertuples(index=False, name=None)))


def _is_own(path: Path) -> bool:
    if path.suffix.lower() == ".csv":
        return durable.read_bytes(path).split(b"\r\n", 1)[0] == ",".join(COLUMNS).encode()
    try:
        return list(pq.read_schema(path).names) == list(COLUMNS)
    except (OSError, pa.ArrowInvalid):
        return False
