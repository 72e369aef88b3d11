"""What `podium audit` does: every image decoded once and looked at; what is wrong or odd, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from podium import auditing
from podium.arguments import strict_arguments
from podium.auditing import Cue, Finding, LookedAt, Shift
from podium.curate import ScanOptions
from podium.data import ImageCache, cached_thumbnails
from podium.dataset import Source, read_source
from podium.dataset.fingerprints import Fingerprints
from podium.dataset.hidden_groups import find_hidden_groups
from podium.dataset.option_homes import option_homes
from podium.dataset.ready_images import ReadyImages, make_ready, median_side
from podium.errors import ImageError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings, default_progress
from podium.overview import Overview, Shown
from podium.recipe import Recipe, find_preset, resolve_sizes
from podium.report.audit_folder import Say, say_in_python, write_audit
from podium.splits import GroupProposal, join_groups
from podium.tables import Samples
from podium.training.audit_features import features_of_both
from podium.twins import NearDuplicates, chain_equal_files, find_near_duplicates

__all__ = ["DataAudit", "audit"]


@dataclass(frozen=True, eq=False, repr=False)
class DataAudit(Shown):
    """What a look at all images found.

    Args:
        findings: What was found, the worst first.
        looked: The images of the data, with facts of each.
        test: Those of the test set, or of the data's own test rows; None without either.
        cues: How well light, size, kind of file, names and order tell each head's classes, the strongest first.
        shifts: How well the test set can be told from the data.
        notes: What was guessed while the data was read.
        groups: Groupings that nobody named, with evidence.
        pixels: The decoded images of the data, for thumbnails.
        test_pixels: Those of the test set.
    """

    findings: tuple[Finding, ...]
    looked: LookedAt
    test: LookedAt | None = None
    cues: tuple[Cue, ...] = ()
    shifts: tuple[Shift, ...] = ()
    notes: tuple[str, ...] = ()
    pixels: ImageCache | None = None
    test_pixels: ImageCache | None = None
    groups: tuple[GroupProposal, ...] = ()

    def __len__(self) -> int:
        return len(self.looked)

    @property
    def worst(self) -> str:
        """ "error", "caution", "note", or "clean" where nothing was found."""
        return self.findings[0].level if self.findings else "clean"

    @property
    def has_errors(self) -> bool:
        """Whether something stops a training, or makes its score wrong."""
        return self.worst == "error"

    def to_dict(self) -> dict[str, Any]:
        """Everything that was found, as JSON-ready data."""
        samples = self.looked.samples
        return {
            "root": str(samples.root),
            "n_images": len(self.looked),
            "n_test_images": None if self.test is None else len(self.test),
            "n_groups": len(set(samples.group_keys.tolist())) if samples.has_groups else None,
            "worst": self.worst,
            "findings": [finding.to_dict() for finding in self.findings],
            "classes": auditing.count_labels(samples),
            "cues": [cue.to_dict() for cue in self.cues],
            "groups": [proposal.to_dict() for proposal in self.groups],
            "shift": [shift.to_dict() for shift in self.shifts],
            "files": self.looked.audit.to_dict(),
            "notes": list(self.notes),
        }

    def save(self, folder: str | Path, *, say: Say = say_in_python) -> Path:
        """Write audit.html with thumbnails, audit.json, and images.csv with the facts of each image; gives the folder.

        Args:
            folder: A new or empty folder, or that of an older audit, which is replaced.
            say: Words of a finding on the page: what was found, what to do, and what to copy.

        Raises:
            UsageError: If the folder holds anything else.
            StorageError: If it cannot be written.
        """
        assert self.pixels is not None, "an audit has looked at images"
        record = self.to_dict()
        write_audit(Path(folder), record, self.findings, self.looked, self.pixels, self.test_pixels, say)
        return Path(folder)

    def overview(self) -> Overview:
        """How many images, and the findings."""
        facts = [count_of(len(self), "image"), count_of(len(self.findings), "finding")]
        rows = [(finding.level, finding.check, finding.what) for finding in self.findings]
        return Overview("Audit", facts, ("level", "check", "what"), rows)


@strict_arguments(option_homes)
def audit(
    data: Source,
    *,
    test: Source | None = None,
    options: ScanOptions | None = None,
    preset: str = "baseline",
    features: bool = True,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> DataAudit:
    """Look through all images and labels before training: what is wrong, what is odd, and what to do about each.

    Every file is decoded once, by the code that training uses and into the same cache, so that a training on the data
    decodes nothing again. Nothing of yours is changed.

    Args:
        data: A folder, a table, a DataFrame, a saved scan, or samples.
        test: Images of a test set, to compare with the data: the same images, or images of another kind. Without it
            the data's own test rows are compared with the others, where it has some.
        options: How to read the data.
        preset: Preset whose image size the images are decoded at, and whose network compares data and test set.
        features: Whether data and test set are also compared by features of a frozen network. They take the time of a
            training's features, and are kept for it.
        settings: Folders and limits.
        progress: Receives progress and notes.

    Raises:
        UsageError: If an option is wrong.
        DataError: If there are no images, or labels cannot be read, or no image can be decoded.

    Example:
        found = podium.audit("photos")
        print(found.worst, [finding.what for finding in found.findings])
    """
    settings, progress = settings or Settings(), progress or default_progress()
    if not 0 <= settings.max_bad_fraction <= 1:
        raise UsageError(f"must be in [0, 1], got {settings.max_bad_fraction}.", field="max_bad_fraction")
    found = read_source(data, options)
    for note in found.notes:
        progress.note(note)
    recipe = resolve_sizes(find_preset(preset), median_side_px=median_side(found.samples))
    tested = None if test is None else read_source(test, ScanOptions(unlabelled=True)).samples
    images = _look(found.samples, recipe, settings, progress)
    others = None if tested is None else _look(tested, recipe, settings, progress)
    looked = images.looked.usable()
    near = _find_near(looked)
    hidden = find_hidden_groups(looked.samples.without_extra, _prints(looked), found.spare)
    cues = auditing.measure_cues(looked, _groups(looked, near))
    sides = _sides_of(images) if others is None else (images, others)
    shifts: list[Shift] = []
    if sides is not None:
        shifts = _measure_shift(*sides, recipe if features else None, settings, progress)
    findings = [
        *_find_all(images.looked, looked, near, cues, settings),
        *auditing.find_unnamed_groups(hidden.proposals, hidden.hints),
        *_find_in_test(looked, others, settings),
        *auditing.find_shift(shifts),
    ]
    return DataAudit(
        auditing.in_order(findings),
        images.looked,
        None if sides is None else sides[1].looked,
        tuple(cues),
        tuple(shifts),
        tuple(found.notes),
        images.cache,
        None if sides is None else sides[1].cache,
        hidden.proposals,
    )


class _Images(NamedTuple):
    """Images that were looked at, and their pixels."""

    looked: LookedAt
    cache: ImageCache


def _look(samples: Samples, recipe: Recipe, settings: Settings, progress: Progress) -> _Images:
    images: ReadyImages = make_ready(samples, recipe, settings, progress)
    if not images.audit.is_ok.any():
        raise ImageError(
            f"none of the {count_of(len(samples), 'image')} can be decoded.",
            where=samples.root,
            fix="Name a folder of images that open in other programs.",
            details=[f"{row.id}: {row.outcome}, {row.reason}" for row in images.audit.quarantine],
        )
    cache = images.cache
    with progress.stage("look at images", len(samples)) as update:
        rows = cache.rows_of(samples.ids)
        looks = auditing.measure_looks(cache.pixels, cache.is_usable, update)
        update(len(samples))
    looks = auditing.Looks(*(column[rows] for column in looks))
    return _Images(LookedAt(samples, images.audit, looks, cached_thumbnails(cache)[rows]), cache)


def _sides_of(images: _Images) -> tuple[_Images, _Images] | None:
    """The data's own test rows beside all others; None where it has no such rows."""
    split = images.looked.samples.split
    if split is None or not (split == "test").any() or (split == "test").all():
        return None
    parts = [
        _Images(images.looked.take(np.flatnonzero(rows)), images.cache) for rows in (split != "test", split == "test")
    ]
    return parts[0], parts[1]


def _find_near(looked: LookedAt) -> NearDuplicates:
    audit = looked.audit
    return find_near_duplicates(audit.phash, sha256=audit.sha256, thumbnails=looked.thumbnails)


def _prints(looked: LookedAt) -> Fingerprints:
    main = looked.take(np.flatnonzero(~looked.samples.is_extra))
    return {"sha256": main.audit.sha256, "phash": main.audit.phash, "thumbnails": main.thumbnails}


def _groups(looked: LookedAt, near: NearDuplicates) -> NDArray[np.object_]:
    """Group of each image, copies and near-duplicates in one, shape (N,)."""
    pairs = np.concatenate([near.pairs, chain_equal_files(looked.audit.sha256)])
    return replace(looked.samples, group=join_groups(looked.samples, pairs)).group_keys


def _measure_shift(
    images: _Images,
    others: _Images,
    recipe: Recipe | None,
    settings: Settings,
    progress: Progress,
) -> list[Shift]:
    looked, test = images.looked.usable(), others.looked.usable()
    features = None
    if recipe is None:
        progress.note("Data and test set are compared by size, light and files only, not by what they show.")
    else:
        rows = tuple(
            one.cache.rows_of(own.samples.ids)[auditing.take_evenly(len(own))]
            for one, own in ((images, looked), (others, test))
        )
        features = features_of_both(
            recipe, looked.samples.task, (images.cache, others.cache), (rows[0], rows[1]), settings, progress
        )
    groups = _groups(looked, _find_near(looked)), _groups(test, _find_near(test))
    return auditing.measure_shift(looked, test, groups, features)


def _find_all(
    looked: LookedAt, usable: LookedAt, near: NearDuplicates, cues: list[Cue], settings: Settings
) -> Iterator[Finding]:
    limit = settings.max_bad_fraction
    yield from auditing.find_broken(looked, limit)
    yield from auditing.find_given_leaks(usable, near)
    yield from auditing.find_twins(usable, near, limit)
    yield from auditing.find_label_findings(looked.samples)
    yield from auditing.find_cues(cues)
    yield from auditing.find_odd_looks(looked)
    yield from auditing.find_odd_files(looked)
    yield from auditing.find_mirrored(usable, near)


def _find_in_test(usable: LookedAt, others: _Images | None, settings: Settings) -> Iterator[Finding]:
    if others is not None:
        broken = auditing.find_broken(others.looked, settings.max_bad_fraction)
        yield from (_of_test(finding) for finding in broken)
        yield from auditing.find_test_leaks(usable, others.looked.usable())


def _of_test(finding: Finding) -> Finding:
    """A finding about files of the test set, which a training does not stop at."""
    return replace(
        finding,
        level="caution",
        check="test_broken",
        what=f"Of the test set: {finding.what}",
        ids=tuple(auditing.TEST_MARK + name for name in finding.ids),
        todo="They get the average prediction.",
        change={},
    )
