"""What `podium audit` does: every image decoded once and looked at; what is wrong or odd, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from podium import auditing
from podium.arguments import strict_arguments
from podium.auditing import Finding, LookedAt
from podium.curate import ScanOptions
from podium.data import cached_thumbnails
from podium.dataset import Source, read_source
from podium.dataset.ready_images import ReadyImages, make_ready, median_side
from podium.errors import ImageError, UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings, default_progress
from podium.overview import Overview, Shown
from podium.recipe import Recipe, find_preset, resolve_sizes
from podium.tables import Samples
from podium.twins import find_near_duplicates
from podium.workflows.option_homes import option_homes

__all__ = ["DataAudit", "audit"]


@dataclass(frozen=True, eq=False, repr=False)
class DataAudit(Shown):
    """What a look at all images found.

    Args:
        findings: What was found, the worst first.
        looked: The images of the data, with facts of each.
        test: Those of the test set; None without one.
        notes: What was guessed while the data was read.
    """

    findings: tuple[Finding, ...]
    looked: LookedAt
    test: LookedAt | None = None
    notes: tuple[str, ...] = ()

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
            "files": self.looked.audit.to_dict(),
            "notes": list(self.notes),
        }

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
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> DataAudit:
    """Look through all images and labels before training: what is wrong, what is odd, and what to do about each.

    Every file is decoded once, by the code that training uses and into the same cache, so that a training on the data
    decodes nothing again. Nothing of yours is changed.

    Args:
        data: A folder, a table, a DataFrame, a saved scan, or samples.
        test: Images of a test set, to compare with the data: the same images, or images of another kind.
        options: How to read the data.
        preset: Preset whose image size the images are decoded at.
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
    looked = _look(found.samples, recipe, settings, progress)
    other = None if tested is None else _look(tested, recipe, settings, progress)
    findings = auditing.in_order(_find_all(looked, other, settings))
    return DataAudit(findings, looked, other, tuple(found.notes))


def _look(samples: Samples, recipe: Recipe, settings: Settings, progress: Progress) -> LookedAt:
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
    return LookedAt(samples, images.audit, looks, cached_thumbnails(cache)[rows])


def _find_all(looked: LookedAt, test: LookedAt | None, settings: Settings) -> Iterator[Finding]:
    limit = settings.max_bad_fraction
    usable = looked.usable()
    near = find_near_duplicates(usable.audit.phash, sha256=usable.audit.sha256, thumbnails=usable.thumbnails)
    yield from auditing.find_broken(looked, limit)
    yield from auditing.find_given_leaks(usable, near)
    yield from auditing.find_twins(usable, near, limit)
    yield from auditing.find_label_findings(looked.samples)
    if test is not None:
        yield from (_of_test(finding) for finding in auditing.find_broken(test, limit))
        yield from auditing.find_test_leaks(usable, test.usable())
    yield from auditing.find_odd_looks(looked)
    yield from auditing.find_odd_files(looked)
    yield from auditing.find_mirrored(usable, near)


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
