"""Tables with a row for each label: `image,label` with several rows an image, or `ID_subtype,Label` with 0 and 1.

Both become tables of one row an image, which the rest of the scan reads as it reads any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from podium.advice import options as advise
from podium.curate.indicators import is_indicator
from podium.curate.options import Duplicates, ScanOptions
from podium.curate.rows import Guess
from podium.errors import SourceError
from podium.listing import count_of, list_some
from podium.tables import ImageNames, NameMatch
from podium.texttable import Table, write_list_cell

__all__ = ["OneRowAnImage", "drop_duplicates", "join_label_rows", "spread_pairs"]

_SEPARATORS = ("_", "-", ":", "|", "/", " ", ".")
_FEWEST_CLASSES = 3
_LEAST_SHARE = 0.2


@dataclass(frozen=True)
class OneRowAnImage:
    """A table that was made to have one row an image.

    Args:
        table: The table.
        column: Its column of images.
        labels: Its columns of labels.
        replaced: The column of the old table that these stand for.
        guesses: What was guessed.
    """

    table: Table
    column: str
    labels: tuple[str, ...] = ()
    replaced: str | None = None
    guesses: tuple[Guess, ...] = ()


def join_label_rows(
    table: Table, column: str, match: NameMatch, ids: Sequence[str], options: ScanOptions
) -> OneRowAnImage | None:
    """The table with the rows of each image joined and its labels in a list; None where no image has several rows.

    Without `label_kind` "multi", rows are joined only if nothing else can be meant: one column alone differs between
    the rows of an image, it has three or more values, no pair of image and label occurs twice, and at least a fifth of
    the images have several rows. Two rows that contradict each other are no list.

    Args:
        table: The table.
        column: Its column of images.
        match: The images of its cells.
        ids: Ids of the images.
        options: Which column holds the labels, and whether they are sets.

    Raises:
        SourceError: If an image has several rows that do not say so plainly that they are labels; names the rows.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, images in enumerate(match.images):
        if images:
            groups.setdefault(images, []).append(row)
    several = {images: rows for images, rows in groups.items() if len(rows) > 1}
    n_named = sum(map(len, groups))
    if not several and n_named == len({image for images in groups for image in images}):
        return None
    label = _label_of_rows(table, column, groups, options)
    if not options.unlabelled and (label is None or n_named != len({image for images in groups for image in images})):
        raise _several_rows(table, column, match, ids)
    kept = sorted([rows[0] for rows in groups.values()] + [row for row, found in enumerate(match.images) if not found])
    if options.unlabelled:
        return OneRowAnImage(_keep_rows(table, kept), column)
    assert label is not None, "refused above"
    by_first = {rows[0]: rows for rows in groups.values()}
    lists = [_list_of(table.columns[label], by_first.get(row, [row])) for row in kept]
    dropped = [name for name in _varying(table, several.values()) if name not in (column, label)]
    joined = _keep_rows(table, kept, notes=_dropped_note(dropped))
    columns = {name: cells for name, cells in joined.columns.items() if name not in dropped} | {label: lists}
    why = f"{count_of(len(table), 'row names', 'rows name')} {count_of(len(groups), 'image')}, one label per row"
    guess = Guess("labels", label, why, f"{advise(label_kind='multi')} (or 'single', to refuse it)")
    guesses = () if options.label_kind == "multi" else (guess,)
    return OneRowAnImage(replace(joined, columns=columns), column, (label,), label, guesses)


def drop_duplicates(table: Table, match: NameMatch, duplicates: Duplicates) -> tuple[Table, list[int]]:
    """The table without further rows of an image that has one, or without all rows of such an image.

    Args:
        table: The table.
        match: The images of its cells.
        duplicates: "first" keeps the first row of an image, "drop" none; "error" leaves the table as it is.

    Returns:
        The table, and the places of the rows that were kept.
    """
    every = list(range(len(table)))
    if duplicates == "error":
        return table, every
    rows_of: dict[int, list[int]] = {}
    for row, images in enumerate(match.images):
        for image in images:
            rows_of.setdefault(image, []).append(row)
    several = [rows for rows in rows_of.values() if len(rows) > 1]
    gone = {row for rows in several for row in (rows[1:] if duplicates == "first" else rows)}
    if not gone:
        return table, every
    kept = [row for row in every if row not in gone]
    what = "the first row of each was kept" if duplicates == "first" else "they were left out"
    numbers = list_some([str(table.row_numbers[row]) for row in sorted(gone)], most=5)
    note = f"{count_of(len(several), 'image has', 'images have')} several rows; {what} (rows left out: {numbers})."
    return _keep_rows(table, kept, notes=(note,)), kept


def _keep_rows(table: Table, rows: Sequence[int], *, notes: tuple[str, ...] = ()) -> Table:
    columns = {name: [cells[row] for row in rows] for name, cells in table.columns.items()}
    numbers = [table.row_numbers[row] for row in rows]
    return replace(table, columns=columns, row_numbers=numbers, notes=(*table.notes, *notes))


def _dropped_note(dropped: Sequence[str]) -> tuple[str, ...]:
    if not dropped:
        return ()
    return (f"Columns that differ between the rows of an image were left out: {list_some(dropped)}.",)


def _list_of(cells: Sequence[str], rows: Sequence[int]) -> str:
    labels = list(dict.fromkeys(cells[row].strip() for row in rows if cells[row].strip()))
    return write_list_cell(labels) if labels else ""


def _varying(table: Table, groups: Iterable[Sequence[int]]) -> list[str]:
    """Columns that differ between the rows of an image."""
    several = list(groups)
    return [
        name
        for name, cells in table.columns.items()
        if any(cells[row] != cells[rows[0]] for rows in several for row in rows[1:])
    ]


def _label_of_rows(
    table: Table, column: str, groups: Mapping[tuple[int, ...], Sequence[int]], options: ScanOptions
) -> str | None:
    """The column of which each row holds one label, or None where rows may mean something else."""
    varying = [name for name in _varying(table, groups.values()) if name != column]
    if options.label_columns:
        wanted = [name for name in varying if name in options.label_columns]
        named = list(options.label_columns) if options.label_kind == "multi" else wanted
        label = named[0] if len(named) == 1 == len(options.label_columns) else None
    else:
        label = varying[0] if len(varying) == 1 else None
    if label is None or options.label_kind == "single" or options.unlabelled:
        return None
    if options.label_kind == "multi":
        return label
    return label if len(varying) == 1 and _are_labels(table.columns[label], groups) else None


def _are_labels(cells: Sequence[str], groups: Mapping[tuple[int, ...], Sequence[int]]) -> bool:
    values = {cell.strip() for cell in cells} - {""}
    n_several = sum(len(rows) > 1 for rows in groups.values())
    are_distinct = all(len({cells[row].strip() for row in rows}) == len(rows) for rows in groups.values())
    come_again = 2 * len(values) <= len(cells)
    return are_distinct and come_again and len(values) >= _FEWEST_CLASSES and n_several >= _LEAST_SHARE * len(groups)


def _several_rows(table: Table, column: str, match: NameMatch, ids: Sequence[str]) -> SourceError:
    first: dict[int, int] = {}
    again = []
    for number, images in zip(table.row_numbers, match.images, strict=True):
        for image in images:
            if first.setdefault(image, number) != number:
                again.append(f"{ids[image]}: rows {first[image]} and {number}")
    return SourceError(
        f"column {column!r} names {count_of(len(first), 'image')} in {count_of(len(table), 'row')}: several"
        f" rows per image.",
        where=table.path,
        fix=f"Keep the first row of each image: {advise(duplicates='first')}; leave these images out:"
        f" {advise(duplicates='drop')}; or, if each row holds one of several labels, set"
        f" {advise(label_columns=['COLUMN'], label_kind='multi')}.",
        details=again,
    )


def spread_pairs(table: Table, names: ImageNames, options: ScanOptions) -> OneRowAnImage | None:
    """A table of `image_label,value` rows with a column for each label; None where it is none.

    Every image must have a row for each of the same two or more labels. Values are yes and no, unless labels are not
    looked at.

    Args:
        table: The table, of which no column names images.
        names: The images.
        options: Which column holds the pairs and which the values, and whether labels are looked at.
    """
    for column in [options.image_column] if options.image_column is not None else list(table.columns):
        value = _value_column(table, column, options)
        pairs = None if value is None else _split_pairs(table.columns[column], names)
        if value is None or pairs is None:
            continue
        cells = _grid_of(pairs, table.columns[value])
        if cells is None:
            continue
        images, labels = (
            list(dict.fromkeys(image for image, _ in pairs)),
            list(dict.fromkeys(name for _, name in pairs)),
        )
        name = "image" if column in labels or "image" not in labels else column
        first = {image: row for row, (image, _) in reversed(list(enumerate(pairs)))}
        columns = {name: images} | {label: [cells[image, label] for image in images] for label in labels}
        numbers = [table.row_numbers[first[image]] for image in images]
        why = f"its cells name an image and one of {count_of(len(labels), 'label')} ({list_some(labels, most=3)})"
        guess = Guess("image column", column, why, advise(image_column=column))
        new = replace(table, columns=columns, row_numbers=numbers)
        return OneRowAnImage(new, name, () if options.unlabelled else tuple(labels), value, (guess,))
    return None


def _value_column(table: Table, column: str, options: ScanOptions) -> str | None:
    others = [name for name in table.columns if name != column]
    if len(options.label_columns) == 1 and options.label_columns[0] in others:
        return options.label_columns[0]
    if options.unlabelled:
        return others[0] if len(others) == 1 else None
    values = [name for name in others if is_indicator(table.columns[name])]
    return values[0] if len(values) == 1 else None


def _split_pairs(cells: Sequence[str], names: ImageNames) -> list[tuple[str, str]] | None:
    """The image and the label of each cell: the longest start that names an image, and what follows it."""
    for separator in _SEPARATORS:
        splits = [_splits_at(cell.strip(), separator) for cell in cells]
        if not all(splits):
            continue
        starts = list(dict.fromkeys(start for options in splits for start, _ in options))
        match = names.match(starts, folders=False)
        known = {start for start, images in zip(starts, match.images, strict=True) if images}
        pairs = [next((pair for pair in options if pair[0] in known), None) for options in splits]
        if all(pairs):
            return [pair for pair in pairs if pair is not None]
    return None


def _splits_at(cell: str, separator: str) -> list[tuple[str, str]]:
    """All ways to divide a cell at a separator, the longest start first."""
    parts = cell.split(separator)
    cuts = range(len(parts) - 1, 0, -1)
    pairs = [(separator.join(parts[:cut]), separator.join(parts[cut:])) for cut in cuts]
    return [(start, rest) for start, rest in pairs if start and rest]


def _grid_of(pairs: Sequence[tuple[str, str]], values: Sequence[str]) -> dict[tuple[str, str], str] | None:
    """The value of every image and label, if each image has each label; equal rows count once."""
    cells: dict[tuple[str, str], str] = {}
    for pair, value in zip(pairs, values, strict=True):
        if cells.setdefault(pair, value) != value:
            return None
    images, labels = {image for image, _ in pairs}, {label for _, label in pairs}
    return cells if len(labels) > 1 and len(cells) == len(images) * len(labels) else None
