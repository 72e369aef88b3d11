"""Boxes as a table that opens in a spreadsheet, a row an image and region; `ScanOptions.regions` reads it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from podium import durable
from podium.curate import BOX_COLUMNS
from podium.errors import UsageError
from podium.tables import Boxes, Samples, write_csv
from podium.tables.boxes import point_cell

__all__ = ["check_box_file", "save_boxes"]

_PARQUET = ".parquet"


def check_box_file(path: Path) -> None:
    """Raise UsageError unless boxes may be written to a file: a new one, or one of boxes."""
    if path.suffix.lower() not in (".csv", _PARQUET):
        raise UsageError(f"boxes are written as .csv or {_PARQUET}, not {path.suffix!r}.", where=path, field="out")
    durable.check_regular(path)
    if path.exists() and not _is_own(path):
        raise UsageError("this file exists and is no table of boxes.", where=path, fix="Write to another file.")


def _is_own(path: Path) -> bool:
    data = durable.read_bytes(path)
    if path.suffix.lower() == _PARQUET:
        return data[:4] == b"PAR1" and all(name.encode() in data[-20_000:] for name in BOX_COLUMNS)
    return data.startswith(",".join(BOX_COLUMNS).encode())


def save_boxes(path: Path, samples: Samples, regions: Mapping[str, Boxes]) -> None:
    """Write the boxes of every region to a CSV or, by its ending, a Parquet file.

    Raises:
        UsageError: If the file exists and is no table of boxes, or has another ending.
        StorageError: If it cannot be written.
    """
    check_box_file(path)
    rows = list(_rows(samples, regions))
    if path.suffix.lower() != _PARQUET:
        write_csv(path, BOX_COLUMNS, rows)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(BOX_COLUMNS)})
    with durable.write_atomically(path) as file:
        pq.write_table(table, file)


def _rows(samples: Samples, regions: Mapping[str, Boxes]) -> Iterator[list[str]]:
    for row, name in enumerate(samples.ids.tolist()):
        for region, boxes in regions.items():
            corners = list(map(str, boxes.corners[row].tolist())) if boxes.is_there[row] else [""] * 4
            score = "" if np.isnan(boxes.score[row]) else f"{boxes.score[row]:.4f}"
            yield [name, region, *corners, boxes.source[row], score, point_cell(boxes.points[row])]
