"""Samples with a row for every image and class, such as `ID_subtype,Label` with `ID_0a1b_epidural,0.5`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from podium.submission.column_names import Reading, parse_reading, read_name
from podium.submission.ids import find_match, names_of
from podium.submission.options import SubmissionOptions
from podium.tables import Task
from podium.texttable import RawTable

__all__ = ["PairRows", "find_pairs"]

_SEPARATORS = ("_", "-", ":", "|", "/", " ", ".")
_Pair = tuple[str, Reading]


@dataclass(frozen=True)
class PairRows:
    """What the rows of such a sample ask for.

    Args:
        id_column: Column whose cells are an image and a class.
        value_column: Column of the answers.
        images: Image of each row, as the cell spells it.
        readings: Class of each row.
    """

    id_column: str
    value_column: str
    images: tuple[str, ...]
    readings: tuple[Reading, ...]


def find_pairs(
    template: RawTable, task: Task, options: SubmissionOptions, ids: Sequence[str] | None = None
) -> PairRows | None:
    """The rows of a sample with a row for every image and class, or None where it is none.

    Every image must have a row for each of the same two or more classes. A sample whose cells name images as they stand
    is none.

    Args:
        template: The sample.
        task: Its classes are looked for.
        options: Which columns hold ids and answers, where that is set.
        ids: Ids of the predictions, if they are there already.
    """
    names = None if ids is None else names_of(ids, encoding=template.encoding)
    for column in template.columns if options.id_column is None else (options.id_column,):
        value = _value_column(template, column, options)
        if value is None:
            continue
        cells = template.cells(column)
        pairs = _split_cells(cells, task, _targets(task, options))
        if pairs is None:
            continue
        if names is not None and len(set(cells)) == len(cells) and find_match(cells, names) is not None:
            return None
        images = list(dict.fromkeys(image for image, _ in pairs))
        if len(images) > 1 if names is None else names.match(images, folders=False).n_found:
            return PairRows(column, value, tuple(image for image, _ in pairs), tuple(reading for _, reading in pairs))
    return None


def _value_column(template: RawTable, column: str, options: SubmissionOptions) -> str | None:
    others = [name for name in template.columns if name != column]
    if options.answer_columns is not None:
        others = [name for name in others if name in options.answer_columns]
    return others[0] if len(others) == 1 else None


def _targets(task: Task, options: SubmissionOptions) -> set[str]:
    """The targets whose classes may stand in the cells."""
    if options.answer_columns is None:
        return {head.name for head in task.targets}
    return {parse_reading(text, task).head.name for text in options.answer_columns.values()}


def _split_cells(cells: Sequence[str], task: Task, targets: set[str]) -> list[_Pair] | None:
    """The image and the class of each cell, by one separator, if every image has each class once."""
    known: dict[str, list[Reading]] = {}
    for separator in _SEPARATORS:
        pairs: list[_Pair] = []
        for cell in cells:
            pair = next(_readings_of(cell.strip(), separator, task, targets, known), None)
            if pair is None:
                break
            pairs.append(pair)
        if len(pairs) == len(cells) and _are_complete(pairs):
            return pairs
    return None


def _readings_of(
    cell: str, separator: str, task: Task, targets: set[str], known: dict[str, list[Reading]]
) -> Iterator[_Pair]:
    """The ways to read a cell as an image and one class, the longest name of a class first."""
    parts = cell.split(separator)
    for cut in range(1, len(parts)):
        image, name = separator.join(parts[:cut]), separator.join(parts[cut:])
        if name not in known:
            known[name] = read_name(name, task) if name else []
        found = [reading for reading in known[name] if reading.class_index is not None and reading.head.name in targets]
        if image and len(found) == 1:
            yield image, found[0]


def _are_complete(pairs: Sequence[_Pair]) -> bool:
    keys = {(image, reading.text) for image, reading in pairs}
    images, classes = {image for image, _ in keys}, {name for _, name in keys}
    return len(classes) > 1 and len(keys) == len(pairs) == len(images) * len(classes)
