"""The first half of a training: everything that must be right before any model is built, written into a run folder."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from podium import durable
from podium.advice import call, option, options
from podium.backbone.frozen_features import keep_backbone
from podium.crossval.minutes import TimeBudget
from podium.crossval.time_budget import forecast, plan_length
from podium.curate import SpareColumns
from podium.data.batch_places import batch_starts
from podium.dataset import FoldOptions
from podium.dataset.fingerprints import encode_fingerprints, fingerprints_of
from podium.dataset.prepare import check_folds, open_prepared_images, prepare_samples
from podium.dataset.prepared import Prepared, write_prepared_tables
from podium.dataset.ready_images import median_side
from podium.errors import SourceError, UsageError
from podium.machine import Caution, Progress, Settings
from podium.machine.allocator import return_freed_memory
from podium.machine.device import choose_device, prepare_process
from podium.machine.place_in_team import place_in_team
from podium.metrics import check_metric_computable, default_metric
from podium.metrics import metric as find_metric
from podium.models import count_parameters
from podium.models.licence import find_licence
from podium.problems import Problems
from podium.recipe import (
    Recipe,
    check_buildable,
    normalise_as,
    resolve_recipe,
    resolve_statistics,
    save_recipe,
    settle_features,
)
from podium.recipe.build_schedules import check_warmup
from podium.recipe.check_for_task import check_for_task, check_metric_of, describe_for_task
from podium.recipe.check_regions import check_box_sources, refuse_unused_boxes
from podium.recipe.preset_names import base_name
from podium.recipe.team_limits import without_compiling
from podium.store import RunFolder, check_run_name, create_run, describe_environment, digest_tables
from podium.tables import Samples, Task
from podium.training.autotune import autotune_recipe, require_compiler, require_engine
from podium.training.teachers import check_teachers, settle_teachers

__all__ = ["start_run"]


def start_run(
    data: Samples | Prepared,
    recipe: Recipe,
    folds: FoldOptions,
    settings: Settings,
    progress: Progress,
    *,
    name: str | None = None,
    only_folds: Collection[int] | None = None,
    notes: Sequence[str] = (),
    spare: SpareColumns | None = None,
    budget: TimeBudget | None = None,
) -> RunFolder:
    """Check everything, prepare the data unless they are, and write it all into a new run folder.

    Args:
        data: Samples with labels, or prepared data, which are neither audited nor divided again.
        recipe: The recipe, "auto" allowed.
        folds: How to divide the samples; not looked at for prepared data.
        settings: Places, machine and limits.
        progress: Receives progress and notes.
        name: The run's name; None counts on from the preset's.
        only_folds: Folds to train now; None trains all.
        notes: What the scan said, for the record.
        spare: Columns of the table that may be groups.
        budget: Minutes in which the run is to end; its epochs are planned. None takes the recipe's epochs.

    Returns:
        The run folder, ready for `carry_on`.

    Raises:
        UsageError: If names or options are wrong, the run exists, or the minutes have no time for one epoch.
        DataError: If the samples, images or folds cannot be used, or give the metric no value.
        StorageError: If a folder cannot be written; found out before any work.
    """
    samples = data.samples if isinstance(data, Prepared) else data
    task = _require_labels(samples)
    problems = Problems()
    _check_request(samples, recipe, settings, name, problems)
    if not isinstance(data, Prepared):  # which several recipes may share
        with problems.kept():
            refuse_unused_boxes(recipe, samples)
    n_folds = data.folds.n_folds if isinstance(data, Prepared) else check_folds(samples, folds, problems, progress)
    chosen = _choose_folds(n_folds, only_folds, problems)
    problems.raise_all()
    durable.check_writable(settings.runs)
    durable.check_writable(durable.make_cache_folder(settings.cache_folder))
    prepare_process(settings.n_threads)
    recipe = resolve_recipe(recipe, median_side_px=median_side(samples))
    device = choose_device(settings.device)
    require_engine(recipe, device)
    require_compiler(recipe, device)
    backbone, model = check_buildable(recipe, task)
    for note in backbone.notes:
        progress.note(note)
    for said in describe_for_task(recipe, task):
        progress.note(Caution(said))
    recipe, parameters = settle_features(recipe, model), count_parameters(model)
    views_are_open = recipe.model.cached_views == "auto"
    if budget is not None or place_in_team() is not None:  # a plan of minutes does not know what compiling takes
        recipe = without_compiling(recipe)
    recipe, measured = autotune_recipe(recipe, model, len(samples), settings, device, progress)
    start = {
        "mean": backbone.mean,
        "std": backbone.std,
        "weight_source": backbone.weight_source,
        "licence": find_licence(recipe.model.name, recipe.model.weights),
    }
    frozen = backbone if recipe.model.freeze == "backbone" else None  # no measurement trains it
    del backbone, model
    return_freed_memory()
    if isinstance(data, Prepared):
        prepared, cache = open_prepared_images(data, recipe, settings, progress)
    else:
        prepared, cache = prepare_samples(data, recipe, folds, settings, progress, notes=notes, spare=spare)
    recipe = settle_teachers(recipe, prepared.folds, chosen, settings.runs, progress)
    learnt = cache.rows_of(prepared.samples.ids[prepared.folds.learnt_rows])
    recipe = resolve_statistics(recipe, cache.pixels, learnt)
    frozen = None if frozen is None else normalise_as(recipe, frozen)
    start |= {name: value for name in ("mean", "std") if not isinstance(value := getattr(recipe.image, name), str)}
    fingerprints = encode_fingerprints(fingerprints_of(cache, prepared.samples.ids))
    return_freed_memory()
    _check_metric(prepared, recipe, chosen)
    plan: dict[str, Any] = {}
    if budget is not None:
        recipe, plan["plan"] = plan_length(
            recipe, budget, prepared, cache, chosen, settings, device, progress, views_are_open=views_are_open
        )
        if budget.step is not None:
            plan["step"] = budget.step.to_dict()
    elif (expected := forecast(recipe, prepared, chosen, measured, settings, device)) is not None:
        progress.note(expected)
    for fold in chosen:
        _check_warmup(recipe, len(prepared.folds.train_rows(fold)))
    record = {
        "command": ["podium", *sys.argv[1:]],
        "preset": recipe.preset,
        "folds": chosen,
        "threads": settings.n_threads,
        "cloud_drive": settings.cloud_drive,
        "reproducible": settings.reproducible,
        "autotune": measured,
        **plan,
        "backbone": start,
        "parameters": parameters,
        "cache": str(settings.cache_folder.resolve()),
        "cache_key": cache.folder.name,
        **({"cache_parts": {region: part.folder.name for region, part in cache.parts.items()}} if cache.parts else {}),
        "fingerprints_sha256": hashlib.sha256(fingerprints).hexdigest(),
        **digest_tables(prepared.samples, prepared.folds),
    }

    def fill(run: RunFolder) -> None:
        save_recipe(recipe, run.recipe_file)
        if frozen is not None:
            keep_backbone(recipe, run.backbone_folder, built=frozen)
        durable.write_bytes(run.fingerprints_file, fingerprints)
        write_prepared_tables(prepared, run.path)
        durable.write_sealed(run.environment_file, describe_environment())

    return create_run(settings.runs, name, record, stem=base_name(recipe.preset), fill=fill)


def _choose_folds(n_folds: int, only_folds: Collection[int] | None, problems: Problems) -> list[int]:
    chosen = sorted(set(range(n_folds)) if only_folds is None else set(only_folds))
    unknown = [fold for fold in chosen if not 0 <= fold < n_folds]
    with problems.kept():
        if not chosen:
            fix = f"Name some, such as {options(only_folds=[0, 1])}, or leave the option out."
            raise UsageError("no fold was chosen.", fix=fix)
        if unknown:
            raise UsageError(f"there is no fold {unknown[0]}; folds are 0 to {n_folds - 1}.", field="only_folds")
    return chosen


def _check_metric(prepared: Prepared, recipe: Recipe, chosen: Sequence[int]) -> None:
    """Refuse a metric that the images to be judged give no value: a training would end with a dash."""
    samples, folds = prepared.samples, prepared.folds.fold
    assert samples.task is not None, "_require_labels refuses samples without labels"
    head = samples.task.main_target
    metric, labels = find_metric(recipe.metric or default_metric(head)), samples.target_labels(head.name)
    check_metric_computable(metric, labels[np.isin(folds, chosen)], head, where="the validation images")
    if recipe.training.select == "best" or recipe.training.patience is not None:
        for fold in chosen:
            where = f"the validation images of fold {fold}, which choose its epoch"
            check_metric_computable(metric, labels[folds == fold], head, where=where)


def _require_labels(samples: Samples) -> Task:
    """The task."""
    if samples.task is None:
        raise SourceError(
            "these images have no labels, so there is nothing to learn.",
            where=samples.root,
            fix="Put the images of each class into a folder of their own (at least two classes), or name a table with"
            f" {option('labels')} and its column with {option('label_columns')}.",
        )
    return samples.task


def _check_warmup(recipe: Recipe, n_samples: int) -> None:
    n_batches = len(batch_starts(n_samples, recipe.training.batch_size))
    check_warmup(recipe, recipe.training.epochs * n_batches)


def _check_request(samples: Samples, recipe: Recipe, settings: Settings, name: str | None, problems: Problems) -> None:
    """Keep what can be known wrong before anything is read."""
    task = _require_labels(samples)
    with problems.kept():
        check_metric_of(recipe, task)
    with problems.kept():
        check_for_task(recipe, task, samples)
        check_box_sources(recipe, samples)
    with problems.kept():
        check_teachers(recipe, task, settings.runs)
    with problems.kept():
        _check_warmup(recipe, len(samples))
    with problems.kept():
        choose_device(settings.device)
    if name is None:
        return
    with problems.kept():
        check_run_name(name)
        if RunFolder(settings.runs / name).run_file.exists():
            fix = f"Continue it with {call('podium.resume', name)}, or choose another {option('name')}."
            raise UsageError(f"run {name!r} exists.", fix=fix)
