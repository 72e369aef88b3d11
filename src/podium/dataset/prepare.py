"""From samples to prepared data, once for any number of recipes: decoded, audited, divided, checked for leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from podium.data import ImageCache
from podium.dataset.fold_options import FoldOptions
from podium.dataset.prepared import Prepared, audit_rows
from podium.dataset.ready_images import ReadyImages, describe_findings, make_ready
from podium.errors import ImageError, SplitError
from podium.machine import Progress, Settings
from podium.recipe import Recipe
from podium.splits import (
    check_leak_names,
    check_request,
    find_leaks,
    hint_groups,
    join_groups,
    make_folds,
    require_no_leak,
    summarise_folds,
)
from podium.tables import Folds, Samples, load_folds
from podium.twins import find_twins

__all__ = ["check_folds", "open_prepared_images", "prepare_samples"]


def check_folds(samples: Samples, options: FoldOptions) -> int:
    """How many folds there will be; all that can be known wrong about them before an image is decoded is refused here.

    Raises:
        UsageError: If an option names nothing or is out of its range.
        SplitError: If they cannot be made, or belong to other samples.
    """
    check_leak_names(options.allow_leaks)
    if options.folds_from is None:
        return check_request(samples, **options.request)
    if not (options.folds_from / "folds.csv").is_file():
        fix = "Name the folder of a run, or one that the command podium split wrote."
        raise SplitError("there are no folds here.", where=options.folds_from, field="folds_from", fix=fix)
    frozen = load_folds(options.folds_from)
    if set(frozen.ids) - set(samples.ids):  # images may yet be left out, but none will be found
        frozen.match(samples)
    return frozen.n_folds


def prepare_samples(
    samples: Samples,
    recipe: Recipe,
    options: FoldOptions,
    settings: Settings,
    progress: Progress,
    *,
    notes: Sequence[str] = (),
) -> tuple[Prepared, ImageCache]:
    """Decode the images, divide them, and check that the folds do not leak, or that their leaks were accepted by name.

    Args:
        samples: Samples that `check_folds` let through.
        recipe: A recipe whose image sizes are resolved; it says at which size images are stored.
        options: How to divide them.
        settings: Places and limits.
        progress: Told what is going on and what was found.
        notes: What the scan reported, kept with the data.

    Returns:
        The prepared data, and the images at the recipe's size.

    Raises:
        ImageError: If too many images cannot be decoded.
        SplitError: If the folds cannot be made, or belong to other samples.
        LeakError: If they share a group, a file or a near duplicate; lists the pairs.
    """
    images = make_ready(samples, recipe, settings, progress)
    for note in describe_findings(images.audit):
        progress.note(note)
    hints = tuple(map(str, hint_groups(images.samples)))  # of groups that a person might have named, not of copies
    for hint in hints:
        progress.note(hint)
    if options.group_duplicates:
        images = _group_duplicates(images, progress)
    folds = _divide(images.samples, options)
    report = require_no_leak(find_leaks(images.samples, folds, **images.fingerprints()), allow=options.allow_leaks)
    summary = summarise_folds(images.samples, folds)
    for note in summary.notes:
        progress.note(note)
    prepared = Prepared(
        samples=images.samples,
        folds=folds,
        sha256=images.cache.facts.sha256[images.rows],
        audit=images.audit.to_dict(),
        quarantine=audit_rows(images.audit),
        summary=summary,
        leaks=report,
        hints=hints,
        notes=(*notes, *summary.notes),
    )
    return prepared, images.cache


def open_prepared_images(prepared: Prepared, recipe: Recipe, settings: Settings, progress: Progress) -> ImageCache:
    """The images of prepared data at a recipe's size, from the cache or decoded now.

    Raises:
        ImageError: If a file is not the one that was prepared; lists them.
        StorageError: If the cache cannot be written.
        Stopped: If a signal asked for it; what is decoded stays.
    """
    cache = make_ready(prepared.samples, recipe, settings, progress, limit_fraction=1.0).cache
    rows = cache.rows_of(prepared.samples.ids)
    is_changed = ~cache.is_usable[rows] | (cache.facts.sha256[rows] != prepared.sha256)
    if is_changed.any():
        raise ImageError(
            f"{is_changed.sum()} of {len(prepared)} images differ from the files that were prepared.",
            where=prepared.samples.root,
            fix="Prepare the data again, or restore the old files.",
            details=[str(name) for name in prepared.samples.ids[is_changed]],
        )
    return cache


def _group_duplicates(images: ReadyImages, progress: Progress) -> ReadyImages:
    """The images with equal files and near duplicates joined into groups, so that no split divides them."""
    pairs = find_twins(**images.fingerprints())
    joined = replace(images.samples, group=join_groups(images.samples, pairs))
    progress.note(f"{len(pairs)} pairs of identical files or near-duplicates were put into one group each.")
    return replace(images, samples=joined)


def _divide(samples: Samples, options: FoldOptions) -> Folds:
    if options.folds_from is not None:
        return load_folds(options.folds_from).match(samples)
    return make_folds(samples, **options.request)
