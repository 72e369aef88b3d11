"""Columns of a table that a stack looks at beside the answers of its members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.decisions import Blend, Choice, ColumnPlan, Stack, make_column_plan, read_cells
from podium.errors import UsageError
from podium.listing import list_some
from podium.tables import Samples
from podium.texttable import Frame, Table, as_table, read_table

__all__ = ["Extra", "numbers_for"]


@dataclass(frozen=True, eq=False)
class Extra:
    """What a stack is to look at.

    Args:
        table: The table.
        columns: Its columns to use.
        relative: Columns of numbers to compare with their group.
    """

    table: Table
    columns: tuple[str, ...]
    relative: tuple[str, ...]

    @classmethod
    def of(
        cls, table: str | Path | Frame | None, columns: Sequence[str], relative: Sequence[str], choice: Choice
    ) -> Extra | None:
        """What was asked for; None where that is nothing.

        Raises:
            UsageError: If columns come without a table or a table without columns, or nothing is stacked.
        """
        if table is None and not columns and not relative:
            return None
        if choice.weighing != "stack":
            raise UsageError("columns of a table are used by a stack.", field="weights", fix="Set it to 'stack'.")
        found = as_table(table, field="table")
        if found is None or not (columns or relative):
            raise UsageError("a table and columns of it go together.", field="table", fix="Give both, or neither.")
        read = read_table(found) if isinstance(found, Path) else found
        return cls(read, tuple(dict.fromkeys(columns)), tuple(dict.fromkeys(relative)))

    def numbers(self, samples: Samples) -> tuple[ColumnPlan, NDArray[np.float64]]:
        """How the cells become numbers, and those of the samples, shape (N, K).

        Raises:
            UsageError: If columns are compared with their group, and nobody named groups.
        """
        cells = read_cells(self.table, samples.ids.tolist(), [*self.columns, *self.relative])
        plan = make_column_plan(cells, self.columns, self.relative)
        return plan, plan.numbers(cells, samples.group_keys if samples.has_groups else None)


def numbers_for(
    blend: Blend | Stack,
    table: str | Path | Frame | Table | None,
    ids: Sequence[str],
    group: NDArray[np.object_] | None,
) -> NDArray[np.float64] | None:
    """The numbers of the columns that a stack looks at, for new images; None where it looks at none.

    Args:
        blend: What combines the members.
        table: The table of these images.
        ids: Their ids.
        group: Their groups.

    Raises:
        UsageError: If there is no table, or there are no groups to compare with.
    """
    plan = blend.columns if isinstance(blend, Stack) else None
    if plan is None:
        return None
    found = as_table(table, field="rows")
    if found is None:
        raise UsageError(
            f"this ensemble also looks at {list_some(list(plan.names))} of each image.",
            field="rows",
            fix=f"Name the table of the images that has these columns with {option('rows')}.",
        )
    read = read_table(found) if isinstance(found, Path) else found
    return plan.numbers(read_cells(read, ids, plan.names), group)
