"""Labels that nobody named: a table, a document of another tool or a text in the folder of images, else its folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from podium.advice import option
from podium.advice import options as advise
from podium.curate.files import ImageFiles
from podium.curate.folder_source import read_folders
from podium.curate.options import ScanOptions
from podium.curate.rows import Guess, Rows
from podium.curate.split_tables import find_split_tables, read_split_tables
from podium.curate.table_source import ImageColumnError, read_labels
from podium.curate.text_tables import find_tables_beside, find_text_tables
from podium.errors import SourceError
from podium.listing import count_of
from podium.texttable import TABLE_ENDINGS, bare_name, read_export

__all__ = ["read_found"]

_LARGEST_EXPORT = 256 * 1024**2


def read_found(files: ImageFiles, options: ScanOptions) -> Rows:
    """The rows of the one table in the folder of images; where there is none, folders are classes.

    Raises:
        SourceError: If there are several tables, or the one does not fit the images.
    """
    tables = _tables_in(files.root)
    if len(tables) > 1:
        raise SourceError(
            f"there are {count_of(len(tables), 'table')} in the folder.",
            where=files.root,
            fix=f"Name one: {advise(labels=_likeliest(tables))}; or take folders as classes:"
            f" {advise(layout='folders')}.",
            details=[path.name for path in tables],
        )
    in_splits = find_split_tables(files, _tables_in, options) if not tables else {}
    if in_splits:
        return read_split_tables(files, in_splits, options)
    if not tables and options.layout == "table":
        raise SourceError("there is no table in the folder.", where=files.root, fix=f"Name it with {option('labels')}.")
    if not tables:
        return _read_folders_or_export(files, options)
    return _read_table_found(files, tables[0], options)


def _likeliest(tables: Sequence[Path]) -> Path:
    """The table that most likely holds the labels, by its name."""
    words = ("train", "label", "annot", "meta")
    return min(tables, key=lambda path: next((n for n, word in enumerate(words) if word in path.name.lower()), 9))


def _tables_in(root: Path) -> list[Path]:
    """Tables right in the folder, sample submissions aside."""
    found = sorted(
        path
        for path in root.iterdir()
        if bare_name(path).suffix.lower() in TABLE_ENDINGS and path.is_file() and not path.name.startswith(".")
        if "submission" not in path.name.lower()
    )
    return [path for path in found if bare_name(path) == path or bare_name(path) not in found]


def _read_folders_or_export(files: ImageFiles, options: ScanOptions) -> Rows:
    """Folders as classes; where there are none, the one document of another tool, or text, that holds labels."""
    folders = read_folders(files, options)
    if options.unlabelled:
        return folders
    exports = _exports_in(files.root)
    if not exports and not folders.label_columns:
        exports = find_text_tables(files)
        folders = folders if exports else _point_out_tables(folders, files)
    if not exports:
        return folders
    if len(exports) > 1 or folders.label_columns:
        names = ", ".join(path.name for path in exports)
        note = f"Labels of other tools in the folder were not read: {names}. To read one: {advise(labels=exports[0])}."
        return replace(folders, notes=(*folders.notes, note))
    return _read_export_found(files, exports[0], folders, options)


def _point_out_tables(folders: Rows, files: ImageFiles) -> Rows:
    beside = find_tables_beside(files)
    if not beside:
        return folders
    named = ", ".join(f"{path.name} ({advise(labels=path)})" for path in beside)
    note = f"Tables beside the folder name these images: {named}. Name the one that holds their labels."
    return replace(folders, notes=(*folders.notes, note))


def _read_export_found(files: ImageFiles, export: Path, folders: Rows, options: ScanOptions) -> Rows:
    """The rows of a document or text that nobody named; the folders where it does not speak of the images."""
    is_text = export.suffix == ".txt"
    try:
        rows = read_labels(files, export, options)
    except SourceError as error:
        if not is_text and not isinstance(error, ImageColumnError):
            raise
        again = f" If it holds labels, name it: {advise(labels=export)}. {error.fix or ''}".rstrip() if is_text else ""
        return replace(folders, notes=(*folders.notes, f"{export.name} was not read: {error.what}{again}"))
    why = "its lines name the images" if is_text else "another tool wrote labels into it"
    guess = Guess("table of labels", export.name, why, advise(labels=export))
    return replace(rows, guesses=(guess, *rows.guesses))


def _exports_in(root: Path) -> list[Path]:
    """JSON documents right in the folder that another tool wrote labels into."""
    found = []
    for path in sorted(root.glob("*.json")):
        if path.is_file() and path.stat().st_size <= _LARGEST_EXPORT:
            try:
                document = json.loads(path.read_bytes())
            except (ValueError, RecursionError):
                continue
            if read_export(document) is not None:
                found.append(path)
    return found


def _read_table_found(files: ImageFiles, table: Path, options: ScanOptions) -> Rows:
    """The rows of a table that nobody named; folders are read instead if it does not speak of the images."""
    try:
        rows = read_labels(files, table, options)
    except ImageColumnError as error:
        folders = read_folders(files, options)
        # Without classes in the folders the table was meant, and a silent test set would hide that it does not fit.
        if options.layout == "table" or options.label_columns or not folders.label_columns:
            raise
        note = f"{table.name} is in the folder but was not read: {error.what}"
        return replace(folders, notes=(note, *folders.notes))
    guess = Guess(
        "table of labels",
        table.name,
        "it is in the folder",
        f"{advise(labels=table)} (or {advise(layout='folders')})",
    )
    return replace(rows, guesses=(guess, *rows.guesses))
