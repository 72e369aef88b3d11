"""The column that gives every image its fold, where the user has folds of his own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from podium.advice import options as advise
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows, plain_name, require_column
from podium.errors import SourceError
from podium.listing import count_of, list_some
from podium.tables import order_fold_names, split_of

__all__ = ["FOLD_COLUMNS", "FoldChoice", "choose_fold_column", "note_unused_folds"]

FOLD_COLUMNS = frozenset({"fold", "folds", "kfold", "foldid", "foldnumber"})
_NONE = ("-1", "")
"""Cells of images that only train: -1 means that to scikit-learn's PredefinedSplit too."""


@dataclass(frozen=True)
class FoldChoice:
    """The folds of a table.

    Args:
        name: The column, None where none was named.
        fold: Name of each image's fold, "" where every model trains on it; None where no column was named.
        notes: What the user should know.
    """

    name: str | None = None
    fold: list[str] | None = None
    notes: tuple[str, ...] = ()


def choose_fold_column(rows: Rows, options: ScanOptions) -> FoldChoice:
    """The folds that the named column gives: numbers or names, which mean nothing but themselves.

    Raises:
        SourceError: If there is no such column, or it says train or test somewhere.
    """
    if options.fold_column is None:
        return FoldChoice()
    cells = require_column(rows, options.fold_column, "fold_column")
    fold = [_name_of(cell, options) for cell in cells]
    _refuse_splits(rows, options.fold_column, fold)
    n_free = fold.count("")
    free = f" {count_of(n_free, 'image')} of no fold (an empty cell or -1) train in every fold." if n_free else ""
    names = order_fold_names(fold)
    counts = list_some([f"fold {number} is {name!r} ({fold.count(name)})" for number, name in enumerate(names)])
    return FoldChoice(options.fold_column, fold, (f"Folds of column {options.fold_column!r}: {counts}.{free}",))


def _refuse_splits(rows: Rows, column: str, fold: Sequence[str]) -> None:
    """Refuse cells that say train or test: taken for folds, what is to be held out would train."""
    words = [name for name in order_fold_names(fold) if split_of(name) in ("train", "test")]
    if words:
        raise SourceError(
            f"column {column!r} says {list_some(map(repr, words))}, which name no fold.",
            where=rows.origin,
            field="fold_column",
            fix="Leave the cell empty for images that every fold trains on, and say which are the test set in a column"
            f" of its own: {advise(split_column='split')}.",
        )


def _name_of(cell: str, options: ScanOptions) -> str:
    """A fold's name; a number as people write it, for pandas turns 1 into 1.0 where cells are empty."""
    name = re.sub(r"^(-?\d+)\.0+$", r"\1", cell.strip())
    return "" if name in _NONE or cell.strip() in options.missing_values else name


def note_unused_folds(rows: Rows, options: ScanOptions, split_name: str | None) -> list[str]:
    """A note on each column that seems to number folds and was not named."""
    used = {split_name, options.group, options.fold_column, *options.label_columns}
    names = [name for name in rows.columns if plain_name(name) in FOLD_COLUMNS and name not in used]
    return [
        f"Column {name!r} numbers folds and was not used: Podium makes folds of its own. To use it, set"
        f" {advise(fold_column=name)}."
        for name in names
    ]
