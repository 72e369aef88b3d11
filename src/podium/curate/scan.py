"""From any folder or table of images to a table of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from podium.advice import option
from podium.advice import options as advise
from podium.curate.bag_column import check_bag_labels
from podium.curate.box_table import with_boxes
from podium.curate.composites import check_composite_column, make_composite
from podium.curate.corrections import correct_scan
from podium.curate.domain_column import choose_domain
from podium.curate.files import ImageFiles, list_images
from podium.curate.folder_labels import check_folder_labels
from podium.curate.folder_source import read_folders
from podium.curate.found_tables import read_found
from podium.curate.heads import Labelling, make_heads
from podium.curate.idle_options import find_idle_options
from podium.curate.lost_classes import describe_lost
from podium.curate.named_files import find_named_files, names_files_elsewhere
from podium.curate.options import ScanOptions
from podium.curate.pattern_source import read_pattern
from podium.curate.roles import Roles, choose_roles
from podium.curate.rows import Guess, Rows
from podium.curate.spare_columns import SpareColumns
from podium.curate.split_column import leave_out_rows
from podium.curate.table_source import read_labels
from podium.curate.time_column import read_time_column
from podium.curate.weight_column import read_weight_column
from podium.errors import SourceError, UsageError
from podium.overview import Overview, Shown
from podium.tables import Samples, Task, as_text_array, describe_bags
from podium.texttable import (
    JSON_ENDINGS,
    TABLE_ENDINGS,
    Frame,
    Table,
    bare_name,
    check_table_exists,
    is_frame,
    read_table,
    table_of_frame,
)

__all__ = ["Scan", "scan"]


@dataclass(frozen=True, repr=False)
class Scan(Shown):
    """What a folder or table was read as.

    Args:
        samples: The table of samples.
        notes: What the user should know, a sentence each. Guesses come first.
        guesses: What was guessed, and the option that sets it.
        unlisted: Ids of images left out because no row, class or pattern speaks of them.
        missing: Rows left out because they have no image.
        spare: Columns of the table that are neither labels nor anything else.
    """

    samples: Samples
    notes: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()
    unlisted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    spare: SpareColumns = field(default_factory=SpareColumns)

    def overview(self) -> Overview:
        """The samples, and what the user should know about them."""
        return replace(self.samples.overview(), title="Scan", notes=self.notes)

    def to_dict(self) -> dict[str, Any]:
        """What was found, without the samples themselves, as JSON-ready data."""
        task = self.samples.task
        return {
            "root": str(self.samples.root),
            "n_samples": len(self.samples),
            "n_groups": len(set(self.samples.group_keys.tolist())) if self.samples.has_groups else None,
            "n_bags": len(set(self.samples.answer_keys.tolist())) if self.samples.bag is not None else None,
            "task": None if task is None else task.to_dict(),
            "notes": list(self.notes),
            "guesses": [guess.to_dict() for guess in self.guesses],
            "unlisted": list(self.unlisted),
            "missing": list(self.missing),
        }


def scan(source: Path | str | Frame, options: ScanOptions | None = None) -> Scan:
    """The samples of a folder of images, or of a table and the images it names.

    Args:
        source: The folder; or a table, whose folder then holds the images unless it names files elsewhere by absolute
            paths; or a DataFrame with a column of paths, absolute or from the working directory.
        options: What not to guess.

    Returns:
        Samples and what was guessed. Without labels `samples.task` is None.

    Raises:
        SourceError: If there are no images, a table cannot be read or does not fit the images, or it cannot be told
            which column holds the labels.
        LabelError: If there is one class only, labels do not fit the classes given, or a correction does not fit them.
    """
    options = (options or ScanOptions()).with_named_columns()
    found = _scan(source, replace(options, corrections=None, regions=None))
    if options.corrections is not None:
        found = correct_scan(found, options.corrections)
    return found if options.regions is None else with_boxes(found, options.regions)


def _scan(source: Path | str | Frame, options: ScanOptions) -> Scan:
    if is_frame(source):
        return _scan_named(table_of_frame(source), options, Path.cwd())
    assert isinstance(source, str | Path)
    source = Path(source)
    if source.exists() and not source.is_file() and not source.is_dir():
        check_table_exists(source)
    if source.is_file() and options.labels is None and options.pattern is None:
        _refuse_other_files(source, options)
        table = read_table(source, delimiter=options.delimiter, encoding=options.encoding, header=options.header)
        if names_files_elsewhere(table, source.parent):
            return _scan_named(table, options, source.parent)
        options = replace(options, labels=source)
        source = source.parent
    files = list_images(source, options.extensions, follow_links=options.follow_links)
    return _scan_rows(files, _read_rows(files, options), options)


def _scan_named(table: Table, options: ScanOptions, base: Path) -> Scan:
    """The samples of a table alone, which says where its images are."""
    if options.labels is not None or options.pattern is not None or options.layout == "folders":
        raise UsageError(
            "the data is a table that names its images; no second table, pattern or layout of folders can be added.",
            fix=f"Name the folder of images as the data, and the table with {option('labels')}.",
        )
    files, table, options = find_named_files(table, options, base)
    return _scan_rows(files, read_labels(files, table, options), options)


def _scan_rows(files: ImageFiles, rows: Rows, options: ScanOptions) -> Scan:
    options = _follow_joined_rows(options, rows)
    rows = leave_out_rows(rows, options)
    roles = choose_roles(rows, options)
    labelling = make_heads(rows, roles.labels, options)
    labelling.notes += check_folder_labels(files, rows, labelling, options)
    return _assemble(rows, roles, labelling, options)


def _follow_joined_rows(options: ScanOptions, rows: Rows) -> ScanOptions:
    """The options for rows that were joined: sets of labels in one column, or a column for each label."""
    if rows.replaced_column is None:
        return options
    if options.label_columns == (rows.replaced_column,):
        options = replace(options, label_columns=rows.label_columns)
    is_list = rows.label_columns == (rows.replaced_column,)
    return replace(options, label_kind="multi") if is_list else options


def _refuse_other_files(source: Path, options: ScanOptions) -> None:
    """A single image, or a file that is no table, named as the source."""
    ending = bare_name(source).suffix.lower()
    if ending.lstrip(".") in options.extensions:
        raise SourceError("this is one image.", where=source, fix=f"Name the folder of images: {source.parent}.")
    if ending not in (*TABLE_ENDINGS, *JSON_ENDINGS, ".txt", ""):
        raise SourceError(
            "this is neither a folder nor a table.",
            where=source,
            fix=f"Name a folder of images, or a table ({', '.join(TABLE_ENDINGS)}) beside its images.",
        )


def _find_table(root: Path, labels: Path | Table) -> Path | Table:
    """The table as it was named, or of that name in the folder of images."""
    if isinstance(labels, Table) or labels.is_file():
        return labels
    if not (root / labels).is_file():
        check_table_exists(labels, data=root)
    return root / labels


def _read_rows(files: ImageFiles, options: ScanOptions) -> Rows:
    if options.pattern is not None:
        return read_pattern(files, options)
    if options.labels is not None and options.layout != "folders":
        return read_labels(files, _find_table(files.root, options.labels), options)
    if options.layout == "folders":
        return read_folders(files, options)
    return read_found(files, options)


def _assemble(rows: Rows, roles: Roles, labelling: Labelling, options: ScanOptions) -> Scan:
    composite = make_composite(labelling, options)
    task = Task(tuple(labelling.heads), composite) if labelling.heads else None
    domain, about_domains = choose_domain(rows, options)
    samples = Samples(
        root=rows.root,
        ids=as_text_array(rows.ids),
        paths=as_text_array(rows.paths),
        task=task,
        labels=labelling.labels,
        group=_text_or_none(roles.group),
        split=_text_or_none(roles.split),
        fold=_text_or_none(roles.fold),
        source=as_text_array([rows.origin] * len(rows.ids)),
        numbers=labelling.numbers,
        borders=labelling.borders,
        soft=labelling.soft,
        weight=read_weight_column(rows, options),
        domain=_text_or_none(domain),
        bag=_text_or_none(roles.bag),
        time=read_time_column(rows, options),
    )
    check_bag_labels(samples, options.bag_labels)
    if options.composite_column is not None and not options.unlabelled:
        check_composite_column(samples, rows, options.composite_column)
    guesses = (*rows.guesses, *roles.guesses, *labelling.guesses)
    notes = (
        *(str(g) for g in guesses),
        *rows.notes,
        *roles.notes,
        *about_domains,
        *_bag_note(samples),
        *labelling.notes,
    )
    notes = (*notes, *_lost_notes(rows, labelling), *_main_note(task, rows), *find_idle_options(rows, options))
    used = {rows.id_column, *roles.labels, *roles.others}
    spare = {name: cells for name, cells in rows.columns.items() if name not in used}
    return Scan(samples, notes, guesses, rows.unlisted, rows.missing, SpareColumns(rows.ids, spare))


def _bag_note(samples: Samples) -> list[str]:
    return [] if samples.bag is None else [describe_bags(samples)]


def _main_note(task: Task | None, rows: Rows) -> list[str]:
    """Which of several targets stands at the top, and how to choose another."""
    if task is None or task.composite is not None or len(task.heads) == 1:
        return []
    first, second, *others = [head.name for head in task.heads]
    said = f"Main target: {first!r}, the first of {len(task.heads)}; its score stands at the top."
    if not {first, second, *others} <= rows.columns.keys():
        return [said]
    order: list[object] = [second, first, *others] if len(others) < 5 else [second, ...]
    return [f"{said} To have another one there, name it first: {advise(label_columns=order)}."]


def _lost_notes(rows: Rows, labelling: Labelling) -> list[str]:
    """Notes on classes that only images have that cannot be read."""
    notes = []
    for head in labelling.heads:
        if head.is_multi or head.name in labelling.numbers:
            continue
        lost = {name: why for name, why in rows.lost.get(head.name, {}).items() if name not in head.classes}
        if lost:
            notes.append(describe_lost(head.name, lost, head.classes))
    return notes


def _text_or_none(cells: Sequence[str] | None) -> Any:
    return None if cells is None else as_text_array(cells)
