"""The first half of a training: everything that must be right before any model is built, written into a run folder."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import Any

from podium import durable
from podium.dataset import FoldOptions
from podium.dataset.frozen_folds import FrozenFolds, check_folds, freeze_folds
from podium.dataset.ready_images import median_side, quarantine_file_rows
from podium.dataset.run_images import write_image_digests
from podium.errors import SourceError, UsageError
from podium.machine import Progress, Settings
from podium.machine.allocator import return_freed_memory
from podium.machine.device import choose_device, prepare_process
from podium.metrics import metric as find_metric
from podium.metrics.registry import check_metric_fits
from podium.recipe import Recipe, arrange, resolve_recipe, save_recipe
from podium.splits import FoldSummary, summarise_folds
from podium.store import RunFolder, check_run_name, create_run, describe_environment, digest_tables
from podium.tables import Samples, save_folds, save_samples, write_csv
from podium.training.autotune import autotune_recipe

__all__ = ["start_run"]


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
    assert samples.task is not None, "_check_request refuses samples without labels"
    prepare_process(settings.n_threads)
    recipe = resolve_recipe(recipe, median_side_px=median_side(samples))
    device = choose_device(settings.device)
    recipe, measured = autotune_recipe(recipe, samples.task, len(samples), settings, device, progress)
    return_freed_memory()
    frozen = freeze_folds(samples, recipe, folds, settings, progress)
    return_freed_memory()
    images = frozen.images
    summary = summarise_folds(frozen.samples, frozen.folds)
    for note in summary.notes:
        progress.note(note)
    record = {
        "command": ["podium", *sys.argv[1:]],
        "preset": recipe.preset,
        "folds": _choose_folds(frozen.folds.n_folds, only_folds),
        "threads": settings.n_threads,
        "cloud_drive": settings.cloud_drive,
        "autotune": measured,
        "cache": str(settings.cache_folder.resolve()),
        "cache_key": images.cache.key,
        **digest_tables(frozen.samples, frozen.folds),
    }

    def fill(run: RunFolder) -> None:
        save_recipe(recipe, run.recipe_file)
        save_samples(frozen.samples, run.path)
        write_image_digests(run, frozen.samples, images.cache)
        write_csv(run.quarantine_file, ["id", "outcome", "reason"], quarantine_file_rows(images.audit))
        durable.write_json(run.audit_file, images.audit.to_dict())
        durable.write_json(run.environment_file, describe_environment())
        save_folds(frozen.folds, run.path, extra=_fold_record(frozen, summary, notes))

    return create_run(settings.runs, name, record, stem=recipe.preset, fill=fill)


def _choose_folds(n_folds: int, only_folds: Collection[int] | None) -> list[int]:
    chosen = sorted(set(range(n_folds)) if only_folds is None else set(only_folds))
    unknown = [fold for fold in chosen if not 0 <= fold < n_folds]
    if unknown:
        raise UsageError(f"there is no fold {unknown[0]}; folds are 0 to {n_folds - 1}.", where="--only-folds")
    return chosen


def _fold_record(frozen: FrozenFolds, summary: FoldSummary, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "summary": summary.to_dict(),
        "leaks": frozen.leaks.to_dict(),
        "hints": list(frozen.hints),
        "notes": [*notes, *summary.notes],
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
            fix="Put every class in a folder of its own, two classes at least, or name a table with --labels, its"
            " column with --label.",
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
