"""Label columns to heads and label arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.curate.bins import assign_bins, is_whole, name_bins, parse_numbers
from podium.curate.classes import encode_cells, looks_missing, order_classes, refuse_unknown
from podium.curate.indicators import encode_indicators, encode_lists, guess_delim, is_indicator, split_cell
from podium.curate.options import ScanOptions
from podium.curate.rows import Guess, Rows, list_some
from podium.errors import LabelError, UnknownNameError
from podium.tables import Head

__all__ = ["Labelling", "make_heads"]

_MANY_NUMBERS = 20


@dataclass
class Labelling:
    """Heads with their labels, N images.

    Args:
        heads: The heads, in order.
        labels: Per head, as in `Samples.labels`.
        numbers: Numbers behind binned heads, float64 (N,).
        ordered: Heads whose class order the user or the numbers gave, so that it was not guessed.
        notes: What the user should know.
        guesses: What was guessed.
    """

    heads: list[Head] = field(default_factory=list)
    labels: dict[str, NDArray[np.integer[Any]]] = field(default_factory=dict)
    numbers: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    ordered: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)


def make_heads(rows: Rows, names: Sequence[str], options: ScanOptions) -> Labelling:
    """Heads from the label columns.

    Raises:
        LabelError: If a column has one class only, holds a class that is not among the given ones, or no number where
            bins are wanted.
        UnknownNameError: If `classes` or `bins` name a head that is not there.
    """
    cells = {name: _clean(rows.columns[name], options.missing_values) for name in names}
    made = Labelling()
    flags = [name for name in names if name not in options.bins and name not in options.classes]
    if len(names) > 1 and len(flags) == len(names) and options.label_kind != "single":
        if all(is_indicator(cells[name]) for name in names):
            _add_indicators(made, cells, options)
            cells = {}
        elif options.label_kind == "multi" and options.label_delim is None:
            encode_indicators(cells)  # says which column is not 0 and 1
    for name, column in cells.items():
        _add_column(made, name, column, rows.places, options)
    for option, given in (("--classes", options.classes), ("--bins", options.bins)):
        for name in given:
            if name not in made.labels:
                raise UnknownNameError("head", name, made.labels, where=option)
    for head in made.heads:
        _describe(made, head, made.labels[head.name])
    return made


def _clean(cells: Sequence[str], missing_values: Sequence[str]) -> list[str]:
    gone = {value.strip() for value in missing_values}
    stripped = [cell.strip() for cell in cells]
    return ["" if cell in gone else cell for cell in stripped]


def _add_indicators(made: Labelling, cells: Mapping[str, Sequence[str]], options: ScanOptions) -> None:
    encoded = encode_indicators(cells)
    classes = tuple(cells)
    if options.label_kind == "auto" and len(classes) > 1 and bool(np.all((encoded == 1).sum(axis=1) == 1)):
        name = options.head_name or "label"
        why = "exactly one 1 in every row"
        made.guesses.append(Guess("label kind", "single", why, "--label-kind multi"))
        made.heads.append(Head(name, "single", classes))
        made.labels[name] = encoded.argmax(axis=1).astype(np.int64)
        return
    name = options.head_name or "labels"
    made.heads.append(Head(name, "multi", classes))
    made.labels[name] = encoded


def _add_column(made: Labelling, name: str, cells: list[str], places: Sequence[str], options: ScanOptions) -> None:
    if name in options.bins:
        _add_bins(made, name, cells, places, options)
        return
    delim = options.label_delim or (guess_delim(cells) if options.label_kind != "single" else None)
    if delim is not None and name not in options.classes and not options.label_delim:
        made.guesses.append(
            Guess(
                "label delimiter", delim, f"cells of {name!r} read as lists", "--label-delim (or --label-kind single)"
            )
        )
    given = options.classes.get(name)
    if delim is not None and (given is None or options.label_delim or options.label_kind == "multi"):
        parts = [split_cell(cell, delim) for cell in cells]
        flat = [(place, part) for place, row in zip(places, parts, strict=True) for part in row]
        classes = given or order_classes([part for _, part in flat])
        refuse_unknown(name, [part for _, part in flat], classes, [place for place, _ in flat])
        made.heads.append(Head(name, "multi", tuple(classes)))
        made.labels[name] = encode_lists(cells, classes, delim)
        return
    if options.label_kind == "multi":
        _add_multi_without_lists(made, name, cells, given)
        return
    classes = given or order_classes(cells)
    refuse_unknown(name, cells, classes, places)
    made.heads.append(Head(name, "single", tuple(classes)))
    made.labels[name] = encode_cells(cells, classes)
    if given or all(_is_number(label) for label in classes):
        made.ordered.add(name)


def _is_number(text: str) -> bool:
    return order_classes([text, "0"]) != () and text.replace(".", "", 1).lstrip("+-").isdigit()


def _add_multi_without_lists(made: Labelling, name: str, cells: list[str], given: tuple[str, ...] | None) -> None:
    """A multi-label head of one 0/1 column, or of cells that all hold one label."""
    if is_indicator(cells):
        made.heads.append(Head(name, "multi", (name,)))
        made.labels[name] = encode_indicators({name: cells})
        return
    classes = given or order_classes(cells)
    made.heads.append(Head(name, "multi", tuple(classes)))
    made.labels[name] = encode_lists(cells, classes, "\n")


def _add_bins(made: Labelling, name: str, cells: list[str], places: Sequence[str], options: ScanOptions) -> None:
    borders = options.bins[name]
    numbers = parse_numbers(name, cells, places)
    classes = name_bins(borders, whole=is_whole(numbers))
    given = options.classes.get(name)
    if given is not None and len(given) != len(classes):
        raise LabelError(
            f"{len(borders)} borders of {name!r} make {len(classes)} bins, but {len(given)} class names were given."
        )
    made.heads.append(Head(name, "ordinal", given or classes))
    made.labels[name] = assign_bins(numbers, borders)
    made.numbers[name] = numbers
    made.ordered.add(name)


def _describe(made: Labelling, head: Head, labels: NDArray[np.integer[Any]]) -> None:
    if head.is_multi:
        counts = (labels == 1).sum(axis=0)
        n_missing = int(np.all(labels < 0, axis=1).sum())
    else:
        counts = np.bincount(labels[labels >= 0], minlength=head.n_classes)
        n_missing = int((labels < 0).sum())
    shown = list_some([f"{name} {n}" for name, n in zip(head.classes, counts.tolist(), strict=True)], most=12)
    missing = f"; {n_missing} images without it" if n_missing else ""
    made.notes.append(f"Head {head.name!r} ({head.kind}), {head.n_classes} classes in order: {shown}{missing}.")
    empty = [name for name, n in zip(head.classes, counts.tolist(), strict=True) if n == 0]
    if empty:
        made.notes.append(f"Classes of {head.name!r} without any image: {list_some(empty)}.")
    odd = [name for name in head.classes if looks_missing(name)]
    if odd:
        made.notes.append(
            f"Class {odd[0]!r} of {head.name!r} may mean that nothing is known;"
            f" if so, set --missing-values {' '.join(odd)}."
        )
    if head.kind == "single" and head.n_classes > _MANY_NUMBERS and all(_is_number(name) for name in head.classes):
        made.notes.append(
            f"{head.name!r} has {head.n_classes} different numbers as classes; --bins {head.name}=30,60 would make"
            " ranges of them."
        )
