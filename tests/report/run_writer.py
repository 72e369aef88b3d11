"""Run folders as training leaves them, written through the tables and the store: one a task shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from podium import durable
from podium.metrics import score_folds, score_predictions
from podium.splits import find_leaks, make_folds
from podium.store import SECONDS_NAME, RunFolder, create_run, describe_environment, write_results
from podium.tables import (
    Composite,
    Folds,
    Head,
    Predictions,
    Samples,
    Task,
    as_text_array,
    save_folds,
    save_predictions,
    save_samples,
    write_csv,
)

RECIPE = "preset: baseline\nseed: 0\nmodel:\n  name: tf_efficientnet_lite0\ntraining:\n  epochs: 12\n  select: last\n"
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")


def make_samples(task: Task, root: Path, n: int, *, n_groups: int, seed: int = 0) -> Samples:
    """Random labels of a task, groups of about equal size, no files."""
    random = np.random.default_rng(seed)
    labels = {}
    for head in task.heads:
        if head.is_multi:
            labels[head.name] = (random.random((n, head.n_classes)) < 0.35).astype(np.int8)
        else:
            weights = 1 / np.arange(1, head.n_classes + 1) ** 0.5
            labels[head.name] = random.choice(head.n_classes, n, p=weights / weights.sum()).astype(np.int64)
    ids = as_text_array([f"images/{row:04d}.jpg" for row in range(n)])
    group = as_text_array([f"p{row % n_groups:03d}" for row in range(n)])
    return Samples(root, ids, ids, task=task, labels=labels, group=group)


def draw_files(samples: Samples) -> None:
    """A small image for every sample."""
    random = np.random.default_rng(1)
    for row in range(len(samples)):
        path = samples.file(row)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(path)


def predict(samples: Samples, folds: Folds, *, skill: float = 2.2, seed: int = 3) -> Predictions:
    """Out-of-fold probabilities that are right more often than not, for the rows that a fold validates."""
    random = np.random.default_rng(seed)
    rows = np.flatnonzero(folds.fold >= 0)
    task = samples.task
    assert task is not None
    probs = {}
    for head in task.heads:
        noise = random.normal(size=(len(samples), head.n_classes))
        label = samples.labels[head.name]
        if head.is_multi:
            values = 1 / (1 + np.exp(-(noise + skill * (2.0 * (label == 1) - 1))))
        else:
            noise[np.arange(len(samples)), np.maximum(label, 0)] += skill
            values = np.exp(1.5 * noise)
            values /= values.sum(axis=1, keepdims=True)
        probs[head.name] = values[rows]
    if task.composite is not None:
        table = task.composite.table
        joint = np.ones((len(rows), task.composite.n_classes))
        for column, name in enumerate(task.composite.heads):
            joint *= probs[name][:, table[:, column]]
        probs[task.composite.name] = joint
    return Predictions(task, samples.ids[rows], folds.fold[rows], probs)


def write_journals(
    run: RunFolder, n_folds: int, *, n_epochs: int = 12, name: str, parts: Sequence[str] = ("all",)
) -> None:
    """The journals of finished trainings."""
    random = np.random.default_rng(5)
    for fold in range(n_folds):
        for part in parts:
            times = durable.Journal(run.training_folder(fold, part) / SECONDS_NAME, sync=False)
            journal = durable.Journal(run.training_folder(fold, part) / "journal.jsonl", sync=False)
            for epoch in range(n_epochs):
                done = (epoch + 1) / n_epochs
                times.append({"epoch": epoch, "seconds": 2.5 + fold})
                journal.append(
                    {
                        "epoch": epoch,
                        "step": 50 * (epoch + 1),
                        "lr": 1e-3,
                        "train_loss": 2.3 * np.exp(-3 * done) + 0.05 + 0.02 * float(random.random()),
                        "scores": {name: 0.9 - 0.8 * np.exp(-5 * done) + 0.02 * float(random.normal())},
                        "valid_loss": 0.3 + 1.8 * np.exp(-3 * done),
                        "plain_train_loss": 2.2 * np.exp(-3 * done),
                        "train_scores": {name: 0.98 - 0.85 * np.exp(-5 * done)},
                    }
                )


def write_run(
    root: Path,
    samples: Samples,
    *,
    name: str,
    n_folds: int = 5,
    n_epochs: int = 12,
    parts: Sequence[str] = ("all",),
    skill: float = 2.2,
    n_resamples: int = 100,
) -> RunFolder:
    """A whole finished run."""
    assert samples.task is not None
    main = samples.task.main_target
    command = ["podium", "train", "data/train", "--preset", "baseline"]
    run = create_run(
        root, name, {"command": command, "preset": "baseline", "folds": list(range(n_folds)), "threads": 2}
    )
    folds = make_folds(samples, folds=n_folds, split_seed=0)
    durable.write_text(run.recipe_file, RECIPE)
    durable.write_json(run.environment_file, describe_environment())
    save_samples(samples, run.path)
    leaks = find_leaks(samples, folds)
    extra = {"leaks": leaks.to_dict(), "hints": [], "notes": ["group taken from column 'group'"]}
    save_folds(folds, run.path, extra=extra)
    write_csv(run.quarantine_file, ["id", "outcome", "reason"], [["images/broken.jpg", "truncated", "ends early"]])
    durable.write_json(
        run.audit_file,
        {
            "n_images": len(samples),
            "formats": {"JPEG": len(samples)},
            "modes": {"RGB": len(samples)},
            "n_sizes": 2,
            "sizes": {"32x24": len(samples) - 1, "24x32": 1},
            "width": {"min": 24, "median": 32, "max": 32},
            "height": {"min": 24, "median": 24, "max": 32},
            "brightness": {"min": 0.4, "median": 0.5, "max": 0.6},
            "odd": {"rotated": {"n": 3, "ids": []}},
            "n_duplicate_sets": 1,
            "n_duplicate_images": 2,
            "label_conflicts": [["images/0001.jpg", "images/0002.jpg"]],
        },
    )
    write_journals(run, n_folds, n_epochs=n_epochs, name=main.name, parts=parts)
    write_results(run)
    oof = predict(samples, folds, skill=skill)
    save_predictions(oof, run.oof_file)
    scores = score_predictions(oof, samples, n_resamples=n_resamples)
    scores = replace(scores, folds=score_folds(oof, samples, scores.main_metric, n_resamples=n_resamples))
    durable.write_json(run.scores_file, scores.to_dict())
    return run


def single_task() -> Task:
    return Task((Head("digit", "single", tuple(str(number) for number in range(10))),))


def multi_task() -> Task:
    return Task((Head("letters", "multi", LETTERS),))


def faces_task() -> Task:
    heads = (
        Head("mask", "single", ("worn", "wrong", "none")),
        Head("gender", "single", ("male", "female")),
        Head("age", "ordinal", ("<30", "30-59", ">=60")),
    )
    composite = Composite.from_heads({head.name: head.classes for head in heads})
    return Task(heads, composite)


SHAPES: dict[str, Callable[[], Task]] = {"single": single_task, "multi": multi_task, "faces": faces_task}
