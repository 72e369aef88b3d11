"""Who gave which label: a table with a column an annotator, or with a row a label, read for the heads of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from podium.errors import TableError, UnknownNameError
from podium.listing import count_of
from podium.suspects.question import NO_AND_YES
from podium.tables import Head, Samples, Task, normalise_id
from podium.tables.csv_cells import plain_cell
from podium.tables.naming import ImageNames
from podium.texttable import Frame, Table, as_table, read_table

__all__ = ["Annotations", "read_annotations"]

_IMAGE = ("image", "path", "file", "filename", "id", "index")
"""Names of the column of images, first choice first; none of them is an annotator."""
_ROWS = ("annotator", "label")
_DELIMITERS = "|;"


@dataclass(frozen=True, eq=False)
class Annotations:
    """Labels by annotator.

    Args:
        names: The A annotators.
        votes: Per question (see `Question.name`) the answer of each annotator for each of the N samples, shape (N, A),
            as a place among the question's classes; -1 where not asked.
        notes: What the user should know.
    """

    names: tuple[str, ...]
    votes: Mapping[str, NDArray[np.int64]]
    notes: tuple[str, ...] = ()


class _Cell(NamedTuple):
    """What one annotator said of one image, and where it stands."""

    image: str
    annotator: str
    head: str
    label: str
    number: int


def read_annotations(source: str | Path | Frame, samples: Samples) -> Annotations:
    """The annotators' labels of a run's images.

    A table has a column of images and either the columns `annotator` and `label` (and `head`, where there are several
    heads), a row a label; or a column for each annotator, called `head=annotator` where there are several heads. Empty
    cells are "not asked". Labels of a multi-label head are joined by `|` or `;`.

    Args:
        source: A table file or a pandas DataFrame.
        samples: The samples of the run.

    Raises:
        TableError: If there is no column of images, less than two annotators, a label that is no class of its head, or
            one annotator gives one image two labels; names the rows.
        UnknownNameError: If there is no such head.
    """
    assert samples.task is not None, "a run has labels"
    given = as_table(source, field="annotators")
    table = given if isinstance(given, Table) else read_table(Path(source))  # type: ignore[arg-type]
    cells = [cell for cell in _cells(table, samples.task) if cell.label]
    names = tuple(sorted({cell.annotator for cell in cells}))
    if len(names) < 2:
        raise TableError(
            f"labels of two annotators or more are compared, this table has those of {len(names)}.",
            where=table.path,
            field="annotators",
            fix="Give each annotator a column, or write rows with the columns image, annotator, label.",
        )
    rows = _rows_of(cells, samples)
    votes, problems = _fill(cells, rows, names, samples)
    if problems:
        raise TableError(
            f"{count_of(len(problems), 'label')} cannot be read.",
            where=table.path,
            field="annotators",
            fix="Write a class of the head; leave the cell empty where nobody was asked.",
            details=problems,
        )
    return Annotations(names, votes, _note(sorted({cell.image for cell in cells} - set(rows))))


def _note(strange: Sequence[str]) -> tuple[str, ...]:
    if not strange:
        return ()
    what = count_of(len(strange), "image of the table of annotators is", "images of the table of annotators are")
    return (f"{what} not in the run, such as {strange[0]}.",)


def _cells(table: Table, task: Task) -> Iterator[_Cell]:
    """All cells of the table, whichever of the two forms it has."""
    image = next((name for wanted in _IMAGE for name in table.columns if name.strip().lower() == wanted), None)
    if image is None:
        raise TableError(
            f"no column of the images among {list(table.columns)}.",
            where=table.path,
            field="annotators",
            fix=f"Call it {_IMAGE[0]!r}.",
        )
    places = [plain_cell(cell.strip()) for cell in table.columns[image]]
    if set(_ROWS) <= set(table.columns):
        heads = table.columns.get("head", [""] * len(table))
        columns = (places, table.columns["annotator"], heads, table.columns["label"])
        for *cells, number in zip(*columns, table.row_numbers, strict=True):
            where, who, head, label = (cell.strip() for cell in cells)
            yield _Cell(where, who, head or _only_head(task, table), plain_cell(label), number)
        return
    for name in (name for name in table.columns if name.strip().lower() not in _IMAGE):
        head, sign, annotator = name.rpartition("=")
        if not sign:
            head = _only_head(task, table)
        for place, cell, number in zip(places, table.columns[name], table.row_numbers, strict=True):
            yield _Cell(place, annotator, head, plain_cell(cell.strip()), number)


def _only_head(task: Task, table: Table) -> str:
    if len(task.heads) > 1:
        names = [head.name for head in task.heads]
        raise TableError(
            f"the run has the heads {names}, and the table does not say which one a label is for.",
            where=table.path,
            field="annotators",
            fix=f"Add a column 'head' to rows, or call the columns such as {names[0]}=ann.",
        )
    return task.heads[0].name


def _rows_of(cells: Sequence[_Cell], samples: Samples) -> dict[str, int]:
    """Row of the samples that each name means; names that are no ids are matched as those of any table."""
    names = list(dict.fromkeys(cell.image for cell in cells))
    found = ImageNames([str(name) for name in samples.ids]).match([normalise_id(name) for name in names], folders=False)
    return {name: images[0] for name, images in zip(names, found.images, strict=True) if len(images) == 1}


def _fill(
    cells: Sequence[_Cell], rows: Mapping[str, int], names: tuple[str, ...], samples: Samples
) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    """Votes by question, and what cannot be read."""
    assert samples.task is not None, "a run has labels"
    place_of = {name: place for place, name in enumerate(names)}
    votes: dict[str, NDArray[np.int64]] = {}
    problems = []
    for cell in cells:
        if cell.image not in rows:
            continue
        for question, answer in _answers(samples.task, cell):
            column = votes.setdefault(question, np.full((len(samples), len(names)), -1, dtype=np.int64))
            row, place = rows[cell.image], place_of[cell.annotator]
            where = f"row {cell.number}: {cell.annotator!r} says {cell.label!r} of {cell.image}"
            if answer < 0:
                problems.append(f"{where}, no class of {question!r}")
            elif column[row, place] not in (-1, answer):
                problems.append(f"{where}, and another label too")
            else:
                column[row, place] = answer
    return votes, problems


def _answers(task: Task, cell: _Cell) -> Iterator[tuple[str, int]]:
    """Questions that a cell answers, each with the place of the answer; -1 for what is no class."""
    name, _, label = cell.head.partition("=")
    heads = {head.name: head for head in task.heads}
    if name not in heads:
        raise UnknownNameError("head", name, heads, field="annotators")
    head = heads[name]
    if not head.is_multi:
        yield name, _place(head.classes, cell.label)
    elif label:
        yield cell.head, _place(NO_AND_YES, cell.label)
    else:
        yield from _marks(head, cell)


def _marks(head: Head, cell: _Cell) -> Iterator[tuple[str, int]]:
    """Yes or no to every label of a multi-label head, by the list in a cell; `[]` is none of them."""
    delimiter = next((sign for sign in _DELIMITERS if sign in cell.label), _DELIMITERS[0])
    said = set() if cell.label == "[]" else {part.strip() for part in cell.label.split(delimiter)}
    for label in head.classes:
        yield f"{head.name}={label}", -1 if said - set(head.classes) else int(label in said)


def _place(classes: Sequence[str], label: str) -> int:
    return classes.index(label) if label in classes else -1
