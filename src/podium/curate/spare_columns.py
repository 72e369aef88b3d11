"""Columns of a table that are neither labels nor anything else: what could yet be a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from podium.curate.classes import looks_missing
from podium.curate.spellings import spelling_key
from podium.curate.time_column import read_time

__all__ = ["SpareColumns"]

GAPS_S = (2, 10, 60, 600)
"""Pauses that are tried where a column holds dates."""
_TIMES = 0.5
"""Share of cells that must be dates for a column of times."""


@dataclass(frozen=True, eq=False)
class SpareColumns:
    """Cells by column, and the images that they are of.

    Args:
        ids: Id of each row.
        cells: Cells by the name of the column.
    """

    ids: Sequence[str] = ()
    cells: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def groupings(self, ids: Sequence[str]) -> Iterator[tuple[dict[str, object], NDArray[np.int64]]]:
        """Each way to make groups of these images: the option that sets it, and the group of each, shape (N,).

        An image whose cell is empty or says "not known" is on its own, as is one without a row.
        """
        place = {name: row for row, name in enumerate(self.ids)}
        rows = [place.get(name, -1) for name in ids]
        for name, column in self.cells.items():
            cells = [column[row].strip() if row >= 0 else "" for row in rows]
            yield from _by_times(name, cells)
            group = _number(["" if looks_missing(cell) else cell for cell in cells])
            if 1 < len(np.unique(group)) < len(group):
                yield {"group": name}, group


def _number(cells: Sequence[str]) -> NDArray[np.int64]:
    """A number for each spelling, and one of its own for every empty cell."""
    keys = [spelling_key(cell) if cell else f"\0{row}" for row, cell in enumerate(cells)]
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _by_times(name: str, cells: Sequence[str]) -> Iterator[tuple[dict[str, object], NDArray[np.int64]]]:
    if not any(mark in cell for cell in cells[:50] for mark in ":-/"):  # numbers are read as times too
        return
    times = [read_time(cell) if cell else None for cell in cells]
    if sum(time is not None for time in times) < _TIMES * len(cells):
        return
    from podium.images import CameraFacts, number_bursts  # imports Pillow, which reading names does not need

    facts = [CameraFacts() if time is None else CameraFacts(time) for time in times]
    for gap in GAPS_S:
        burst = number_bursts(facts, gap)
        alone = np.flatnonzero(burst < 0)
        burst[alone] = burst.max(initial=-1) + 1 + np.arange(len(alone))
        yield {"group_from": f"{name}:{gap}"}, burst
