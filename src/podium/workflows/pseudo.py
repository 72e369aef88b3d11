"""Pseudo-labels: a run's answers to unlabelled images as soft labels that another run learns beside its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium import durable
from podium.advice import option
from podium.arguments import strict_fields
from podium.curate import Scan
from podium.dataset import check_scan_folder, save_scan
from podium.dataset.sources import SCAN_MARK
from podium.errors import UsageError
from podium.listing import count_of
from podium.machine import Progress, Settings
from podium.splits import judged_folds, name_fold
from podium.store import RunFolder, check_scores, load_tables, read_ensemble
from podium.tables import Head, Predictions, Samples, as_text_array, load_predictions
from podium.workflows.predict import predict_run

__all__ = ["PREDICTION_NAME", "PseudoOptions", "label_by_probs", "make_pseudo_labels"]

_LEAD = "Pseudo-labels of run"
PREDICTION_NAME = "pseudo"
"""Name of the predictions that pseudo-labels are made from."""


@strict_fields
@dataclass(frozen=True)
class PseudoOptions:
    """How probabilities become labels.

    Args:
        power: Exponent of the probabilities before they are made to sum to 1 again: 1 leaves them, 2 sharpens them.
        least: Least probability of the most probable class; of several labels, of yes or of no, each for itself. Less
            sure labels are missing.
        most_per_class: Images that keep a class, the surest; None keeps all.
        mean: Label by the mean of the folds' models, in place of fold by fold.
    """

    power: float = 1.0
    least: float = 0.0
    most_per_class: int | None = None
    mean: bool = False

    def __post_init__(self) -> None:
        if not (np.isfinite(self.power) and self.power > 0):
            raise UsageError(f"must be above 0, got {self.power}.", field="power")
        if not 0 <= self.least <= 1:
            raise UsageError(f"must be in [0, 1], got {self.least}.", field="least")
        if self.most_per_class is not None and self.most_per_class < 1:
            raise UsageError(f"must be at least 1, got {self.most_per_class}.", field="most_per_class")


def make_pseudo_labels(
    run: RunFolder,
    samples: Samples,
    out: Path,
    settings: Settings,
    progress: Progress,
    options: PseudoOptions | None = None,
) -> Samples:
    """Predict unlabelled images, and write the answers as a sample table that extra data are read from.

    By default each fold's model labels the images for the same fold of the next run. Models of other folds have learnt
    the labels that the fold is judged by, so their mean would make the next score too good.

    Args:
        run: A finished run.
        samples: Images; labels are not looked at.
        out: A new or empty folder, or that of earlier pseudo-labels.
        settings: Machine and places.
        progress: Receives progress and notes.
        options: How probabilities become labels.

    Returns:
        The images that kept a label; fold by fold an image has a row for each fold.

    Raises:
        UsageError: If the run is not finished, the folder is taken, or no label is sure enough.
        ImageError: If no image can be decoded.
    """
    options = options or PseudoOptions()
    check_scores(run)
    _refuse_other_folds(run, options)
    if samples.roots:
        raise UsageError("the images are of several folders.", fix="Label each of them with a call of its own.")
    _check_out(out)
    durable.check_writable(out)
    whole = predict_run(run, samples, settings, progress, name=PREDICTION_NAME, of_images=True)
    unread = durable.read_json(run.predictions_file(PREDICTION_NAME).with_suffix(".json"))["unreadable"]
    readable = samples.take(~np.isin(samples.ids, unread))
    if options.mean:
        made = _label(readable, whole, options)
    else:
        folds = judged_folds(*load_tables(run))
        made = _join(
            [
                _for_fold(
                    _label(readable, load_predictions(run.predictions_file(PREDICTION_NAME, fold)), options),
                    fold,
                    name_fold(folds, fold),
                )
                for fold in run.read()["folds"]
            ]
        )
    if not len(made):
        raise UsageError("no label is sure enough.", field="least", fix="Lower it.")
    note = f"{_LEAD} {run.name!r}, {'mean of folds' if options.mean else 'fold by fold'}."
    save_scan(Scan(made, (note,)), out)
    progress.note(f"{count_of(len(set(made.paths.tolist())), 'image')} of {len(samples):,} kept a label.")
    return made


def _check_out(folder: Path) -> None:
    """Raise UsageError unless the folder is new, empty, or holds earlier pseudo-labels: a scan of other data stays."""
    check_scan_folder(folder)
    mark = folder / SCAN_MARK
    notes = durable.read_json(mark).get("notes", []) if mark.is_file() else [_LEAD]
    if not any(str(note).startswith(_LEAD) for note in notes):
        raise UsageError("this folder holds a scan.", where=folder, fix="Choose a new or empty folder.")


def _label(samples: Samples, predictions: Predictions, options: PseudoOptions) -> Samples:
    """The samples with the labels of these predictions, without those that kept none."""
    place = {name: row for row, name in enumerate(predictions.ids)}
    rows = [place[name] for name in samples.ids]
    labels, soft = {}, {}
    is_kept = np.zeros(len(samples), dtype=bool)
    for head in predictions.task.heads:
        shares, labels[head.name] = label_by_probs(np.asarray(predictions.probs[head.name])[rows], head, options)
        soft[head.name] = shares
        is_kept |= (shares >= 0).any(axis=1)
    task = replace(predictions.task, composite=None)
    bare = Samples(samples.root, samples.ids, samples.paths, task, labels, group=samples.group, soft=soft)
    return bare.take(is_kept)


def label_by_probs(
    probs: NDArray[np.float64], head: Head, options: PseudoOptions
) -> tuple[NDArray[np.float64], NDArray[np.int64] | NDArray[np.int8]]:
    """Soft labels (N, C), -1 where they are missing, and labels as `Samples.labels` holds them.

    Args:
        probs: Probabilities, shape (N, C).
        head: The head they are of.
        options: How they become labels.

    Example:
        >>> probs = np.array([[0.9, 0.1], [0.6, 0.4]])
        >>> label_by_probs(probs, Head("pet", "single", ("cat", "dog")), PseudoOptions(least=0.8))[1].tolist()
        [0, -1]
    """
    if head.is_multi:
        raised = probs**options.power
        shares = raised / np.maximum(raised + (1 - probs) ** options.power, 1e-300)
        is_sure = np.maximum(probs, 1 - probs) >= options.least
        is_sure &= ~((probs >= 0.5) & ~_are_among_surest(probs, probs >= 0.5, options.most_per_class))
        shares = np.where(is_sure, shares, -1.0)
        return shares, np.where(is_sure, probs >= 0.5, -1).astype(np.int8)
    raised = (probs / probs.max(axis=1, keepdims=True)) ** options.power
    best = probs.argmax(axis=1)
    is_best = np.arange(head.n_classes) == best[:, None]
    is_sure = (probs.max(axis=1) >= options.least) & _are_among_surest(probs, is_best, options.most_per_class)[
        np.arange(len(probs)), best
    ]
    shares = np.where(is_sure[:, None], raised / raised.sum(axis=1, keepdims=True), -1.0)
    return shares, np.where(is_sure, best, -1).astype(np.int64)


def _are_among_surest(probs: NDArray[np.float64], is_asked: NDArray[np.bool_], most: int | None) -> NDArray[np.bool_]:
    """Which of the asked cells are among the `most` highest of their column, shape (N, C)."""
    if most is None:
        return np.ones(probs.shape, dtype=bool)
    order = np.argsort(np.where(is_asked, -probs, np.inf), axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(probs))[:, None], axis=0)
    return rank < most


def _for_fold(samples: Samples, fold: int, name: str) -> Samples:
    """The rows as those that one fold alone trains on."""
    ids = as_text_array([f"{own}@fold-{fold}" for own in samples.ids])
    return replace(samples, ids=ids, fold=as_text_array([name] * len(samples)))


def _join(parts: list[Samples]) -> Samples:
    """The rows of samples with the same columns, one after the other."""
    first = parts[0]

    def whole(name: str) -> NDArray[np.object_]:
        return as_text_array([cell for part in parts for cell in getattr(part, name)])

    return Samples(
        first.root,
        whole("ids"),
        whole("paths"),
        first.task,
        {name: np.concatenate([part.labels[name] for part in parts]) for name in first.labels},
        group=None if first.group is None else whole("group"),
        fold=whole("fold"),
        soft={name: np.concatenate([part.soft[name] for part in parts]) for name in first.soft},
    )


def _refuse_other_folds(run: RunFolder, options: PseudoOptions) -> None:
    """Refuse labels fold by fold of an ensemble whose runs have different folds."""
    ensemble = read_ensemble(run)
    if ensemble is not None and not ensemble.same_folds and not options.mean:
        raise UsageError(
            f"the runs of the ensemble {run.name!r} have different folds, so it has no model of a fold.",
            fix=f"Label by the mean of all models with {option('mean')}.",
        )
