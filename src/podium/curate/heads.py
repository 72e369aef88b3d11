"""Label columns to heads and label arrays."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import options as advise
from podium.curate.bins import assign_bins, is_whole, name_bins, parse_numbers
from podium.curate.classes import encode_cells, is_number, looks_missing, order_classes, refuse_unknown
from podium.curate.indicators import (
    encode_indicators,
    encode_lists,
    guess_delim,
    is_indicator,
    may_be_lists,
    read_vectors,
    split_cell,
)
from podium.curate.options import ScanOptions
from podium.curate.rows import Guess, Rows
from podium.curate.soft_columns import are_shares, read_soft_labels
from podium.curate.spellings import merge_spellings, same_names, spelling_key
from podium.curate.votes import describe_counts, refuse_votes
from podium.errors import LabelError, UnknownNameError
from podium.listing import agree, count_of, list_some
from podium.tables import Head
from podium.tables.soft_labels import harden
from podium.texttable import read_list_cells

__all__ = ["Labelling", "make_heads"]

_MANY_NUMBERS = 20
_MINUS = frozenset({"-1", "-1.0"})
_ZERO = frozenset({"0", "0.0", "false"})


@dataclass
class Labelling:
    """Heads with their labels, N images.

    Args:
        heads: The heads, in order.
        labels: Per head, as in `Samples.labels`.
        soft: Per head with soft labels, as in `Samples.soft`.
        numbers: Numbers behind binned heads, float64 (N,).
        borders: Borders between their classes.
        ordered: Heads whose class order the user or the numbers gave, so that it was not guessed.
        notes: What the user should know.
        guesses: What was guessed.
    """

    heads: list[Head] = field(default_factory=list)
    labels: dict[str, NDArray[np.integer[Any]]] = field(default_factory=dict)
    soft: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    borders: dict[str, tuple[float, ...]] = field(default_factory=dict)
    ordered: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)

    def add(self, head: Head, labels: NDArray[np.integer[Any]]) -> None:
        """Adds one head with its labels."""
        self.heads.append(head)
        self.labels[head.name] = labels


def make_heads(rows: Rows, names: Sequence[str], options: ScanOptions) -> Labelling:
    """Heads from the label columns.

    Raises:
        LabelError: If a column has one class only, holds a class that is not among the given ones, or no number where
            bins are wanted.
        UnknownNameError: If `classes` or `bins` name a head that is not there.
    """
    made = Labelling()
    cells = {name: _clean(made, name, rows.columns[name], options.missing_values) for name in names}
    if options.label_kind in ("votes", "annotators") or _are_marks(cells, options):
        for found in read_soft_labels(cells, rows.places, options):
            made.add(found.head, harden(found.head, found.shares))
            made.soft[found.head.name] = found.shares
            made.notes += found.notes
    elif _are_indicators(cells, options):
        _add_indicators(made, cells, options)
    else:
        if options.label_kind == "auto" and cells.keys().isdisjoint(
            {*options.classes, *options.bins, *options.ordinal}
        ):
            refuse_votes(cells)
            made.notes += describe_counts(cells)
        for name, column in cells.items():
            _add_column(made, rows, name, column, options)
    for field_name, given in (("classes", options.classes), ("bins", options.bins), ("ordinal", options.ordinal)):
        for name in given:
            if name in rows.columns and name not in made.labels and made.labels:
                raise LabelError(
                    f"{name!r} is not among the labels {list(made.labels)}.",
                    field=field_name,
                    fix=f"Add it: {advise(label_columns=[*made.labels, name])}.",
                )
            if name not in made.labels and made.labels:
                raise UnknownNameError("head", name, {*made.labels, *rows.columns}, field=field_name)
    for head in made.heads:
        _describe(made, head, made.labels[head.name])
    return made


def _clean(made: Labelling, name: str, cells: Sequence[str], missing_values: Sequence[str]) -> list[str]:
    """Cells in Unicode form NFC without blanks around them; "" where they mean that nothing is known."""
    gone = {value.strip() for value in missing_values}
    spelt = [unicodedata.normalize("NFC", cell.strip()) for cell in cells]
    n_changed = sum(old != new for old, new in zip(cells, spelt, strict=True))
    if n_changed:
        made.notes.append(
            f"{count_of(n_changed, 'cell')} of {name!r} {agree(n_changed, 'was', 'were')} cleaned: spaces at"
            f" the ends removed, Unicode letters put into NFC."
        )
    return ["" if cell in gone else cell for cell in spelt]


def _are_indicators(cells: Mapping[str, Sequence[str]], options: ScanOptions) -> bool:
    if len(cells) < 2 or options.label_kind == "single" or any(name in options.bins for name in cells):
        return False
    if any(name in options.classes or name in options.ordinal for name in cells):
        return False
    if not all(is_indicator(column) for column in cells.values()):
        return False
    _refuse_two_noes(cells)
    return True


def _are_marks(cells: Mapping[str, Sequence[str]], options: ScanOptions) -> bool:
    """Whether columns that were called sets of labels hold shares from 0 to 1."""
    return options.label_kind == "multi" and not _are_indicators(cells, options) and are_shares(cells)


def _refuse_two_noes(cells: Mapping[str, Sequence[str]]) -> None:
    """Columns of 1, 0 and -1 together: where 0 is no, -1 means something else."""
    with_minus = [name for name, column in cells.items() if not _MINUS.isdisjoint(column)]
    with_zero = [name for name, column in cells.items() if not _ZERO.isdisjoint(column)]
    if with_minus and with_zero:
        raise LabelError(
            f'among columns of 0 and 1, {list_some(with_minus, most=3)} hold -1, which may mean "no" or "not known".',
            fix=f'If it means "not known", set {advise(missing_values=["-1", "-1.0"])}; if it means "no", write 0.',
        )


def _add_indicators(made: Labelling, cells: Mapping[str, Sequence[str]], options: ScanOptions) -> None:
    """One head of 0/1 columns: a set of classes, or one class where every row has exactly one 1."""
    encoded = encode_indicators(cells)
    if not np.any(encoded == 0) and not options.missing_values:
        made.notes.append("Empty cells were read as 0, because the columns hold only 1 besides.")
        encoded = np.maximum(encoded, 0)
    if any(not _MINUS.isdisjoint(column) for column in cells.values()):
        made.guesses.append(
            Guess(
                "-1", "no", "the columns hold only 1 and -1", f'{advise(missing_values=["-1"])} if it means "not known"'
            )
        )
    has_one = ((encoded == 1).sum(axis=1) == 1) & ((encoded == 0).sum(axis=1) == len(cells) - 1)
    is_one_hot = options.label_kind == "auto" and bool(has_one.all())
    name = options.head_name or ("label" if is_one_hot else "labels")
    classes = tuple(options.classes.get(name, tuple(cells)))
    if sorted(classes) != sorted(cells):
        raise LabelError(
            f"classes given for {name!r} are not its 0/1 columns: {sorted(set(classes) ^ set(cells))[:10]} differ.",
            fix="Name every column once, or leave out the order.",
        )
    encoded = encoded[:, [list(cells).index(column) for column in classes]]
    if is_one_hot:
        made.guesses.append(Guess("label kind", "single", "exactly one 1 in every row", advise(label_kind="multi")))
        made.add(Head(name, "single", classes), encoded.argmax(axis=1).astype(np.int64))
    else:
        made.add(Head(name, "multi", classes), encoded)


def _add_column(made: Labelling, rows: Rows, name: str, cells: list[str], options: ScanOptions) -> None:
    given = options.classes.get(name)
    if name in options.bins:
        _add_bins(made, name, cells, rows.places, options)
        return
    if name in options.ordinal:
        _add_single(made, name, cells, rows.places, options)
        return
    written = _written_lists(rows, name, cells, options)
    delim = _choose_delim(made, rows, name, cells, options) if written is None else None
    if written is not None:
        _add_written_lists(made, name, written, rows.places, options)
    elif delim is not None:
        _add_lists(made, name, [_split(cell, delim) for cell in cells], rows.places, options)
    elif options.label_kind == "multi" and is_indicator(cells) and given is None:
        made.add(Head(name, "multi", (name,)), encode_indicators({name: cells}))
    elif options.label_kind == "multi":
        _add_lists(made, name, [_split(cell, "\n") for cell in cells], rows.places, options)
    else:
        _add_single(made, name, cells, rows.places, options)
        mark = (
            may_be_lists(cells) if options.label_kind == "auto" and rows.origin not in ("folders", "pattern") else None
        )
        if mark is not None and given is None:
            example = next(cell for cell in cells if mark in cell)
            made.notes.append(
                f"{name!r} was read as one class per cell. If {example!r} is a list, set {advise(label_delim=mark)}."
            )


def _add_single(made: Labelling, name: str, cells: Sequence[str], places: Sequence[str], options: ScanOptions) -> None:
    given, is_ordinal = options.classes.get(name), name in options.ordinal
    cells = _in_one_spelling(made, name, cells, options)
    classes = given or order_classes(cells)
    refuse_unknown(name, cells, classes, places)
    has_order = given is not None or all(is_number(label) for label in classes)
    if is_ordinal and not has_order:
        raise LabelError(
            f"the classes of {name!r} are not numbers, so their order is not known: {list(classes)[:10]}.",
            fix=f"List them from low to high: {advise(classes={name: ['first', 'second', 'third']})}.",
        )
    made.add(Head(name, "ordinal" if is_ordinal else "single", tuple(classes)), encode_cells(cells, classes))
    if has_order:
        made.ordered.add(name)


def _written_lists(rows: Rows, name: str, cells: Sequence[str], options: ScanOptions) -> list[list[str] | None] | None:
    """The items of each cell where a table's cells are lists in brackets, such as `['a', 'b']`."""
    if options.label_kind == "single" or rows.origin in ("folders", "pattern"):
        return None
    if set(cells) - {""} <= set(options.classes.get(name, ())):
        return None
    return read_list_cells(cells)


def _add_written_lists(
    made: Labelling, name: str, lists: list[list[str] | None], places: Sequence[str], options: ScanOptions
) -> None:
    """A head from lists in brackets: labels, or 0 and 1 by place; one class where every list holds exactly one."""
    given = options.classes.get(name)
    vectors = read_vectors(lists)
    if vectors is not None:
        classes = given or tuple(str(place) for place in range(vectors.shape[1]))
        if len(classes) != vectors.shape[1]:
            raise LabelError(
                f"lists of {name!r} have {count_of(vectors.shape[1], 'item')}, but there are"
                f" {count_of(len(classes), 'class')}."
            )
        known = vectors[:, 0] >= 0
        if options.label_kind == "auto" and np.all(vectors[known].sum(axis=1) == 1):
            why = f"every list of {name!r} holds exactly one 1 among {count_of(len(classes), 'item')}"
            made.guesses.append(Guess("label kind", "single", why, advise(label_kind="multi")))
            labels = np.where(known, vectors.argmax(axis=1), -1).astype(np.int64)
            made.add(Head(name, "single", classes), labels)
        else:
            made.notes.append(
                f"Cells of {name!r} are lists of 0 and 1: the classes are their {count_of(len(classes), 'position')}."
            )
            made.add(Head(name, "multi", classes), vectors)
    elif options.label_kind == "auto" and all(items is None or len(items) == 1 for items in lists):
        why = f"every cell of {name!r} is a list of one label"
        made.guesses.append(Guess("label kind", "single", why, advise(label_kind="multi")))
        _add_single(made, name, [items[0] if items else "" for items in lists], places, options)
    else:
        if options.label_kind == "auto":
            why = f"cells of {name!r} are lists in brackets"
            made.guesses.append(Guess("label kind", "multi", why, f"{advise(label_kind='multi')} (or 'single')"))
        _add_lists(made, name, lists, places, options)


def _choose_delim(made: Labelling, rows: Rows, name: str, cells: list[str], options: ScanOptions) -> str | None:
    if options.label_delim is not None:
        return options.label_delim if _has_lists(made, name, cells, options) else None
    # A folder name or a piece of a path is one name, whatever it holds.
    if options.label_kind == "single" or rows.origin in ("folders", "pattern"):
        return None
    delim = guess_delim(cells)
    if delim is not None and set(cells) - {""} <= set(options.classes.get(name, ())):
        return None
    if delim is not None:
        why = f"cells of {name!r} look like lists"
        option = f"{advise(label_delim=delim)} (or {advise(label_kind='single')})"
        made.guesses.append(Guess("label delimiter", delim, why, option))
    return delim


def _has_lists(made: Labelling, name: str, cells: Sequence[str], options: ScanOptions) -> bool:
    """Whether the delimiter that was given means this column; of several, not one that never holds it."""
    holds_it = any(options.label_delim in cell for cell in cells if options.label_delim)
    is_only = len(options.label_columns) < 2 or options.label_kind == "multi"
    is_list = options.label_kind != "single" and (holds_it or is_only)
    if is_list and len(options.label_columns) > 1:
        made.notes.append(f"Cells of {name!r} were read as lists with the delimiter {options.label_delim!r}.")
    return is_list


def _split(cell: str, delim: str) -> list[str] | None:
    return split_cell(cell, delim) if cell else None


def _add_lists(
    made: Labelling,
    name: str,
    lists: Sequence[list[str] | None],
    places: Sequence[str],
    options: ScanOptions,
) -> None:
    spelt = iter(_in_one_spelling(made, name, [part for items in lists for part in items or ()], options))
    lists = [None if items is None else list(dict.fromkeys(next(spelt) for _ in items)) for items in lists]
    parts = [(place, part) for place, items in zip(places, lists, strict=True) for part in items or ()]
    classes = options.classes.get(name) or order_classes([part for _, part in parts])
    refuse_unknown(name, [part for _, part in parts], classes, [place for place, _ in parts])
    made.add(Head(name, "multi", tuple(classes)), encode_lists(lists, classes))


def _in_one_spelling(made: Labelling, name: str, labels: Sequence[str], options: ScanOptions) -> Sequence[str]:
    """The labels with one spelling a name where the user wants that: the given class's, else the most frequent."""
    if not options.merge_spellings:
        return labels
    given = options.classes.get(name)
    if given is not None:
        by_key = {spelling_key(known): known for known in given}
        return [label if label in given else by_key.get(spelling_key(label), label) for label in labels]
    merged, sets = merge_spellings(labels)
    if sets:
        made.notes.append(f"Spellings of {name!r} that were merged: {_list_spellings(sets)}.")
    return merged


def _list_spellings(sets: Sequence[Sequence[str]]) -> str:
    return list_some([" and ".join(map(repr, names)) for names in sets], most=3)


def _add_bins(made: Labelling, name: str, cells: list[str], places: Sequence[str], options: ScanOptions) -> None:
    borders = options.bins[name]
    numbers = parse_numbers(name, cells, places)
    classes = name_bins(borders, whole=is_whole(numbers))
    given = options.classes.get(name)
    if given is not None and len(given) != len(classes):
        raise LabelError(
            f"{count_of(len(borders), 'border')} of {name!r} {agree(len(borders), 'makes', 'make')}"
            f" {count_of(len(classes), 'bin')}, but {count_of(len(given), 'class name was', 'class names were')} given."
        )
    made.add(Head(name, "ordinal", tuple(given or classes)), assign_bins(numbers, borders))
    made.numbers[name] = numbers
    made.borders[name] = tuple(float(border) for border in borders)
    made.ordered.add(name)


def _describe(made: Labelling, head: Head, labels: NDArray[np.integer[Any]]) -> None:
    if head.is_multi:
        counts = (labels == 1).sum(axis=0)
        n_missing = int(np.all(labels < 0, axis=1).sum())
    else:
        counts = np.bincount(labels[labels >= 0], minlength=head.n_classes)
        n_missing = int((labels < 0).sum())
    shown = list_some([f"{name} ({n})" for name, n in zip(head.classes, counts.tolist(), strict=True)], most=12)
    missing = f"; {count_of(n_missing, 'image has', 'images have')} no label" if n_missing else ""
    made.notes.append(
        f"Head {head.name!r} ({head.kind}), {count_of(head.n_classes, 'class')} in this order: {shown}{missing}."
    )
    empty = [name for name, n in zip(head.classes, counts.tolist(), strict=True) if n == 0]
    if empty:
        made.notes.append(f"Classes of {head.name!r} without images: {list_some(empty)}.")
    if head.is_multi:
        sure = [name for name, no in zip(head.classes, (labels == 0).sum(axis=0).tolist(), strict=True) if not no]
        sure = [name for name in sure if name not in empty]
        if sure:
            made.notes.append(
                f"No image is known to lack {list_some([repr(name) for name in sure])} of {head.name!r}: a model"
                ' cannot learn it, and its score means nothing. Write 0 where an empty cell means "no".'
            )
    alike = same_names(head.classes)
    if alike:
        made.notes.append(
            f"Classes of {head.name!r} that differ only in letter case, spaces or number format, and were kept apart:"
            f" {_list_spellings(alike)}. To make them one, set {advise(merge_spellings=True)}."
        )
    odd = [name for name in head.classes if looks_missing(name)]
    if odd:
        made.notes.append(
            f'Class {odd[0]!r} of {head.name!r} may mean "not known"; if so, set {advise(missing_values=odd)}.'
        )
    if head.kind == "single" and head.n_classes > _MANY_NUMBERS and all(is_number(name) for name in head.classes):
        made.notes.append(
            f"{head.name!r} has {count_of(head.n_classes, 'different number')} as classes. To make classes of ranges,"
            f" give borders, such as {advise(bins={head.name: [30, 60]})}."
        )
