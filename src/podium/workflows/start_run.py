"""The first half of a training: everything that must be right before any model is built, written into a run folder."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from podium import durable
from podium.errors import SourceError, SplitError, UsageError
from podium.metrics import metric as find_metric
from podium.metrics.registry import check_metric_fits
from podium.recipe import Recipe, arrange, check_buildable, resolve_recipe, save_recipe
from podium.splits import (
    LeakReport,
    check_leak_names,
    check_request,
    find_leaks,
    find_twins,
    hint_groups,
    join_groups,
    make_folds,
    require_no_leak,
    summarise_folds,
)
from podium.store import RunFolder, check_run_name, create_run, describe_environment
from podium.tables import Folds, Samples, load_folds, save_folds, save_samples, write_csv
from podium.workflows.device import choose_device, suitable_precision
from podium.workflows.fold_options import FoldOptions
from podium.workflows.images_ready import ReadyImages, describe_findings, make_ready, median_side, quarantine_file_rows
from podium.workflows.progress import Progress
from podium.workflows.settings import Settings

__all__ = ["freeze_folds", "group_duplicates", "start_run"]


def freeze_folds(samples: Samples, images: ReadyImages, options: FoldOptions) -> tuple[Folds, LeakReport]:
    """Folds that do not leak, or whose leaks were accepted by name.

    Args:
        samples: The usable samples.
        images: Facts of their files.
        options: How to divide them.

    Raises:
        SplitError: If they cannot be made, or belong to other samples.
        LeakError: If they share a group, a file or a near duplicate; lists the pairs.
    """
    if options.frozen is not None:
        folds = load_folds(options.frozen).match(samples)
    else:
        folds = make_folds(
            samples,
            n_folds=options.n_folds,
            seed=options.seed,
            method=options.method,
            target=options.target,
            holdout_fraction=options.holdout_fraction,
            allow_rare=options.allow_rare,
        )
    report = find_leaks(samples, folds, **images.fingerprints())
    return folds, require_no_leak(report, allow=options.allow_leaks)


def check_folds(samples: Samples, options: FoldOptions) -> int:
    """How many folds there will be; all that can be known wrong about them before an image is decoded is refused here.

    Raises:
        UsageError: If an option names nothing.
        SplitError: If they cannot be made, or belong to other samples.
    """
    check_leak_names(options.allow_leaks)
    if options.frozen is None:
        return check_request(
            samples,
            n_folds=options.n_folds,
            seed=options.seed,
            method=options.method,
            target=options.target,
            holdout_fraction=options.holdout_fraction,
            allow_rare=options.allow_rare,
        )
    if not (options.frozen / "folds.csv").is_file():
        fix = "Name a folder that `podium split --out` wrote, or a run's."
        raise SplitError("there are no frozen folds here.", where=options.frozen, fix=fix)
    frozen = load_folds(options.frozen)
    if set(frozen.ids) - set(samples.ids):  # images may yet be left out, but none will be found
        frozen.match(samples)
    return frozen.n_folds


def group_duplicates(images: ReadyImages, progress: Progress) -> ReadyImages:
    """The images with equal files and near duplicates joined into groups, so that no split divides them."""
    pairs = find_twins(**images.fingerprints())
    joined = replace(images.samples, group=join_groups(images.samples, pairs))
    progress.note(f"{len(pairs)} pairs of equal files or near duplicates were put into one group each.")
    return replace(images, samples=joined)


def start_run(
    samples: Samples,
    recipe: Recipe,
    folds: FoldOptions,
    settings: Settings,
    progress: Progress,
    *,
    name: str | None = None,
    only_folds: Collection[int] | None = None,
    notes: Sequence[str] = (),
) -> RunFolder:
    """Check everything, decode the images, freeze the folds, and write it all into a new run folder.

    Args:
        samples: Samples with labels.
        recipe: The recipe, "auto" allowed.
        folds: How to divide the samples.
        settings: Places, machine and limits.
        progress: Told what is going on.
        name: The run's name; None counts on from the preset's.
        only_folds: Folds to train now; None trains all.
        notes: What the scan said, for the record.

    Returns:
        The run folder, ready for `carry_on`.

    Raises:
        UsageError: If names or options are wrong, or the run exists.
        DataError: If the samples, images or folds cannot be used.
        StorageError: If a folder cannot be written; found out before any work.
    """
    _check_request(samples, recipe, folds, settings, name, only_folds)
    recipe = resolve_recipe(
        recipe,
        median_side_px=median_side(samples),
        precision=suitable_precision(choose_device(settings.device)),
    )
    check_buildable(recipe, samples.task)
    images = make_ready(samples, recipe, settings, progress)
    for note in describe_findings(images.audit):
        progress.note(note)
    if folds.group_duplicates:
        images = group_duplicates(images, progress)
    for hint in hint_groups(images.samples):
        progress.note(str(hint))
    frozen, leaks = freeze_folds(images.samples, images, folds)
    chosen = _choose_folds(frozen.n_folds, only_folds)
    record = {
        "command": ["podium", *sys.argv[1:]],
        "preset": recipe.preset,
        "folds": chosen,
        "threads": settings.n_threads,
        "cache": str(settings.cache_folder.resolve()),
        "cache_key": images.cache.key,
    }

    def fill(run: RunFolder) -> None:
        save_recipe(recipe, run.recipe_file)
        save_samples(images.samples, run.path)
        write_csv(run.quarantine_file, ["id", "outcome", "reason"], quarantine_file_rows(images.audit))
        durable.write_json(run.audit_file, images.audit.as_record())
        durable.write_json(run.environment_file, describe_environment())
        save_folds(frozen, run.path, extra=_fold_record(images.samples, frozen, leaks, notes))

    return create_run(settings.runs, name, record, stem=recipe.preset, fill=fill)


def _choose_folds(n_folds: int, only_folds: Collection[int] | None) -> list[int]:
    chosen = sorted(set(range(n_folds)) if only_folds is None else set(only_folds))
    unknown = [fold for fold in chosen if not 0 <= fold < n_folds]
    if unknown:
        raise UsageError(f"there is no fold {unknown[0]}; folds are 0 to {n_folds - 1}.", where="--only-folds")
    return chosen


def _fold_record(samples: Samples, folds: Folds, leaks: LeakReport, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "summary": summarise_folds(samples, folds).as_record(),
        "leaks": leaks.as_record(),
        "hints": [str(hint) for hint in hint_groups(samples)],
        "notes": list(notes),
    }


def _check_request(
    samples: Samples,
    recipe: Recipe,
    folds: FoldOptions,
    settings: Settings,
    name: str | None,
    only_folds: Collection[int] | None,
) -> None:
    if samples.task is None:
        raise SourceError(
            "these images carry no labels; there is nothing to learn.",
            where=samples.root,
            fix="Put every class in a folder of its own, two classes at least, or name a table with --labels.",
        )
    if recipe.metric is not None:
        check_metric_fits(find_metric(recipe.metric), samples.task.main_target)
    arrange(samples.task, recipe.model.arrangement)
    choose_device(settings.device)
    if only_folds is not None and not only_folds:
        raise UsageError("no fold was chosen.", fix="Name some, such as --only-folds 0 1, or leave the option out.")
    if name is not None:
        check_run_name(name)
    if name is not None and RunFolder(settings.runs / name).run_file.exists():
        raise UsageError(f"run {name!r} exists.", fix=f"Go on with --resume {name}, or choose another --name.")
    n_folds = check_folds(samples, folds)
    _choose_folds(n_folds, only_folds)
    durable.check_writable(settings.runs)
    durable.check_writable(settings.cache_folder)
