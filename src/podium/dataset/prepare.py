"""From samples to prepared data, once for any number of recipes: decoded, audited, divided, checked for leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from podium import advice
from podium.curate import SpareColumns, check_quarantine
from podium.data import ImageCache
from podium.dataset.extra_folds import join_extra
from podium.dataset.fingerprints import fingerprints_of
from podium.dataset.fold_options import FoldOptions
from podium.dataset.frozen_folds import join_as_frozen, load_frozen, match_frozen
from podium.dataset.hidden_groups import find_hidden_groups
from podium.dataset.idle_fold_options import note_idle_fold_options
from podium.dataset.prepared import Prepared, all_images, set_aside
from podium.dataset.ready_images import ReadyImages, describe_findings, make_ready
from podium.errors import ImageError, LeakError, SplitError, UsageError
from podium.listing import part_of
from podium.machine import Caution, Progress, Settings
from podium.problems import Problems
from podium.recipe import Recipe
from podium.splits import (
    JoinedSamples,
    LeakReport,
    check_leak_names,
    check_request,
    choose_method,
    describe_extra,
    find_leaks,
    fold_by_domain,
    join_duplicates,
    make_folds,
    require_no_leak,
    require_whole_bags,
    summarise_folds,
)
from podium.tables import Folds, Samples

__all__ = ["check_folds", "open_prepared_images", "prepare_samples"]


def check_folds(samples: Samples, options: FoldOptions, problems: Problems, progress: Progress) -> int:
    """How many folds there will be; keeps all that can be known wrong about them before an image is decoded."""
    samples = samples.without_extra
    with problems.kept():
        check_leak_names(options.allow_leaks)
    with problems.kept():
        _check_time(samples, options)
    with problems.kept():
        if options.folds_from is not None:
            return _check_frozen(samples, load_frozen(options), options, problems)
        samples, options = _by_domain(samples, options)
        n_folds = check_request(samples, **options.request)
        with problems.kept():
            idle = note_idle_fold_options(samples, options, n_folds)
            if idle is not None:
                progress.note(idle)
        if choose_method(samples, options.split_method, options.stratify_by) == "predefined":
            _check_groups(samples, make_folds(samples, **options.request), options)
        return n_folds
    return options.n_folds


def _by_domain(samples: Samples, options: FoldOptions) -> tuple[Samples, FoldOptions]:
    """The samples with their domains as folds, unless they have folds, or new or frozen ones are asked for."""
    is_asked = samples.domain is not None and samples.without_extra.fold is None and options.folds_from is None
    if not is_asked or options.split_method not in ("auto", "predefined"):
        return samples, options
    if options.holdout_fraction:
        raise UsageError(
            f"cannot be held out beside {advice.option('domain')}, whose folds are of whole domains.",
            field="holdout_fraction",
            fix="Leave it out: each domain is judged by models that never saw it.",
        )
    return fold_by_domain(samples, options.folds, seed=options.split_seed), replace(options, folds=None, split_seed=0)


def _check_time(samples: Samples, options: FoldOptions) -> None:
    """Refuse a time that changes nothing."""
    if samples.time is not None and not options.holdout_fraction and options.folds_from is None:
        raise UsageError(
            "has no effect without a holdout, which are the latest images.",
            field="time_column",
            fix=f"Set {advice.options(holdout_fraction=0.2)}, or leave it out.",
        )


def _check_frozen(samples: Samples, frozen: Folds, options: FoldOptions, problems: Problems) -> int:
    with problems.kept():
        dropped = [row.image for row in samples.corrections]
        missing = ~np.isin(frozen.ids, [*samples.ids, *dropped])
        if missing.any():  # images may yet be left out, but none will be found
            frozen.match(samples)
        elif np.isin(samples.ids, frozen.ids).all():
            whole = join_as_frozen(samples, options).samples
            _check_groups(whole, match_frozen(frozen, whole, options), options)
    return frozen.n_folds


def _check_groups(samples: Samples, folds: Folds, options: FoldOptions) -> None:
    """Refuse folds that divide groups or bags, which needs no image."""
    require_whole_bags(samples, folds)
    _require_no_leak(find_leaks(samples, folds), samples, folds, options)


def prepare_samples(
    samples: Samples,
    recipe: Recipe,
    options: FoldOptions,
    settings: Settings,
    progress: Progress,
    *,
    notes: Sequence[str] = (),
    spare: SpareColumns | None = None,
) -> tuple[Prepared, ImageCache]:
    """Decode the images, divide them, and check that the folds do not leak, or that their leaks were accepted by name.

    Args:
        samples: Samples that `check_folds` let through.
        recipe: A recipe whose image sizes are resolved; it says at which size images are stored.
        options: How to divide them.
        settings: Places and limits.
        progress: Receives progress and notes.
        notes: What the scan reported, kept with the data.
        spare: Columns that may be groups which nobody named.

    Returns:
        The prepared data, and the images at the recipe's size.

    Raises:
        ImageError: If too many images cannot be decoded.
        SplitError: If the folds cannot be made, or belong to other samples.
        LeakError: If they share a group, a file or a near duplicate; lists the pairs.
    """
    samples, options = _by_domain(samples, options)
    images = make_ready(samples, recipe, settings, progress)
    for note in describe_findings(images.audit, recipe.image.preprocessing):
        progress.note(note)
    problems = Problems()
    with problems.kept():
        check_quarantine(images.audit, limit_fraction=settings.max_bad_fraction)
    if 2 * len(images.samples) < len(samples):
        problems.raise_all()  # what is left says nothing about the folds
    main = images.samples.without_extra  # of groups that a person might have named, not of copies
    hints = find_hidden_groups(main, fingerprints_of(images.cache, main.ids), spare).words
    for hint in hints:
        progress.note(Caution(hint))
    with problems.kept():
        ready, folds, report = _divide(images, options)
    problems.raise_all()
    if report.joined is not None:
        progress.note(str(report.joined))
    if ready.is_extra.any():
        notes = (*notes, describe_extra(ready, folds))
        progress.note(notes[-1])
    summary = summarise_folds(ready, folds)
    for note in summary.notes:
        progress.note(Caution(note))
    prepared = Prepared(
        samples=ready,
        folds=folds,
        sha256=images.cache.facts.sha256[images.rows],
        audit=images.audit.to_dict(),
        quarantine=set_aside(samples, images.audit),
        summary=summary,
        leaks=report,
        hints=hints,
        notes=(*notes, *summary.notes),
    )
    return prepared, images.cache


def open_prepared_images(
    prepared: Prepared, recipe: Recipe, settings: Settings, progress: Progress
) -> tuple[Prepared, ImageCache]:
    """Prepared data with the boxes that a recipe cuts, and their images at its size, from the cache or decoded now.

    Raises:
        ImageError: If a file is missing, or is not the one that was prepared; lists them.
        StorageError: If the cache cannot be written.
        Stopped: If a signal asked for it; what is decoded stays.
    """
    samples = prepared.samples
    gone = [row for row in range(len(samples)) if not samples.file(row).is_file()]
    if gone:
        raise ImageError(
            f"{part_of(len(gone), len(prepared), 'image', 'is', 'are')} missing.",
            where=samples.root_of(gone[0]),
            fix="Restore them, or prepare the data again where they are now.",
            details=[str(samples.ids[row]) for row in gone],
        )
    images = make_ready(all_images(prepared), recipe, settings, progress)
    cache, rows = images.cache, images.cache.rows_of(prepared.samples.ids)
    is_changed = ~cache.is_usable[rows] | (cache.facts.sha256[rows] != prepared.sha256)
    if is_changed.any():
        raise ImageError(
            f"{part_of(is_changed.sum(), len(prepared), 'image', 'differs', 'differ')} from the files that were"
            f" prepared.",
            where=prepared.samples.root,
            fix="Prepare the data again, or restore the old files.",
            details=[str(name) for name in prepared.samples.ids[is_changed]],
        )
    own = images.samples.rows_of(samples.ids)
    boxes = {region: found.take(own) for region, found in images.samples.boxes.items()}
    return replace(prepared, samples=replace(samples, boxes=boxes)), cache


def _divide(images: ReadyImages, options: FoldOptions) -> tuple[Samples, Folds, LeakReport]:
    """The samples as they were divided, their folds, and what the folds share.

    Raises:
        SplitError: If the folds cannot be made, or belong to other samples.
        LeakError: If they leak.
    """
    main = images.samples.without_extra
    if main is not images.samples:
        divided, folds, report = _divide(replace(images, samples=main), options)
        return *join_extra(images, divided, folds), report
    prints = images.fingerprints()
    whole = JoinedSamples(images.samples, options.split_method)
    if options.folds_from is not None:
        whole = join_as_frozen(images.samples, options)
        folds = match_frozen(load_frozen(options), whole.samples, options)
    else:
        if not options.strict:
            whole = _join(images, options)
        folds = _make_folds(whole, options)
    # Groups as they were named: duplicates that a given test set divides are no groups, but files and near-duplicates.
    require_whole_bags(images.samples, folds)
    report = replace(find_leaks(images.samples, folds, **prints, near=whole.near), joined=whole.joined)
    try:
        return whole.samples, folds, _require_no_leak(report, images.samples, folds, options)
    except LeakError as error:
        if options.strict and options.folds_from is None:
            error.retry = _retry_without_strict(images, options)
        raise


def _join(images: ReadyImages, options: FoldOptions) -> JoinedSamples:
    """The samples with duplicates in one group."""
    return join_duplicates(
        images.samples,
        split_method=options.split_method,
        stratify_by=options.stratify_by,
        allow_leaks=options.allow_leaks,
        **images.fingerprints(),
    )


def _retry_without_strict(images: ReadyImages, options: FoldOptions) -> dict[str, object]:
    """What lets the same command go through, which was tried: duplicates on one side, no more folds than groups then.

    Nothing where it would stop all the same.
    """
    retry: dict[str, object] = {"strict": False}
    for _ in range(3):
        try:
            _divide(images, replace(options, **retry))  # type: ignore[arg-type]
        except LeakError:  # the method keeps no groups together
            if retry.get("split_method", options.split_method) == "auto":
                return {}
            retry["split_method"] = "auto"
        except SplitError as error:
            if not error.retry:
                return {}
            retry |= error.retry
        else:
            return retry
    return {}


def _make_folds(whole: JoinedSamples, options: FoldOptions) -> Folds:
    """New folds; where they cannot be made, the duplicates that were joined are part of the reason."""
    try:
        return make_folds(whole.samples, **options.request | {"split_method": whole.split_method})
    except SplitError as error:
        if whole.joined is None:
            raise
        accept = advice.options(allow_leaks=[*options.allow_leaks, *whole.joined.kinds])
        fix = None if error.retry else f"Add images that differ, or accept duplicates on both sides with {accept}."
        raise SplitError(f"{error.what} {whole.joined}", fix=fix or error.fix, retry=error.retry) from error


def _require_no_leak(report: LeakReport, samples: Samples, folds: Folds, options: FoldOptions) -> LeakReport:
    fix = _how_to_keep_together(options, folds, is_by_domain=samples.domain is not None)
    return require_no_leak(report, allow=options.allow_leaks, fix=fix)


def _how_to_keep_together(options: FoldOptions, folds: Folds, *, is_by_domain: bool) -> str:
    """What lets folds be made that divide no group and no duplicates."""
    if options.folds_from is not None:
        return f"Leave out {advice.option('folds_from')} to make new folds, which keep duplicates on one side."
    if options.strict:
        return f"Leave out {advice.option('strict')} to keep duplicates on one side of the split."
    if is_by_domain:
        return "Duplicates or a group lie in two domains: take one of each pair out."
    if folds.method == "predefined":
        return f"Make new folds with {advice.options(split_method='stratified')}, which keep duplicates on one side."
    if options.split_method == "auto":
        return "The data's own split divides them: take one of each pair out."
    return f"Use {advice.options(split_method='auto')}, which keeps groups and duplicates on one side."
