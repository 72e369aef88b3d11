"""A table of labels beside class folders: rows that say something else than the folder of their image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from podium.advice import options as advise
from podium.curate.files import ImageFiles
from podium.curate.folder_names import folder_of, name_folders
from podium.curate.heads import Labelling
from podium.curate.options import ScanOptions
from podium.curate.rows import Rows
from podium.curate.spellings import spelling_key
from podium.errors import SourceError
from podium.listing import part_of
from podium.tables import Head

__all__ = ["check_folder_labels"]

_LEAST_PURE = 0.9


def check_folder_labels(files: ImageFiles, rows: Rows, labelling: Labelling, options: ScanOptions) -> list[str]:
    """Notes on rows whose label contradicts the class folder that their image lies in.

    Args:
        files: The images.
        rows: The rows of a table.
        labelling: The heads made from them.
        options: A table that the user named is believed, with a note.

    Raises:
        SourceError: If the table was only found, and rows of it contradict the folders; lists them.
    """
    if rows.origin in ("folders", "pattern") or not labelling.heads or rows.group_column is not None:
        return []
    names = name_folders(files, replace(options, layout="folders", labels=None, split_names={}, header=True))
    folders = ["/".join(names.class_of(folder_of(name))) for name in rows.ids]
    if len(set(folders) - {""}) < 2:
        return []
    notes = []
    for head in labelling.heads:
        if head.is_multi:
            continue
        labels = [head.classes[index] if index >= 0 else "" for index in labelling.labels[head.name].tolist()]
        wrong = _contradictions(folders, labels, head)
        if not wrong:
            continue
        what = (
            f"{part_of(len(wrong), len(labels), 'row', 'contradicts', 'contradict')} the folder that the"
            f" image is in (column {head.name!r})"
        )
        details = [f"{rows.ids[row]}: the folder says {folders[row]}, the table {labels[row]}" for row in wrong]
        if options.labels is None and options.layout == "auto":
            raise SourceError(
                f"{what}.",
                where=rows.origin,
                fix=f"If the table is right, set {advise(layout='table')}; if the folders are,"
                f" {advise(layout='folders')}.",
                details=details,
            )
        notes.append(f"{what}, and the table was believed: {details[0]}.")
    return notes


def _contradictions(folders: Sequence[str], labels: Sequence[str], head: Head) -> list[int]:
    """Rows whose label is not the one that their folder means, or is another folder's, where folders mean labels at
    all."""
    known = [row for row, folder in enumerate(folders) if folder and labels[row]]
    meant = _meanings([(folders[row], labels[row]) for row in known], head)
    claimed = set(meant.values())
    return [
        row
        for row in known
        if (meant[folders[row]] != labels[row] if folders[row] in meant else labels[row] in claimed)
    ]


def _meanings(pairs: Sequence[tuple[str, str]], head: Head) -> dict[str, str]:
    """The label that each folder means: the one of its name, or else the one of (nearly) all its images."""
    by_key = {spelling_key(name): name for name in head.classes}
    folders = {folder for folder, _ in pairs}
    named = {folder: by_key[spelling_key(folder)] for folder in folders if spelling_key(folder) in by_key}
    if 2 * len(named) >= len(folders):
        return named
    counts: dict[str, Counter[str]] = {folder: Counter() for folder in folders}
    for folder, label in pairs:
        counts[folder][label] += 1
    most = {folder: found.most_common(1)[0] for folder, found in counts.items()}
    is_pure = all(n >= _LEAST_PURE * counts[folder].total() for folder, (_, n) in most.items())
    is_one_to_one = len({label for label, _ in most.values()}) == len(folders) == head.n_classes
    return {folder: label for folder, (label, _) in most.items()} if is_pure and is_one_to_one else {}
