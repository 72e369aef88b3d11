"""Label columns that hold what several people said: votes or shares a class, or a column an annotator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.advice import options as advise
from podium.curate.classes import encode_cells, is_number, order_classes, refuse_unknown
from podium.curate.options import ScanOptions
from podium.errors import LabelError
from podium.listing import agree, count_of, part_of
from podium.tables import Head

__all__ = ["SoftLabels", "are_shares", "read_soft_labels"]

_ROUNDING = 0.02
"""How far the shares of a row may be from a sum of 1, as tables round them."""

Columns = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class SoftLabels:
    """A head with soft labels.

    Args:
        head: The head.
        shares: As in `Samples.soft`.
        notes: What the user should know.
    """

    head: Head
    shares: NDArray[np.float64]
    notes: tuple[str, ...]


def are_shares(columns: Columns) -> bool:
    """Whether several columns hold only numbers from 0 to 1, empty cells aside."""
    cells = {cell for column in columns.values() for cell in column if cell}
    return len(columns) > 1 and bool(cells) and all(is_number(cell) and 0 <= float(cell) <= 1 for cell in cells)


def read_soft_labels(columns: Columns, places: Sequence[str], options: ScanOptions) -> list[SoftLabels]:
    """The heads of columns that were said to be votes, annotators, or shares of a set of labels.

    Columns of votes called `head=class`, as in tables of Podium, are a head for each name before the sign.

    Args:
        columns: Clean cells of the label columns.
        places: Where each row stands, for messages.
        options: `label_kind` says which they are.

    Raises:
        LabelError: If a cell is no such number, or the shares of a row do not add up; names the rows.
    """
    if options.label_kind == "annotators":
        return [_read_annotators(columns, places, options)]
    if options.label_kind == "multi":
        name = options.head_name or "labels"
        head = Head(name, "multi", _in_order(name, tuple(columns), options))
        shares = _read_numbers({label: columns[label] for label in head.classes}, places)
        return [SoftLabels(head, np.where(np.isnan(shares), -1.0, shares), (_describe_marks(head, shares),))]
    return [_read_votes(name, part, places, options) for name, part in _by_head(columns, options).items()]


def _by_head(columns: Columns, options: ScanOptions) -> dict[str, Columns]:
    if not all("=" in name.strip("=") for name in columns):
        return {options.head_name or "label": columns}
    heads: dict[str, dict[str, Sequence[str]]] = {}
    for column, cells in columns.items():
        name, _, label = column.partition("=")
        heads.setdefault(name, {})[label] = cells
    return dict(heads)


def _read_votes(name: str, columns: Columns, places: Sequence[str], options: ScanOptions) -> SoftLabels:
    if len(columns) < 2:
        raise LabelError(
            f"votes need a column for each class, and {name!r} has one: {list(columns)}.",
            fix=f"Name all of them: {advise(label_columns=['cat', 'dog', 'owl'])}.",
        )
    classes = _in_order(name, tuple(columns), options)
    numbers = _read_numbers({label: columns[label] for label in classes}, places)
    votes = np.nan_to_num(numbers, nan=0.0)
    if np.any(votes != np.floor(votes)):
        _check_sums(name, votes, np.asarray(np.isnan(numbers).all(axis=1)), places)
    return _make(name, classes, votes, options)


def _read_annotators(columns: Columns, places: Sequence[str], options: ScanOptions) -> SoftLabels:
    name = options.head_name or "label"
    classes = options.classes.get(name) or order_classes([cell for cells in columns.values() for cell in cells])
    votes = np.zeros((len(places), len(classes)))
    for column, cells in columns.items():
        refuse_unknown(column, cells, classes, places)
        labels = encode_cells(cells, classes)
        known = np.flatnonzero(labels >= 0)
        votes[known, labels[known]] += 1
    return _make(name, tuple(classes), votes, options)


def _make(name: str, classes: tuple[str, ...], votes: NDArray[np.float64], options: ScanOptions) -> SoftLabels:
    sums = votes.sum(axis=1, keepdims=True)
    shares = np.where(sums > 0, votes / np.where(sums > 0, sums, 1), -1.0)
    known = sums[:, 0] > 0
    most = votes.max(axis=1, keepdims=True)
    n_tied = int(((votes == most).sum(axis=1) > 1)[known].sum())
    n_split = int((most[:, 0] < sums[:, 0])[known].sum())
    tied = f" {n_tied} have a tie, of which the first class in order counts." if n_tied else ""
    note = (
        f"{name!r} has soft labels: models learn the shares of votes, scores go by the class with the most."
        f" People disagree on {part_of(n_split, int(known.sum()), 'image')}.{tied}"
    )
    return SoftLabels(Head(name, "ordinal" if name in options.ordinal else "single", classes), shares, (note,))


def _in_order(name: str, columns: tuple[str, ...], options: ScanOptions) -> tuple[str, ...]:
    classes = tuple(options.classes.get(name, columns))
    if sorted(classes) != sorted(columns):
        raise LabelError(
            f"classes given for {name!r} are not its columns: {sorted(set(classes) ^ set(columns))[:10]} differ.",
            fix="Name every column once, or leave out the order.",
        )
    return classes


def _read_numbers(columns: Columns, places: Sequence[str]) -> NDArray[np.float64]:
    """The cells as numbers, shape (N, C); NaN where empty."""
    wrong = [
        f"{place}: {cell} in {name!r}"
        for name, cells in columns.items()
        for place, cell in zip(places, cells, strict=True)
        if cell and not (is_number(cell) and float(cell) >= 0)
    ]
    if wrong:
        raise LabelError(
            f"{count_of(len(wrong), 'cell')} of {list(columns)[:10]} {agree(len(wrong), 'is', 'are')} no number"
            f" of at least 0.",
            fix="Write how many people chose the class, or their share.",
            details=wrong,
        )
    return np.array([[float(cell) if cell else math.nan for cell in cells] for cells in columns.values()]).T.copy()


def _check_sums(name: str, votes: NDArray[np.float64], is_empty: NDArray[np.bool_], places: Sequence[str]) -> None:
    """Shares add up to 1, or to 100 as percentages; whole numbers count votes and may add up to anything."""
    sums = votes.sum(axis=1)
    whole = 100.0 if np.median(sums[~is_empty]) > 50 else 1.0
    wrong = np.flatnonzero(~is_empty & (np.abs(sums / whole - 1) > _ROUNDING))
    if len(wrong):
        raise LabelError(
            f"the shares of {name!r} do not add up to {whole:g} in {part_of(len(wrong), len(sums), 'row')}.",
            fix="Correct them, or write whole numbers of votes. Leave all cells of an image empty if nobody knows.",
            details=[f"{places[row]}: {sums[row]:g}" for row in wrong.tolist()],
        )


def _describe_marks(head: Head, shares: NDArray[np.float64]) -> str:
    n_unsure = int(((shares > 0) & (shares < 1)).any(axis=1).sum())
    return (
        f"{head.name!r} has soft labels: models learn the shares, scores take at least half for yes."
        f" {part_of(n_unsure, len(shares), 'image', 'has', 'have')} a share between 0 and 1."
    )
