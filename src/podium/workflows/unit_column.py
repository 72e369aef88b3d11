"""A column's value for everything that a run is judged on: images, or bags where one answer is for several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from podium.explain.map_colours import colour_columns
from podium.store import RunFolder, load_tables
from podium.tables import Head, Samples, load_predictions
from podium.texttable import Frame

__all__ = ["columns_of_units"]

_SEVERAL = "several"


def columns_of_units(
    run: RunFolder, by: Sequence[str], units: Samples, target: Head, table: str | Path | Frame | None, *, field: str
) -> dict[str, list[str]]:
    """Columns of a run's images by name, a word for each image or bag; "" where it has none, "several" for a bag whose
    images differ.

    Args:
        run: The run.
        by: Columns, see `podium.explain.map_colours.colour_columns`.
        units: What the run is judged on.
        target: What the columns "label", "answer" and "error" are of.
        table: A table with a row an image, for columns that the run does not have.
        field: The option that names the columns.

    Raises:
        UnknownNameError: If there is no such column.
        TableError: If the table has no row of an image.
    """
    samples, oof = load_tables(run)[0], load_predictions(run.oof_file)
    columns = colour_columns(tuple(dict.fromkeys(by)), samples, oof, target, table, field=field)
    place = {name: row for row, name in enumerate(samples.ids.tolist())}
    found = {}
    for name, words in columns.items():
        cells = np.full(len(samples), "", dtype=object)
        cells[[place[image] for image in oof.ids.tolist()]] = words
        if samples.bag is None:
            found[name] = cells[samples.rows_of(units.ids)].tolist()
        else:
            found[name] = _of_bags(cells, samples.bag, samples.ids, units.ids)
    return found


def _of_bags(cells: Any, bag: Any, ids: Any, bags: Any) -> list[str]:
    values: dict[str, set[str]] = {}
    for name, own, cell in zip(ids.tolist(), bag.tolist(), cells.tolist(), strict=True):
        values.setdefault(own or name, set()).update({cell} - {""})
    found = [sorted(values.get(name, set())) for name in bags.tolist()]
    return [one[0] if len(one) == 1 else _SEVERAL if one else "" for one in found]
