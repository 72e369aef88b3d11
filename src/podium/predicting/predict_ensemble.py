"""Predictions of an ensemble: every run of it answers, and the answers are combined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from podium.data import GivenImage
from podium.decisions import Blend, Stack, load_blend
from podium.errors import UsageError
from podium.listing import count_of, list_some
from podium.machine import Progress, Settings
from podium.machine.allocator import return_freed_memory
from podium.machine.device import choose_device, prepare_process
from podium.predicting.extra_columns import numbers_for
from podium.predicting.images_to_predict import ImagesToPredict, open_images
from podium.predicting.save_mean import save_mean
from podium.store import EnsembleRecord, RunFolder, describe_arithmetic, digest_views, read_ensemble, weights_of
from podium.tables import (
    MEAN_OF_FOLDS,
    ImageNames,
    Predictions,
    Samples,
    as_text_array,
    load_predictions,
    mean_predictions,
    save_predictions,
)
from podium.texttable import Frame
from podium.training.asked_views import asked_views
from podium.training.predictor import open_predictor

__all__ = ["predict_ensemble", "predict_ensemble_images", "weights_of_members"]

T = TypeVar("T")


def predict_ensemble(
    run: RunFolder,
    samples: Samples,
    settings: Settings,
    progress: Progress,
    *,
    name: str,
    views: Sequence[str] | None,
    table: str | Path | Frame | None = None,
) -> Predictions:
    """As `predict_run`, by the folds of every run of the ensemble. Nothing is written into the folders of these.

    Raises:
        UsageError: If a run of it is gone.
        ImageError: If no image can be decoded.
    """
    record = read_ensemble(run)
    assert record is not None, "an ensemble has a record"
    folders, oof = record.folders(run), load_predictions(run.oof_file)
    blend = load_blend(record.blend)
    given_predictions(run, record, samples.ids.tolist())  # refused before hours of work
    numbers_for(blend, table, samples.ids.tolist(), samples.group_keys if samples.has_groups else None)
    prepare_process(settings.n_threads)
    used = [weight > 0 for weight in weights_of_members(record, blend)]
    parts: list[dict[int, Predictions]] = []
    by_run: dict[str, list[str]] = {}
    images: ImagesToPredict | None = None
    for folder in (folder for folder, is_used in zip(folders, used, strict=True) if is_used):
        progress.note(f"Run {folder.name} of the ensemble.")
        predictor = open_predictor(folder, settings, progress, keep=False, chosen=asked_views(folder, views))
        found = open_images(run, samples, predictor.recipe, settings, progress, say=images is None)
        images = found if images is None else images
        made = predictor.predict_folds(found.cache)
        by_run[folder.name] = list(predictor.views)
        parts.append({fold: predictions.align(images.cache.ids) for fold, predictions in made})
        del predictor, found
        return_freed_memory()
    assert images is not None, "an ensemble has runs"
    parts = _with_idle(parts, used)
    ids = images.cache.ids.tolist()
    given = given_predictions(run, record, ids)
    group = samples.group_keys[samples.rows_of(images.cache.ids)] if samples.has_groups else None
    extra = numbers_for(blend, table, ids, group)
    if (caution := images.describe_bad()) is not None:
        progress.note(caution)
    weights, per_fold = weights_of(run, ()), []
    for fold in run.read()["folds"] if record.same_folds else ():
        combined = images.complete(_combine(blend, [part[fold] for part in parts], fold, extra), oof)
        per_fold.append(save_predictions(combined, run.predictions_file(name, fold), weights=weights))
    means = _in_order(record, [mean_predictions(list(part.values())) for part in parts], given)
    about = {
        "root": str(samples.root),
        "views": list(views or ()),
        "views_of_runs": by_run,
        **({} if views else {"views_digest": "".join(map(digest_views, folders))}),
        "models": "folds",
        "folds": run.read()["folds"],
        "computed": describe_arithmetic(choose_device(settings.device).type, settings.n_threads),
    }
    mean = images.complete(_combine(blend, means, extra=extra), oof)
    return save_mean(run, name, mean, images, about, weights, per_fold, progress)


def predict_ensemble_images(
    run: RunFolder,
    images: Sequence[GivenImage],
    settings: Settings,
    progress: Progress,
    *,
    ids: Sequence[str] | None = None,
    views: Sequence[str] | None = None,
) -> Predictions:
    """Predictions of an ensemble for images in memory or single files."""
    record = read_ensemble(run)
    assert record is not None, "an ensemble has a record"
    blend = load_blend(record.blend)
    numbers_for(blend, None, [], None)
    given = given_predictions(run, record, [] if ids is None else list(ids))
    used = [weight > 0 for weight in weights_of_members(record, blend)]
    parts = [
        open_predictor(folder, settings, progress, keep=False, chosen=asked_views(folder, views)).predict(
            images, ids=ids
        )
        for folder, is_used in zip(record.folders(run), used, strict=True)
        if is_used
    ]
    return _combine(blend, _in_order(record, _with_idle(parts, used), given))


def weights_of_members(record: EnsembleRecord, blend: Blend | Stack) -> list[float]:
    """The largest weight of each run over all targets; 1 of a stack, in which none is 0, and where no run has any."""
    is_given = [member.is_given for member in record.members]
    if isinstance(blend, Stack):
        return [1.0] * is_given.count(False)
    largest = np.max(list(blend.weights.values()), axis=0)
    own = [float(weight) for weight, other in zip(largest, is_given, strict=True) if not other]
    return own if any(own) else [1.0] * len(own)


def _with_idle(parts: Sequence[T], used: Sequence[bool]) -> list[T]:
    """The parts in the place of their runs; those without weight, which were not asked, have another's."""
    own = iter(parts)
    return [next(own) if is_used else parts[0] for is_used in used]


def given_predictions(run: RunFolder, record: EnsembleRecord, ids: Sequence[str]) -> dict[str, Predictions]:
    """What somebody gave for these images, by the name of the member.

    Raises:
        UsageError: If predictions of an image were not given; names the first ones.
    """
    found = {}
    for member in (member for member in record.members if member.is_given):
        path = run.given_file(member.name, "test")
        where = member.files.get("test")
        if where is None:
            raise UsageError(
                f"{member.name!r} of the ensemble {run.name!r} has no predictions of test images.",
                fix=f"Make the ensemble again with its file: {member.name}={member.files['oof']}:TEST_FILE.",
            )
        table = load_predictions(path)
        match = ImageNames(list(ids)).match(table.ids.tolist(), folders=False) if ids else None
        rows = {} if match is None else {own[0]: row for row, own in enumerate(match.images) if len(own) == 1}
        missing = [name for place, name in enumerate(ids) if place not in rows]
        if missing or not ids:
            n = f"{len(missing):,} of {count_of(len(ids), 'image')}" if ids else "images without a name"
            raise UsageError(
                f"{member.name!r} of the ensemble {run.name!r} was given for other images: it lacks {n}"
                f"{': ' + list_some(missing) if missing else ''}.",
                fix="Predict the images that its file names, or make the ensemble again with another file.",
            )
        found[member.name] = replace(
            table.take(np.array([rows[place] for place in range(len(ids))])), ids=as_text_array(list(ids))
        )
    return found


def _in_order(
    record: EnsembleRecord, parts: Sequence[Predictions], given: Mapping[str, Predictions]
) -> list[Predictions]:
    """Predictions of all members, in the order of the record."""
    own = iter(parts)
    return [given[member.name] if member.is_given else next(own) for member in record.members]


def _combine(
    blend: Blend | Stack,
    parts: Sequence[Predictions],
    fold: int = MEAN_OF_FOLDS,
    extra: NDArray[np.float64] | None = None,
) -> Predictions:
    first = parts[0]
    aligned = [part.align(first.ids).probs for part in parts]
    if isinstance(blend, Stack):
        probs = blend.combine(aligned, first.task, extra)
    else:
        probs = blend.combine(aligned, first.task)
    return replace(first, fold=np.full(len(first), fold, dtype=np.int64), probs=probs, origins=())
