"""A proxy of a data set: a few thousand images on which recipes can be tried in a fraction of the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from podium.advice import option
from podium.columns import align_columns
from podium.curate import Scan, ScanOptions
from podium.dataset import Source, check_scan_folder, read_source, save_scan
from podium.errors import LabelError, UsageError
from podium.listing import count_of, list_some, part_of
from podium.machine import Caution, Progress, Silent
from podium.splits.draw_proxy import LabelDrift, draw_at_random, draw_proxy, find_drift
from podium.tables import EXTRA, Samples
from podium.texttable import Frame
from podium.workflows.evaluate import read_labelled
from podium.workflows.scan import scan

__all__ = ["Proxy", "proxy"]

_N_RANDOM = 20
_FAR = 0.1
"""A proxy whose size differs from what was asked by this share is worth a note."""


@dataclass(frozen=True, eq=False)
class Proxy:
    """A part of the samples, and how far its labels are from those of all.

    Args:
        samples: The part.
        n_whole: Images that it stands for.
        drift: Per head, the drift from the whole.
        random_drift: Largest drift of any class in a random draw of whole groups, the mean over twenty draws.
        test_drift: Per head, the drift from the labelled test set; empty without one.
        notes: What the user should know.
    """

    samples: Samples
    n_whole: int
    drift: tuple[LabelDrift, ...]
    random_drift: float
    test_drift: tuple[LabelDrift, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def max_drift(self) -> float:
        """Largest difference between the share of a class here and in the whole, over all heads."""
        return max(one.max for one in self.drift)

    @property
    def n_groups(self) -> int:
        """Groups of the part; images without one count as their own."""
        return len(set(self.samples.group_keys.tolist()))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "n": len(self.samples),
            "n_whole": self.n_whole,
            "n_groups": self.n_groups,
            "max_drift": self.max_drift,
            "random_drift": self.random_drift,
            "drift": [one.to_dict() for one in self.drift],
            "test_drift": [one.to_dict() for one in self.test_drift],
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """The same for a terminal."""
        groups = f" in {count_of(self.n_groups, 'group')}" if self.samples.has_groups else ""
        head = f"{part_of(len(self.samples), self.n_whole, 'image')}{groups}"
        rows = [_cells(one, "all images") for one in self.drift] + [_cells(one, "test") for one in self.test_drift]
        table = align_columns(("target", "shares differ from", "largest", "class", "mean"), rows, left=5)
        return [head, *table, f"A random draw differs by {self.random_drift:.2%} at its worst, on average."]

    def save(self, folder: str | Path) -> Path:
        """Write it into a folder that every command takes as its data, as `podium scan --out` does; gives the folder.

        Raises:
            UsageError: If the folder holds anything but a scan.
            StorageError: If the disk refuses.
        """
        save_scan(Scan(self.samples, self.notes), Path(folder))
        return Path(folder)


def proxy(
    data: Source,
    n: int,
    *,
    out: str | Path | None = None,
    seed: int = 0,
    folds: int = 5,
    test: str | Path | Frame | Samples | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Proxy:
    """A part of the data that stands for all of it: whole groups, every label of every head in its share.

    Images that only train, and those of the split "test", are left out.

    Args:
        data: A folder of images, a table beside them, a DataFrame, a saved scan, prepared data or samples.
        n: Images wanted; whole groups may make it a few more or less.
        out: New or empty folder to write it into; every command takes it as its data.
        seed: Seed of the draw; the same gives the same images.
        folds: Folds that it shall have: every class needs so many images.
        test: A labelled test set, to compare the shares of its classes too; None takes the rows of the split "test".
        progress: Receives notes.
        **options: Any option of `podium.scan`.

    Raises:
        UsageError: If there are not more images than `n`, or too few for the classes and folds.
        LabelError: If the data have no labels.

    Example:
        small = podium.proxy("data/train", 2000, out="small", group="patient")
        small.max_drift
    """
    if out is not None:
        check_scan_folder(Path(out))
    found = scan(data, **options) if options else read_source(data)
    said = progress or Silent()
    for note in found.notes:
        said.note(note)
    samples, held = _without_test(found.samples)
    _check_size(samples, n, folds)
    rows = draw_proxy(samples, n, seed=seed)
    part = samples.take(rows)
    judge = held if test is None else _read_test(test, samples, options, said)
    drawn = [draw_at_random(samples, n, seed=seed + k) for k in range(_N_RANDOM)]
    random = [max(one.max for one in find_drift(samples.take(one_draw), samples)) for one_draw in drawn]
    size = part_of(len(part), len(samples), "image")
    notes = (f"A proxy of {size}, seed {seed}.", *_cautions(part, samples, n, folds))
    made = Proxy(
        part,
        len(samples),
        find_drift(part, samples),
        float(np.mean(random)),
        () if judge is None else find_drift(part, judge),
        notes,
    )
    for note in notes[1:]:
        said.note(Caution(note))
    if out is not None:
        made.save(out)
    return made


def _without_test(samples: Samples) -> tuple[Samples, Samples | None]:
    """The rows to draw from, and those of the split "test" where there are labelled ones."""
    if samples.task is None:
        raise LabelError(
            "these images have no labels, so no draw can keep their shares.",
            fix=f"Name a table with {option('labels')} and its column with {option('label_columns')}.",
        )
    if samples.split is None:
        return samples, None
    is_test = samples.split == "test"
    held = samples.take(is_test)
    is_known = any((labels >= 0).any() for labels in held.labels.values())
    return samples.take(~is_test & (samples.split != EXTRA)), held if is_known else None


def _check_size(samples: Samples, n: int, folds: int) -> None:
    assert samples.task is not None, "the samples have labels"
    if n >= len(samples):
        raise UsageError(
            f"a proxy of {n:,} is no part of {count_of(len(samples), 'image')}.", field="n", fix="Ask for fewer."
        )
    if folds < 2:
        raise UsageError(f"must be at least 2, got {folds}.", field="folds")
    for head in samples.task.heads:
        labels = samples.labels[head.name]
        occurs = (labels == 1).any(axis=0) if head.is_multi else np.bincount(labels[labels >= 0]) > 0
        least = int(occurs.sum()) * folds
        if n < least:
            too_few = count_of(n, "image is", "images are")
            raise UsageError(
                f"{too_few} too few for {count_of(int(occurs.sum()), 'class')} of {head.name!r} in"
                f" {count_of(folds, 'fold')}: each needs one image in every fold.",
                field="n",
                fix=f"Ask for {least:,} or more, or for fewer {option('folds')}.",
            )
    if len(set(samples.group_keys.tolist())) < 2 * folds:
        raise UsageError(
            f"{count_of(len(set(samples.group_keys.tolist())), 'group')} cannot be thinned out to {folds} folds.",
            field="n",
            fix="A proxy takes whole groups; use all images.",
        )


def _cautions(part: Samples, whole: Samples, n: int, folds: int) -> list[str]:
    """What the draw could not keep."""
    notes = []
    if abs(len(part) - n) > _FAR * n:
        notes.append(f"Whole groups make it {count_of(len(part), 'image')}, not {n:,}.")
    assert part.task is not None, "the samples have labels"
    for head in part.task.heads:
        few = [
            f"{name} ({here} of {everywhere})"
            for name, here, everywhere in zip(
                head.classes, _counts(part, head.name), _counts(whole, head.name), strict=True
            )
            if here < folds and here < everywhere
        ]
        if few:
            notes.append(f"Classes of {head.name!r} with fewer images than folds: {list_some(few, most=6)}.")
    return notes


def _counts(samples: Samples, name: str) -> Sequence[int]:
    assert samples.task is not None, "the samples have labels"
    head, labels = samples.task.head(name), samples.labels[name]
    if head.is_multi:
        return [int(count) for count in (labels == 1).sum(axis=0)]
    return [int(count) for count in np.bincount(labels[labels >= 0], minlength=head.n_classes)]


def _read_test(
    test: str | Path | Frame | Samples, samples: Samples, options: Mapping[str, Any], progress: Progress
) -> Samples:
    assert samples.task is not None, "the samples have labels"
    if isinstance(test, Samples):
        return test
    given = {name: value for name, value in options.items() if name not in ("labels", "fold_column", "split_column")}
    wanted = ScanOptions(**given) if given else None
    return read_labelled(test, samples.task, wanted and replace(wanted, group="none", answer_per=None), progress)


def _cells(one: LabelDrift, other: str) -> tuple[str, ...]:
    return (one.head, other, f"{one.max:.2%}", one.worst_class, f"{one.mean:.2%}")
