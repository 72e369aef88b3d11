"""The mean predictions of a test set, written with everything that tells later whether they are still current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from podium import durable
from podium.machine import Progress
from podium.predicting.images_to_predict import ImagesToPredict
from podium.predicting.run_rules import write_answers
from podium.store import RunFolder, find_stale
from podium.tables import Predictions, save_predictions, save_samples
from podium.tables.csv_cells import write_csv

__all__ = ["save_mean"]


def save_mean(
    run: RunFolder,
    name: str,
    mean: Predictions,
    images: ImagesToPredict,
    about: Mapping[str, Any],
    weights: Mapping[str, str],
    per_fold: Sequence[Predictions],
    progress: Progress,
) -> Predictions:
    """Write predictions, answers, and the record that proves that the files are of one prediction.

    Args:
        run: The run.
        name: Name of the test set.
        mean: Its predictions.
        images: Its images.
        about: What the record says besides: root, views, models, folds.
        weights: Digests of the weights that predicted.
        per_fold: Predictions of each fold that are on disk.
        progress: Receives a note for every file of the run that is out of date.
    """
    _save_images(run, name, images)
    mean = save_predictions(mean, run.predictions_file(name), weights=dict(weights))
    record = {
        **about,
        "unreadable": images.cache.ids[images.bad].tolist(),
        "known_images": None if images.known is None else images.known.to_dict(),
        "weights": dict(weights),
        "files": {origin.path.name: origin.sha256 for made in (*per_fold, mean) for origin in made.origins},
        "answers": write_answers(run, name, mean),
    }
    # Last: it proves that the files are of one prediction.
    durable.write_json(run.predictions_file(name).with_suffix(".json"), record)
    for stale in find_stale(run):
        progress.note(str(stale))
    return mean


def _save_images(run: RunFolder, name: str, images: ImagesToPredict) -> None:
    """Which files were asked for, and their digests, so that the same can be asked again."""
    folder = durable.make_folder(run.asked_folder(name))
    save_samples(images.samples, folder)
    digests = zip(images.cache.ids.tolist(), images.sha256.tolist(), strict=True)
    write_csv(folder / "images.csv", ["id", "sha256"], digests)
