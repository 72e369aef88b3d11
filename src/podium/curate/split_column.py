"""The column that says train, valid or test; guessed where the user did not name it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from podium.advice import options as advise
from podium.curate.fold_column import note_unused_folds
from podium.curate.options import LEFT_OUT, ScanOptions
from podium.curate.rows import Guess, Rows, plain_name, require_column, take_rows
from podium.errors import SourceError
from podium.listing import agree, count_of, list_some
from podium.tables import split_of

__all__ = ["SPLIT_COLUMNS", "SplitChoice", "choose_split", "leave_out_rows"]

_FLAGS = (
    {name: {"yes": "valid", "no": "train"} for name in ("isvalid", "isval", "isvalidation", "isdev")}
    | {name: {"yes": "test", "no": "train"} for name in ("istest", "istesting", "isholdout")}
    | {name: {"yes": "train", "no": "valid"} for name in ("istrain", "istraining", "istrainingimg")}
)
"""Columns that answer a question: the splits that yes and no mean."""
SPLIT_COLUMNS = frozenset({"split", "set", "subset", "partition", "phase", "dataset", *_FLAGS})
_OF_OTHER_USE = frozenset({"set", "dataset", "phase"})
"""Names that mean a source or a stage as often as a split."""
_YES_NO = {"1": "yes", "true": "yes", "yes": "yes", "0": "no", "false": "no", "no": "no", "1.0": "yes", "0.0": "no"}
_IN_ORDER = ("train", "valid", "test")


@dataclass(frozen=True)
class SplitChoice:
    """The split of a table.

    Args:
        name: The column, None where there is none.
        split: "train", "valid", "test", "none" or "" of each image; None where there is none.
        guesses: What was guessed.
        notes: What the user should know.
    """

    name: str | None = None
    split: list[str] | None = None
    guesses: tuple[Guess, ...] = ()
    notes: tuple[str, ...] = ()


def choose_split(rows: Rows, options: ScanOptions) -> SplitChoice:
    """The split that the source says.

    Raises:
        SourceError: If a column says train, valid or test in some cells and something else in others, two columns
            disagree, or cells are empty and it cannot be told what their rows are.
    """
    found = _choose(rows, options)
    return replace(found, notes=(*note_unused_folds(rows, options, found.name), *found.notes))


def _choose(rows: Rows, options: ScanOptions) -> SplitChoice:
    if options.split_column == "none" and "none" not in rows.columns:
        return SplitChoice()
    wanted = options.split_column or rows.split_column
    if wanted is None:
        return _guess_split(rows, options)
    cells = require_column(rows, wanted, "split_column")
    if rows.split_column == wanted:
        return SplitChoice(wanted, list(cells), notes=_note_no_train(cells))
    _refuse_unknown(rows, wanted, options)
    return _read_split(rows, wanted, options)


def leave_out_rows(rows: Rows, options: ScanOptions) -> Rows:
    """The rows without those whose split is "none"."""
    if LEFT_OUT not in options.split_names.values() or rows.split_column is not None:
        return rows
    split = choose_split(rows, options).split or []
    kept = [row for row, name in enumerate(split) if name != LEFT_OUT]
    if len(kept) == len(split):
        return rows
    return take_rows(
        rows,
        kept,
        note=f"{count_of(len(split) - len(kept), 'row is', 'rows are')} of no split and"
        f" {agree(len(split) - len(kept), 'was', 'were')} left out.",
    )


def _guess_split(rows: Rows, options: ScanOptions) -> SplitChoice:
    """The one column whose name says that it is a split, and whose cells do."""
    notes: list[str] = []
    found: dict[str, SplitChoice] = {}
    for name, cells in rows.columns.items():
        if plain_name(name) not in SPLIT_COLUMNS or name in (*options.label_columns, rows.id_column):
            continue
        values = sorted({cell.strip() for cell in cells} - {""})
        known = [value for value in values if _meaning(name, value, options)]
        if known:
            _refuse_unknown(rows, name, options)
            guess = Guess("split column", name, f"it holds {values}", f"{advise(split_column=name)} (or 'none')")
            choice = _read_split(rows, name, options)
            found[name] = SplitChoice(name, choice.split, (guess, *choice.guesses), choice.notes)
        elif values and plain_name(name) not in _OF_OTHER_USE:
            notes.append(_note_unknown(name, values))
    first = next(iter(found.values()), SplitChoice())
    if any(other.split != first.split for other in found.values()):
        raise SourceError(
            f"columns {' and '.join(map(repr, found))} say different splits.",
            where=rows.origin,
            fix=f"Name one: {advise(split_column=next(iter(found)))}.",
        )
    return SplitChoice(first.name, first.split, first.guesses, (*notes, *first.notes))


def _meaning(name: str, cell: str, options: ScanOptions) -> str | None:
    """The split that a cell of a column means, None where it is not known; yes and no only where a name asks for it."""
    value = cell.strip()
    if value in options.split_names:
        return options.split_names[value]
    flags = _FLAGS.get(plain_name(name))
    if flags is not None:
        return flags.get(_YES_NO.get(value.lower(), ""))
    return split_of(value) if value else ""


def _read_split(rows: Rows, name: str, options: ScanOptions) -> SplitChoice:
    cells = rows.columns[name]
    split = [_meaning(name, cell, options) or "" for cell in cells]
    n_empty = split.count("")
    notes = list(_note_no_train(split))
    if n_empty and n_empty < len(split):
        _refuse_empty(rows, name, split, options)
        rest = "train with the others" if "valid" in split else "are divided into folds, as those of train are"
        notes.append(f"{count_of(n_empty, 'row')} with an empty cell in {name!r} {rest}.")
    return SplitChoice(name, split, (), tuple(notes))


def _note_no_train(split: Sequence[str]) -> tuple[str, ...]:
    if "valid" in split and "train" not in split and "" not in split:
        return ("No image is of split train, so the valid images are divided into folds.",)
    return ()


def _refuse_empty(rows: Rows, name: str, split: Sequence[str], options: ScanOptions) -> None:
    """Refuse empty cells beside train without valid, or beside valid without train: they may be what is missing."""
    named = {"train", "valid"} & set(split)
    if len(named) != 1 or options.unlabelled:
        return
    (only,) = named
    other = "valid" if only == "train" else "train"
    raise SourceError(
        f"{count_of(split.count(''), 'cell')} of split column {name!r} {agree(split.count(''), 'is', 'are')}"
        f" empty, beside {split.count(only)} of {only} and none of"
        f" {other}.",
        where=rows.origin,
        fix="Say what the empty cells mean, with one of these:",
        details=[
            *(f"they are {meant}: {advise(split_names={'': meant})}" for meant in dict.fromkeys((other, "test", only))),
            f"their rows are not used: {advise(split_names={'': LEFT_OUT})}",
            f"the column is not followed: {advise(split_column='none')}",
        ],
    )


def _refuse_unknown(rows: Rows, name: str, options: ScanOptions) -> None:
    cells = rows.columns[name]
    wrong = [
        (place, cell)
        for place, cell in zip(rows.places, cells, strict=True)
        if cell.strip() and _meaning(name, cell, options) is None
    ]
    if not wrong:
        return
    values = sorted({cell.strip() for _, cell in wrong})
    raise SourceError(
        f"{count_of(len(wrong), 'cell')} of split column {name!r} {agree(len(wrong), 'is', 'are')} not train,"
        f" valid or test: {list_some(values, most=5)}.",
        where=rows.origin,
        fix=f"Say what they mean: {_advise_names(values)} (or 'none' to leave their rows out); or do not follow the"
        f" column: {advise(split_column='none')}.",
        details=[f"{place}: {cell}" for place, cell in wrong],
    )


def _note_unknown(name: str, values: Sequence[str]) -> str:
    return (
        f"Column {name!r} holds {list_some(values, most=5)}, which name no split, so it was not followed. If it is the"
        f" split, set {_advise_names(values, split_column=name)}."
    )


def _advise_names(values: Sequence[str], **more: str) -> str:
    few = list(values)[:3]
    order = _IN_ORDER if len(few) != 2 else ("train", "test")
    names: Mapping[str, str] = dict(zip(few, order, strict=False))
    return advise(split_names=names, **more)
