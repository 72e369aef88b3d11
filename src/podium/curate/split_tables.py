"""A table in every split folder, such as `train/metadata.csv` (Hugging Face) or `valid/_classes.csv` (Roboflow)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from podium.advice import options as advise
from podium.curate.files import ImageFiles
from podium.curate.options import LEFT_OUT, ScanOptions
from podium.curate.rows import Guess, Rows
from podium.curate.split_folders import find_split_level
from podium.curate.table_source import read_labels
from podium.errors import SourceError
from podium.listing import agree, count_of, list_some
from podium.tables import splits_of
from podium.texttable import write_list_cell

__all__ = ["find_split_tables", "read_split_tables"]


def find_split_tables(
    files: ImageFiles, tables_in: Callable[[Path], list[Path]], options: ScanOptions
) -> dict[str, Path]:
    """The one table of each split folder on top, by folder; empty unless folders on top name splits.

    Args:
        files: The images.
        tables_in: Finds the tables right in a folder.
        options: `split_names` is read.
    """
    tops = sorted({name.split("/", 1)[0] for name in files.ids if "/" in name})
    given = {name: split for name, split in options.split_names.items() if split != LEFT_OUT}
    level = find_split_level([(top,) for top in tops if options.split_names.get(top) != LEFT_OUT], given, ask=False)
    if level is None:
        return {}
    used = [top for top in tops if level.splits.get(top, LEFT_OUT) != LEFT_OUT]
    found = {top: tables_in(files.root / top) for top in used}
    return {top: tables[0] for top, tables in found.items() if tables} if all(map(_is_one, found.values())) else {}


def _is_one(tables: list[Path]) -> bool:
    return len(tables) == 1


def read_split_tables(files: ImageFiles, tables: Mapping[str, Path], options: ScanOptions) -> Rows:
    """The rows of all tables, each joined to the images of its own folder, with the folder as the split.

    Args:
        files: The images.
        tables: The table of each split folder.
        options: As for one table.

    Raises:
        SourceError: If a table does not fit its folder, or tables name their images in differently named columns.
    """
    parts = {top: read_labels(_below(files, top), table, options) for top, table in tables.items()}
    columns = {rows.id_column for rows in parts.values()}
    if len(columns) > 1:
        raise SourceError(
            f"the tables of the split folders name their images in different columns: {sorted(map(str, columns))}.",
            where=files.root,
            fix="Give all tables the same header, or leave a folder out:"
            f" {advise(split_names={min(parts, key=lambda top: len(parts[top].ids)): LEFT_OUT})}.",
        )
    parts = _with_lists(parts)
    names = dict.fromkeys(name for rows in parts.values() for name in rows.columns)
    cells: dict[str, list[str]] = {name: [] for name in names}
    for rows in parts.values():
        for name in names:
            cells[name] += rows.columns.get(name, [""] * len(rows.ids))
    split_of_top = splits_of(parts) | {top: split for top, split in options.split_names.items() if top in parts}
    split = [split_of_top[top] for top, rows in parts.items() for _ in rows.ids]
    counts = {name: split.count(name) for name in ("train", "valid", "test") if name in split}
    said = "Split, from the top folders: " + ", ".join(f"{name} {n}" for name, n in counts.items()) + "."
    strays = [name for name in files.ids if name.split("/", 1)[0] not in parts]
    left_out = (
        f"{count_of(len(strays), 'image is', 'images are')} outside the split folders and"
        f" {agree(len(strays), 'was', 'were')} left out:"
        f" {list_some(strays, most=3)}.",
    )
    split_column = "split" if "split" not in cells else "split folder"
    first = max(parts.values(), key=lambda rows: len(rows.label_columns))
    listed = ", ".join(f"{top}/{table.name}" for top, table in tables.items())
    advice = f"{advise(labels='TABLE')} (or {advise(layout='folders')})"
    guess = Guess("tables of labels", listed, "they are in the split folders", advice)
    return replace(
        first,
        root=files.root,
        paths=[f"{top}/{path}" for top, rows in parts.items() for path in rows.paths],
        ids=[f"{top}/{name}" for top, rows in parts.items() for name in rows.ids],
        columns=cells | {split_column: split},
        places=[f"{top}: {place}" for top, rows in parts.items() for place in rows.places],
        split_column=split_column,
        notes=(
            *files.notes,
            said,
            *(left_out if strays else ()),
            *(f"{top}: {note}" for top, rows in parts.items() for note in rows.notes),
        ),
        guesses=(guess, *first.guesses),
        unlisted=(*(f"{top}/{name}" for top, rows in parts.items() for name in rows.unlisted), *strays),
        missing=tuple(f"{top}: {name}" for top, rows in parts.items() for name in rows.missing),
    )


def _with_lists(parts: Mapping[str, Rows]) -> dict[str, Rows]:
    """The same column as lists in all tables, where the rows of some were joined to lists of labels."""
    joined = next((rows.label_columns[0] for rows in parts.values() if rows.label_columns), None)
    found = {}
    for top, rows in parts.items():
        if joined is not None and not rows.label_columns and joined in rows.columns:
            lists = [write_list_cell([cell]) if cell else "" for cell in rows.columns[joined]]
            found[top] = replace(rows, columns={**rows.columns, joined: lists}, label_columns=(joined,))
        else:
            found[top] = rows
    return found


def _below(files: ImageFiles, top: str) -> ImageFiles:
    """The images of one folder on top, as if it had been listed by itself."""
    kept = [place for place, path in enumerate(files.paths) if path.startswith(f"{top}/")]
    paths = tuple(files.paths[place][len(top) + 1 :] for place in kept)
    ids = tuple(files.ids[place].split("/", 1)[1] for place in kept)
    return ImageFiles(files.root / top, paths, ids, ())
