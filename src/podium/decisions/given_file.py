"""Predictions that somebody else made, read from a file: a team mate's CSV, npz or Parquet, joined by image name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.decisions.complete_probs import complete_probs
from podium.errors import DataError, TableError, UsageError
from podium.listing import agree, count_of, list_some
from podium.tables import MEAN_OF_FOLDS, Head, ImageNames, Predictions, Task, as_certain_probs, as_text_array
from podium.texttable import Table, read_table

__all__ = ["GivenFile", "read_given_file", "refuse_hard", "with_folds"]

_TOLERANCE = 0.02
"""Rows that sum to 1 within it were rounded, and are scaled."""
_NPZ_IDS = ("ids", "id", "names", "files", "paths")


@dataclass(frozen=True, eq=False)
class GivenFile:
    """Predictions of a file, for images of the run.

    Args:
        predictions: Of the images that the file and the run share, in the run's order and by the run's ids; every
            fold is that of a mean.
        missing: Images of the run that the file does not have.
        extra: Rows of the file that are no image of the run.
        is_hard: Whether it holds answers and no probabilities.
        rule: How images were found, in words that follow "found".
    """

    predictions: Predictions
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    is_hard: bool
    rule: str


@dataclass(frozen=True, eq=False)
class _Rows:
    """A file as read: names of images and, per head, probabilities or answers."""

    ids: list[str]
    probs: dict[str, NDArray[np.float64]]
    is_hard: bool


def read_given_file(path: Path, task: Task, ids: Sequence[str] | None = None) -> GivenFile:
    """Read predictions of a task, and find each row's image.

    A table has a column of image names and, for each class of each head, a column called as the class, or
    "head=class" where several heads have such a class; or a column called as a single-label head with the answers. An
    npz file has the image names as `ids` and an array (N, C) a head, called as the head, or `probs` for the only one.

    Args:
        path: The file.
        task: What is predicted.
        ids: Ids of the run's images; None keeps all rows under their own names.

    Raises:
        TableError: If the file, the column of image names or a class is missing.
        DataError: If an image occurs twice, none is found, or values are no probabilities; names the first rows.
    """
    rows = _read_npz(path, task) if path.suffix.lower() == ".npz" else _read_columns(path, task, ids)
    again = sorted({name for name in rows.ids if rows.ids.count(name) > 1}) if _repeats(rows.ids) else []
    if again:
        what = f"{count_of(len(again), 'image')} {agree(len(again), 'occurs', 'occur')} twice: {list_some(again)}."
        raise DataError(what, where=path, fix="Keep one row for each image.")
    heads = {head.name: head for head in task.targets}
    checked = {name: _check(values, heads[name], rows.ids, path) for name, values in rows.probs.items()}
    wanted = rows.ids if ids is None else list(ids)
    places, extra, rule = _join(rows.ids, wanted, path)
    taken = np.array([place for place in places if place >= 0], dtype=np.int64)
    named = [name for name, place in zip(wanted, places, strict=True) if place >= 0]
    probs = complete_probs({name: values[taken] for name, values in checked.items()}, task)
    fold = np.full(len(named), MEAN_OF_FOLDS, dtype=np.int64)
    missing = tuple(name for name, place in zip(wanted, places, strict=True) if place < 0)
    return GivenFile(Predictions(task, as_text_array(named), fold, probs), missing, extra, rows.is_hard, rule)


def _repeats(names: Sequence[str]) -> bool:
    return len(set(names)) < len(names)


def _join(own: Sequence[str], wanted: Sequence[str], path: Path) -> tuple[list[int], tuple[str, ...], str]:
    """The row of each wanted image, or -1; rows that are none of them; how they were found."""
    match = ImageNames(wanted).match(own, folders=False)
    places, extra = [-1] * len(wanted), []
    for row, images in enumerate(match.images):
        if len(images) != 1:
            extra.append(own[row])
        elif places[images[0]] >= 0:
            raise DataError(
                f"{own[places[images[0]]]!r} and {own[row]!r} both mean {wanted[images[0]]!r}.",
                where=path,
                fix="Write the names as relative paths, with folder and file extension.",
            )
        else:
            places[images[0]] = row
    if not match.n_found:
        what = f"no row names an image of the run; the file has {list_some(list(own[:3]))},"
        raise DataError(
            f"{what} the run {list_some(list(wanted[:3]))}.", where=path, fix="Give the file of these data."
        )
    return places, tuple(extra), match.rule


def _read_npz(path: Path, task: Task) -> _Rows:
    if not path.is_file():
        raise TableError("there is no such file.", where=path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError) as problem:
        raise TableError(f"this is no npz file of plain arrays ({problem}).", where=path) from None
    key = next((name for name in _NPZ_IDS if name in arrays), None)
    if key is None:
        raise TableError(f"there is no array 'ids', only {sorted(arrays)}.", where=path, fix="Add the image names.")
    ids = [str(name) for name in arrays[key].tolist()]
    if len(task.heads) == 1 and task.heads[0].name not in arrays and "probs" in arrays:
        arrays[task.heads[0].name] = arrays["probs"]
    probs = {}
    for head in task.targets:
        if head.name in arrays:
            values = np.asarray(arrays[head.name], dtype=np.float64)
            if values.shape != (len(ids), head.n_classes):
                shape = f"array {head.name!r} has shape {values.shape}, not ({len(ids)}, {head.n_classes})"
                raise DataError(f"{shape}.", where=path, fix=f"Its columns are {list_some(list(head.classes))}.")
            probs[head.name] = values
    _check_complete(probs, task, path, sorted(arrays))
    return _Rows(ids, probs, False)


def _read_columns(path: Path, task: Task, ids: Sequence[str] | None) -> _Rows:
    table = read_table(path)
    found: dict[str, NDArray[np.float64]] = {}
    used: set[str] = set()
    hard = False
    owners = [name for head in task.targets for name in head.classes]
    for head in task.targets:
        columns = [_column_of(head, name, table, owners.count(name) > 1) for name in head.classes]
        if all(columns):
            named = [column for column in columns if column is not None]
            found[head.name] = np.column_stack([_numbers(table, column) for column in named])
            used.update(named)
        elif head.name in table.columns and not head.is_multi:
            found[head.name], hard = _answers(table, head), True
            used.add(head.name)
        elif any(columns):
            missing = [name for name, column in zip(head.classes, columns, strict=True) if column is None]
            raise TableError(f"classes of {head.name!r} have no column: {list_some(missing)}.", where=path)
    _check_complete(found, task, path, list(table.columns))
    return _Rows(_image_cells(table, used, ids), found, hard)


def _column_of(head: Head, name: str, table: Table, is_shared: bool) -> str | None:
    options = [f"{head.name}={name}"] + ([] if is_shared else [name])
    return next((column for column in options if column in table.columns), None)


def _check_complete(found: dict[str, NDArray[np.float64]], task: Task, path: Path, columns: Sequence[str]) -> None:
    composite = task.composite
    joint = set(composite.heads) if composite is not None and composite.name in found else set()
    missing = [head.name for head in task.heads if head.name not in found and head.name not in joint]
    if missing:
        raise TableError(
            f"these targets are not predicted here: {list_some(missing)}; the columns are {list_some(list(columns))}.",
            where=path,
            fix="Give a column a class, called as the class or 'head=class'.",
        )


def _image_cells(table: Table, used: set[str], ids: Sequence[str] | None) -> list[str]:
    """The column that names most images of the run; without these, the first that is free."""
    free = [name for name in table.columns if name not in used and name != "fold"]
    if not free:
        raise TableError("no column names the images.", where=table.path, fix="Add a column of image names.")
    if ids is None or len(free) == 1:
        return table.columns[free[0]]
    names = ImageNames(ids)
    matches = {name: names.match(table.columns[name], folders=False) for name in free}
    return table.columns[max(free, key=lambda name: (matches[name].n_found, -matches[name].rank))]


def _numbers(table: Table, column: str) -> NDArray[np.float64]:
    cells = table.columns[column]
    try:
        return np.array([float(cell) for cell in cells], dtype=np.float64)
    except ValueError:
        row = next(row for row, cell in enumerate(cells) if not _is_number(cell))
        raise DataError(
            f"row {table.row_numbers[row]}: {cells[row][:30]!r} in column {column!r} is no number.", where=table.path
        ) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _answers(table: Table, head: Head) -> NDArray[np.float64]:
    place = {name: number for number, name in enumerate(head.classes)}
    cells = [cell.strip() for cell in table.columns[head.name]]
    unknown = sorted({cell for cell in cells if cell not in place})
    if unknown:
        what = f"column {head.name!r} has answers that are no class: {list_some(unknown)}."
        raise DataError(what, where=table.path, fix=f"The classes are {list_some(list(head.classes))}.")
    return as_certain_probs(np.array([place[cell] for cell in cells], dtype=np.int64), head)


def _check(values: NDArray[np.float64], head: Head, ids: Sequence[str], path: Path) -> NDArray[np.float64]:
    """The values as probabilities: rows that were rounded are scaled to sum to 1."""
    inside = np.isfinite(values) & (values >= -1e-6) & (values <= 1 + 1e-6)
    bad = np.asarray(~inside.all(axis=1))
    total = values.sum(axis=1)
    if not head.is_multi:
        bad |= np.abs(total - 1) > _TOLERANCE
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        shown = ", ".join(f"{value:.3g}" for value in values[row, :6])
        raise DataError(
            f"{count_of(int(bad.sum()), 'row')} of {head.name!r} {agree(int(bad.sum()), 'is', 'are')} no probabilities;"
            f" the first is {ids[row]!r}: {shown}.",
            where=path,
            fix="Logits become probabilities by a softmax, or a sigmoid for several labels.",
        )
    clipped = np.clip(values, 0, 1)
    return clipped if head.is_multi else np.asarray(clipped / clipped.sum(axis=1, keepdims=True))


def refuse_hard(given: GivenFile, kind: str, name: str) -> None:
    """Raise UsageError where answers without probabilities are to be averaged."""
    if given.is_hard and kind != "vote":
        raise UsageError(
            f"{name!r} holds answers and no probabilities, which cannot be averaged by {kind!r}.",
            field="blend",
            fix="Take a vote, or ask for its probabilities.",
        )


def with_folds(given: GivenFile, fold: NDArray[np.int64]) -> Predictions:
    """Its predictions as out-of-fold ones, with the folds of the run."""
    return replace(given.predictions, fold=fold)
