"""What points of a map can be coloured by: answers, labels, mistakes, folds, and columns of the data or of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.decisions import read_cells
from podium.errors import UnknownNameError
from podium.tables import Head, Predictions, Samples, decide
from podium.texttable import Frame, Table, as_table, read_table

__all__ = ["colour_columns", "is_right_for", "words_of"]

Column = list[str]


def colour_columns(
    names: tuple[str, ...],
    samples: Samples,
    predictions: Predictions,
    target: Head,
    table: str | Path | Frame | None = None,
    *,
    field: str = "color",
) -> dict[str, Column]:
    """The columns of these names, a word for each row of the predictions.

    Args:
        names: "label", "answer", "error", "fold", a target's name, "group", "domain", "bag", "source", a column of
            numbers that labels were derived from, or a column of the table.
        samples: Labels and columns of these and maybe other images.
        predictions: Out-of-fold predictions.
        target: What "label", "answer" and "error" are of.
        table: A table with a row an image.
        field: The option that asks for them.

    Raises:
        UnknownNameError: If there is no such column.
        TableError: If the table has no row of an image.
    """
    own = _own_columns(samples, predictions, target)
    given = as_table(table, field="table")
    read: Table | None = read_table(given) if isinstance(given, Path) else given
    found: dict[str, Column] = {}
    for name in names:
        if name in own:
            found[name] = own[name]()
        elif read is not None:
            found |= {key: list(cells) for key, cells in read_cells(read, predictions.ids.tolist(), [name]).items()}
        else:
            problem = UnknownNameError("column", name, list(own), field=field)
            problem.fix = f"{problem.fix} For a column of a table, name the table with {option('table')}."
            raise problem
    return found


def _own_columns(samples: Samples, predictions: Predictions, target: Head) -> Mapping[str, Callable[[], Column]]:
    rows = samples.rows_of(predictions.ids)
    labels, answers = samples.target_labels(target.name)[rows], decide(predictions.probs[target.name], target)
    columns: dict[str, Callable[[], Column]] = {
        "label": lambda: words_of(labels, target),
        "answer": lambda: words_of(answers, target),
        "error": lambda: [_ERRORS[value] for value in is_right_for(labels, answers, target).tolist()],
        "fold": lambda: [f"fold {number}" for number in predictions.fold.tolist()],
    }
    for name in ("group", "domain", "bag", "source"):
        cells = getattr(samples, name)
        if cells is not None:
            columns[name] = lambda cells=cells: cells[rows].tolist()  # type: ignore[misc]
    for name, numbers in samples.numbers.items():
        columns[name] = lambda numbers=numbers: [f"{value:g}" for value in numbers[rows].tolist()]  # type: ignore[misc]
    for head in predictions.task.targets:
        columns[head.name] = lambda head=head: words_of(samples.target_labels(head.name)[rows], head)  # type: ignore[misc]
    return columns


_ERRORS = {1: "right", 0: "wrong", -1: "no label"}


def is_right_for(labels: NDArray[np.integer], answers: NDArray[np.integer], head: Head) -> NDArray[np.int64]:
    """1 where an answer is right, 0 where it is wrong, -1 without a label; of several labels all must be right."""
    if head.is_multi:
        known = (labels >= 0).any(axis=1)
        right = ((labels == answers) | (labels < 0)).all(axis=1)
    else:
        known, right = labels >= 0, labels == answers
    return np.where(known, right.astype(np.int64), -1)


def words_of(values: NDArray[np.integer], head: Head) -> Column:
    """Labels or answers in words; "" where there is none."""
    if head.is_multi:
        rows = [[name for name, value in zip(head.classes, row, strict=True) if value == 1] for row in values.tolist()]
        return [", ".join(row) or "none" for row in rows]
    return [head.classes[value] if value >= 0 else "" for value in values.tolist()]
