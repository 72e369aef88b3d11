"""Samples made ready once for any number of recipes: usable images, frozen folds, and what was found on the way.

In a folder they are the tables that a run folder holds too, so a run can be prepared data for the next recipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.curate import Audit
from podium.dataset.sources import SCAN_FILES, SCAN_MARK
from podium.errors import CorruptFileError, UsageError
from podium.listing import count_of
from podium.machine import Caution
from podium.overview import Overview, Shown
from podium.splits import FoldSummary, LeakReport
from podium.store import TABLE_FILES, RunFolder, check_tables, digest_kept, digest_tables, find_edits
from podium.tables import (
    UNREADABLE,
    Boxes,
    Folds,
    Samples,
    as_text_array,
    load_folds,
    load_samples,
    no_boxes,
    read_csv,
    save_corrections,
    save_folds,
    save_samples,
    write_csv,
)

__all__ = [
    "Prepared",
    "SetAside",
    "all_images",
    "check_prepared_folder",
    "is_prepared",
    "load_prepared",
    "save_prepared",
    "write_prepared_tables",
]

MARK_NAME = "prepared.json"
"""Written last; it holds the digests of the tables."""
_AGAIN = "Prepare the data again with `podium split`."


class SetAside(NamedTuple):
    """An image that cannot be used.

    Args:
        id: Its id.
        outcome: What became of it, in one word.
        reason: Why.
        path: Its file, relative to the root of its source.
        source: The source that it came from; "" where there is one only.
        row: Its place among all images of the source, usable or not; -1 in data of an older version.
    """

    id: str
    outcome: str
    reason: str
    path: str = ""
    source: str = ""
    row: int = -1


@dataclass(frozen=True, eq=False, repr=False)
class Prepared(Shown):
    """Samples and folds that any number of recipes can train on, without scanning, auditing or comparing them again.

    Args:
        samples: The N samples whose image can be used.
        folds: Their folds, in the same order.
        sha256: SHA-256 of every image file, shape (N,).
        audit: Summary of the images, JSON-ready.
        quarantine: Images that cannot be used, with outcome and reason of each.
        summary: The folds in numbers.
        leaks: The leak check's result.
        hints: What looks like a group that nobody named, a sentence each.
        notes: What the scan reported.
    """

    samples: Samples
    folds: Folds
    sha256: NDArray[np.object_]
    audit: Mapping[str, Any]
    quarantine: tuple[SetAside, ...]
    summary: FoldSummary
    leaks: LeakReport
    hints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    def overview(self) -> Overview:
        """The folds in numbers, the leak check's result, and what is odd."""
        header, *rows = self.summary.rows()
        facts = [count_of(len(self), "image"), f"{count_of(self.folds.n_folds, 'fold')} by {self.folds.method}"]
        return Overview("Prepared", facts, header, rows, notes=(self.leaks.verdict, *self.summary.notes))

    def to_dict(self) -> dict[str, Any]:
        """What stands in folds.json beside the folds."""
        return {
            "summary": self.summary.to_dict(),
            "leaks": self.leaks.to_dict(),
            "hints": list(self.hints),
            "notes": list(self.notes),
        }

    def save(self, folder: str | Path) -> Path:
        """Write it into a folder that `podium train` and `podium.train` take as their data; gives the folder.

        Raises:
            UsageError: If the folder holds anything but prepared data or a scan.
            StorageError: If the disk refuses.
        """
        save_prepared(self, Path(folder))
        return Path(folder)


def set_aside(samples: Samples, audit: Audit) -> tuple[SetAside, ...]:
    """The images of the samples that cannot be used."""
    rows = samples.rows_of([found.id for found in audit.quarantine])
    source = np.full(len(samples), "", dtype=object) if samples.source is None else samples.source
    return tuple(
        SetAside(found.id, found.outcome, found.reason, samples.paths[row], source[row], int(row))
        for found, row in zip(audit.quarantine, rows, strict=True)
    )


def all_images(prepared: Prepared) -> Samples:
    """Every image that was decoded, usable or not, as the cache holds them: without labels, in the order of the source.

    A cache that was made of another list of images would not be found.
    """
    samples, aside = prepared.samples, prepared.quarantine
    n, rows = len(samples) + len(aside), np.asarray([one.row for one in aside], dtype=np.int64)
    if len(np.unique(rows)) != len(rows) or (rows < 0).any() or (rows >= n).any():
        return samples  # of an older version
    is_usable = np.ones(n, dtype=bool)
    is_usable[rows] = False

    def whole(column: NDArray[np.object_], left: list[str]) -> NDArray[np.object_]:
        values = np.empty(n, dtype=object)
        values[is_usable], values[rows] = column, left
        return values

    return Samples(
        samples.root,
        whole(samples.ids, [one.id for one in aside]),
        whole(samples.paths, [one.path for one in aside]),
        source=None if samples.source is None else whole(samples.source, [one.source for one in aside]),
        roots=samples.roots,
        boxes={region: _whole_boxes(boxes, is_usable) for region, boxes in samples.boxes.items()},
    )


def _whole_boxes(boxes: Boxes, is_usable: NDArray[np.bool_]) -> Boxes:
    """Boxes of usable images among all; the others have none."""
    none = no_boxes(len(is_usable))
    unreadable = as_text_array(np.where(is_usable, "", UNREADABLE).tolist())
    return replace(none, source=unreadable).put(np.flatnonzero(is_usable), boxes)


def write_prepared_tables(prepared: Prepared, folder: Path) -> None:
    """Write samples, folds, digests of the images, audit and quarantine into a folder."""
    place = RunFolder(folder)
    save_samples(prepared.samples, folder)
    rows = zip(prepared.samples.ids.tolist(), prepared.sha256.tolist(), strict=True)
    write_csv(place.images_file, ["id", "sha256"], rows)
    write_csv(place.quarantine_file, SetAside._fields, [[str(cell) for cell in row] for row in prepared.quarantine])
    durable.write_sealed(place.audit_file, dict(prepared.audit))
    if prepared.samples.corrections:
        save_corrections(prepared.samples.corrections, place.corrections_file)
    else:
        durable.remove_file(place.corrections_file)  # of data that were prepared here before
    save_folds(prepared.folds, folder, extra=prepared.to_dict())


def check_prepared_folder(folder: Path) -> None:
    """Raise UsageError unless prepared data may be written into a folder: a new or empty one, or their own."""
    fix = "Choose a new or empty folder."
    if RunFolder(folder).run_file.is_file():
        raise UsageError("this folder is a run.", where=folder, fix=fix)
    names = {*TABLE_FILES, *SCAN_FILES}
    durable.check_claimable(folder, "prepared data", marks=(MARK_NAME, SCAN_MARK), names=names, fix=fix)


def save_prepared(prepared: Prepared, folder: Path) -> None:
    """Write prepared data into a folder; `load_prepared` reads it.

    Raises:
        UsageError: If the folder holds anything but prepared data or a scan.
        LockedError: If another process writes them there right now.
        StorageError: If the disk refuses; the same call goes on.
    """
    check_prepared_folder(folder)
    with durable.hold_lock(folder):
        durable.check_writable(folder)
        durable.remove_file(folder / MARK_NAME)
        write_prepared_tables(prepared, folder)
        mark = digest_tables(prepared.samples, prepared.folds) | {"files": digest_kept(folder)}
        durable.write_json(folder / MARK_NAME, mark)


def is_prepared(folder: Path) -> bool:
    """Whether a folder holds prepared data: what `podium split --out` wrote, or a run."""
    return (folder / MARK_NAME).is_file() or RunFolder(folder).run_file.is_file()


def load_prepared(folder: Path) -> Prepared:
    """The prepared data in a folder, in which nothing was changed.

    Raises:
        StorageError: If a file is missing.
        CorruptFileError: If a table is not the one that was written.
        SplitError: If the folds belong to other samples.
    """
    place = RunFolder(folder)
    mark = folder / MARK_NAME
    digests = durable.read_json(mark) if mark.is_file() else place.read()
    samples, folds = load_samples(folder), load_folds(folder)
    check_tables(place, digests, samples=samples, folds=folds)
    notes = durable.read_json(folder / "folds.json")
    try:
        return Prepared(
            samples=samples,
            folds=folds.match(samples),
            sha256=_read_digests(place, samples),
            audit=_without_seal(durable.read_json(place.audit_file)),
            quarantine=_read_quarantine(place),
            summary=FoldSummary.from_dict(notes["summary"]),
            leaks=LeakReport.from_dict(notes["leaks"]),
            hints=tuple(notes["hints"]),
            notes=(*notes["notes"], *_say_edits(folder, digests)),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise CorruptFileError(f"the prepared data has no {problem}.", where=folder, fix=_AGAIN) from None


def _without_seal(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != durable.SEAL}


def _say_edits(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    for name in (name for name in find_edits(folder, record) if name in TABLE_FILES):
        yield Caution(f"{name} of the prepared data was changed after it was written.")


def _read_quarantine(place: RunFolder) -> tuple[SetAside, ...]:
    columns = read_csv(place.quarantine_file)
    names = SetAside._fields if "row" in columns else SetAside._fields[:3]
    rows = (dict(zip(names, row, strict=True)) for row in zip(*(columns[name] for name in names), strict=True))
    return tuple(SetAside(**row | {"row": int(row.get("row", -1))}) for row in rows)


def _read_digests(place: RunFolder, samples: Samples) -> NDArray[np.object_]:
    columns = read_csv(place.images_file)
    known = dict(zip(columns["id"], columns["sha256"], strict=True))
    return as_text_array([known[name] for name in samples.ids])
