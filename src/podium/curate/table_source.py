"""A table of labels beside a folder of images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from podium.advice import option
from podium.advice import options as advise
from podium.curate.files import ImageFiles
from podium.curate.label_rows import OneRowAnImage, drop_duplicates, join_label_rows, spread_pairs
from podium.curate.options import ScanOptions
from podium.curate.rows import Guess, Rows
from podium.errors import SourceError
from podium.listing import agree, count_of, list_some, part_of
from podium.tables import ImageNames, NameMatch, is_image_name
from podium.texttable import SPACES, Table, read_otherwise, read_table

__all__ = ["ImageColumnError", "read_labels"]

_USUAL_NAMES = ("path", "image_path", "filepath", "file", "filename", "file_name", "image", "image_id", "imageid",
                "img", "img_path", "image_name", "name", "id", "index")  # fmt: skip
_SAMPLE = 300


class ImageColumnError(SourceError):
    """No column of the table names images of the folder."""


def read_labels(files: ImageFiles, labels: Path | Table, options: ScanOptions) -> Rows:
    """One row an image, with the cells of its row in the table.

    A row may name a folder; it then stands for every image inside. Several rows may name an image, each with one of its
    labels; they are joined.

    Args:
        files: The images.
        labels: The table, or its file.
        options: Which column names the image, how the text is read, and whether rows may lack an image.

    Raises:
        ImageColumnError: If no column names images.
        SourceError: If rows have no image, name an image twice or fit several; names the rows.
        TableError: If the table cannot be read, or lacks a column that was named.
    """
    if isinstance(labels, Table):
        return _join(files, labels, options)
    table = _read(labels, options)
    try:
        return _join_spaced(files, table, labels, options)
    except ImageColumnError as error:
        if options.encoding is not None or table.encoding.startswith("utf"):
            raise
        for other in read_otherwise(table, lambda encoding: _read(labels, options, encoding=encoding)):
            with suppress(SourceError):
                return _join_spaced(files, other, labels, replace(options, encoding=other.encoding))
        where = f" It was read as {table.encoding}; if the names look wrong, name its {option('encoding')}."
        raise ImageColumnError(
            error.what, where=error.where, fix=f"{error.fix}{where}", details=error.details
        ) from None


def _read(path: Path, options: ScanOptions, *, delimiter: str | None = None, encoding: str | None = None) -> Table:
    return read_table(
        path,
        delimiter=delimiter or options.delimiter,
        encoding=encoding or options.encoding,
        header=options.header,
    )


def _join_spaced(files: ImageFiles, table: Table, path: Path, options: ScanOptions) -> Rows:
    """The rows; spaces that were guessed and name no image may be part of the names in a table of one column."""
    try:
        return _join(files, table, options)
    except ImageColumnError:
        if table.delimiter != SPACES or options.delimiter is not None:
            raise
    return _join(files, _read(path, options, delimiter=","), options)


def _join(files: ImageFiles, table: Table, options: ScanOptions) -> Rows:
    encodings = () if table.encoding.startswith("utf") else (table.encoding,)
    names = ImageNames(files.ids, root=files.root, encodings=encodings)
    made, match = _find_images(table, names, files, options)
    _refuse_ambiguous(made.table, made.column, match)
    _check_missing(made.table, made.column, match, options)
    table, kept = drop_duplicates(made.table, match, options.duplicates)
    lost: dict[str, dict[str, str]] = {}
    aside: set[int] = set()
    if len(kept) < len(made.table):
        lost = _find_lost(made.table, set(kept), "all its images have several rows")
        aside = {image for images in match.images for image in images}
        made, match = replace(made, table=table), replace(match, images=[match.images[row] for row in kept])
    joined = join_label_rows(made.table, made.column, match, files.ids, options)
    if joined is not None:
        made = replace(joined, guesses=(*made.guesses, *joined.guesses))
        match = names.match(made.table.columns[made.column])
    rows = _make_rows(files, made.table, made.column, match, options, aside=aside)
    lost = {name: {**lost.get(name, {}), **rows.lost.get(name, {})} for name in {**lost, **rows.lost}}
    return replace(rows, guesses=made.guesses, label_columns=made.labels, replaced_column=made.replaced, lost=lost)


def _find_images(
    table: Table, names: ImageNames, files: ImageFiles, options: ScanOptions
) -> tuple[OneRowAnImage, NameMatch]:
    """The column of images and what it names; in tables of one label a row, after their labels became columns."""
    try:
        column, guesses = _find_image_column(table, names, files, options)
        match = names.match(table.columns[column])
        if match.n_found or match.ambiguous:
            return OneRowAnImage(table, column, guesses=guesses), match
        raise _no_image_column(table, files, [column])
    except ImageColumnError:
        made = spread_pairs(table, names, options) or _find_several_rows(table, names, options)
        if made is None:
            raise
        return made, names.match(made.table.columns[made.column])


def _make_rows(
    files: ImageFiles, table: Table, column: str, match: NameMatch, options: ScanOptions, *, aside: Collection[int] = ()
) -> Rows:
    """The images with the cells of their rows; `aside` are images whose rows were left out, which a note has said."""
    missing = _check_missing(table, column, match, options)
    owner = [(row, image) for row, images in enumerate(match.images) for image in images]
    listed = {image for _, image in owner}
    unlisted = tuple(name for image, name in enumerate(files.ids) if image not in listed)
    without_row = [name for image, name in enumerate(files.ids) if image not in listed and image not in aside]
    notes = [*files.notes, *table.notes, *_match_notes(column, match, len(table), len(owner))]
    if missing:
        notes.append(
            f"{count_of(len(missing), 'row has', 'rows have')} no image and"
            f" {agree(len(missing), 'was', 'were')} left out:"
            f" {list_some(missing, most=3)}."
        )
    if without_row:
        notes.append(
            f"{count_of(len(without_row), 'image has', 'images have')} no row and"
            f" {agree(len(without_row), 'was', 'were')} left out:"
            f" {list_some(without_row, most=3)}."
        )
    return Rows(
        root=files.root,
        paths=[files.paths[image] for _, image in owner],
        ids=[files.ids[image] for _, image in owner],
        columns={name: [values[row] for row, _ in owner] for name, values in table.columns.items()},
        places=[f"row {table.row_numbers[row]}" for row, _ in owner],
        origin=table.path.name,
        group_column=column if match.is_folder else None,
        id_column=column,
        notes=tuple(notes),
        unlisted=unlisted,
        missing=tuple(missing),
        lost=_find_lost(table, {row for row, images in enumerate(match.images) if images}, "no image of its rows")
        if missing
        else {},
    )


def _find_lost(table: Table, kept: Collection[int], why: str) -> dict[str, dict[str, str]]:
    """Per column, values that only rows have which are not kept, and why not."""
    lost = {}
    for name, cells in table.columns.items():
        left = {cells[row].strip() for row in kept}
        gone = {cell.strip() for row, cell in enumerate(cells) if row not in kept}
        lost[name] = dict.fromkeys(gone - left - {""}, why)
    return lost


def _find_image_column(
    table: Table, names: ImageNames, files: ImageFiles, options: ScanOptions
) -> tuple[str, tuple[Guess, ...]]:
    if options.image_column is not None:
        table.column(options.image_column, field="image_column")
        return options.image_column, ()
    best, best_score, names_folders = None, (0.0, 0, 0), False
    of_files = {name: cells for name, cells in table.columns.items() if _are_file_names(cells)}
    for name, cells in (of_files or table.columns).items():
        filled = [cell for cell in cells if cell]
        if not filled or _come_again(cells):
            continue
        sample = sorted(set(filled))[:: max(1, len(set(filled)) // _SAMPLE)]
        match = names.match(sample)
        n_hits = match.n_found + len(match.ambiguous)
        usual = _USUAL_NAMES[::-1].index(name.lower()) + 1 if name.lower() in _USUAL_NAMES else 0
        score = (round(n_hits / max(len(sample), 1), 2), -match.rank, usual)
        if n_hits and (best is None or score > best_score):
            best, best_score, names_folders = name, score, match.is_folder
    if best is None:
        raise _no_image_column(table, files, list(table.columns))
    header = names.match([best])
    if options.header and header.n_found and header.is_folder == names_folders and best.lower() not in _USUAL_NAMES:
        raise SourceError(
            f"the header row names an image, {best!r}: the table has no header.",
            where=table.path,
            fix=f"Put a row of column names above it, such as image,label, or set {advise(header=False)}.",
        )
    share = f"{best_score[0]:.0%} of its cells name an image"
    return best, (Guess("image column", best, share, advise(image_column=best)),)


def _are_file_names(cells: Sequence[str]) -> bool:
    """Whether cells end like images; then no other column, such as a number, is the one that names them."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(map(is_image_name, filled))


def _find_several_rows(table: Table, names: ImageNames, options: ScanOptions) -> OneRowAnImage | None:
    """A column that names every image in several rows, as tables of boxes or of one label a row do."""
    for name, cells in table.columns.items() if options.image_column is None else ():
        images = sorted({cell for cell in cells if cell})
        if len(images) < 2 or not _come_again(cells):
            continue
        match = names.match(images[:_SAMPLE], folders=False)
        if match.n_found == len(match.images) and not match.is_by_number:
            guess = Guess("image column", name, "it names images in several rows", advise(image_column=name))
            return OneRowAnImage(table, name, guesses=(guess,))
    return None


def _come_again(cells: Sequence[str]) -> bool:
    """Whether values come again and again, as names of classes or persons do."""
    filled = [cell for cell in cells if cell]
    return 2 * len(set(filled)) < len(filled)


def _no_image_column(table: Table, files: ImageFiles, tried: Sequence[str]) -> ImageColumnError:
    examples = [f"column {name!r}: {list_some(table.columns[name], most=3)}" for name in tried[:10]]
    examples.append(f"images: {list_some(files.ids, most=3)}")
    header_is_data = any(map(is_image_name, table.columns))
    if header_is_data:
        fix = f"The first row looks like data: put a header row above it, or set {advise(header=False)}."
    else:
        fix = f"Name the folder that the cells are relative to, or the column with {option('image_column')}."
    if len(table.columns) == 1 and all(map(_starts_with_image, next(iter(table.columns.values())))):
        return ImageColumnError(
            "each cell starts with an image and goes on after a space, but not every row has as many parts.",
            where=table.path,
            fix="Quote parts that hold spaces, or divide the cells by commas or tabs.",
            details=examples,
        )
    named = f"column {tried[0]!r} does not name" if len(tried) == 1 else f"none of the columns {list(tried)} names"
    return ImageColumnError(f"{named} images under {files.root}.", where=table.path, fix=fix, details=examples)


def _starts_with_image(cell: str) -> bool:
    first, *rest = cell.split()[:2] or [""]
    return bool(rest) and is_image_name(first)


def _refuse_ambiguous(table: Table, column: str, match: NameMatch) -> None:
    if match.ambiguous:
        cells = table.columns[column]
        folders = _folders_that_decide(match)
        name_it = f", or name the folder that the table is of as the data, such as {folders[0]}" if folders else ""
        raise SourceError(
            f"{count_of(len(match.ambiguous), 'cell')} of column {column!r}"
            f" {agree(len(match.ambiguous), 'fits', 'fit')} several images.",
            where=table.path,
            fix=f"Write the full path relative to the folder{name_it}.",
            details=[f"{cells[row]}: {list_some(found, most=4)}" for row, found in match.ambiguous.items()],
        )


def _folders_that_decide(match: NameMatch) -> list[str]:
    """Folders right below the root in which each doubtful cell fits one image, those of a name like train first."""
    fits = [Counter(name.partition("/")[0] for name in found if "/" in name) for found in match.ambiguous.values()]
    alike = [folder for folder in fits[0] if all(counts[folder] == 1 for counts in fits)]
    return sorted(alike, key=lambda folder: ("train" not in folder.lower(), folder))


def _check_missing(table: Table, column: str, match: NameMatch, options: ScanOptions) -> list[str]:
    missing = [
        f"row {number}: {cell or '(empty cell)'}"
        for number, cell, images in zip(table.row_numbers, table.columns[column], match.images, strict=True)
        if not images
    ]
    if missing and not options.allow_missing_files:
        raise SourceError(
            f"{part_of(len(missing), len(table), 'row', 'names', 'name')} an image that does not exist (column"
            f" {column!r}, {match.rule}).",
            where=table.path,
            fix=f"Add the images, correct the cells, or leave these rows out with {advise(allow_missing_files=True)}.",
            retry={"allow_missing_files": True},
            details=missing,
        )
    return missing


def _match_notes(column: str, match: NameMatch, n_rows: int, n_images: int) -> list[str]:
    notes = []
    if match.is_folder:
        notes.append(
            f"Column {column!r} names folders: {count_of(n_rows, 'row stands', 'rows stand')} for"
            f" {count_of(n_images, 'image')}, and each row's labels hold"
            " for all images inside."
        )
    elif match.rule != "by path":
        notes.append(f"Cells of {column!r} were matched {match.rule}.")
    if match.n_padded:
        notes.append(
            f"{count_of(match.n_padded, 'cell')} of {column!r} {agree(match.n_padded, 'has', 'have')} spaces"
            f" around the file name."
        )
    if match.n_other_case:
        notes.append(
            f"{count_of(match.n_other_case, 'cell')} of {column!r}"
            f" {agree(match.n_other_case, 'differs', 'differ')} from the file name in letter case."
        )
    return notes
