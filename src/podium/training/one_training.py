"""One training: one fold, one part. Its folder holds the journal, the checkpoints, then the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from podium import durable
from podium.data import sample_keys
from podium.engine import (
    Callback,
    Checkpoints,
    EpochRecord,
    Parts,
    TrainState,
    final_weights,
    fit,
    mix_seed,
)
from podium.engine.saved_weights import has_weights, load_weights, save_weights
from podium.machine import Progress
from podium.machine.progress import Update
from podium.metrics import default_metric, score_targets_fast
from podium.metrics import metric as find_metric
from podium.models import Classifier, LinearHeads
from podium.recipe import Recipe, build_parts
from podium.stopping import StopRequest
from podium.tables import Folds, Samples, Task
from podium.training.inputs import Inputs
from podium.training.mean_over_views import mean_over_views
from podium.training.probabilities import probs_from_logits

__all__ = ["Training", "train_one"]

CHECKPOINTS = "checkpoints"
"""Folder of a training's checkpoints, gone when it is finished."""


@dataclass(frozen=True)
class Training:
    """What one training is given.

    Args:
        recipe: A resolved recipe.
        samples: All samples of the run.
        folds: Their folds, in the same order.
        input_rows: Row of each sample in the inputs, shape (N,).
        inputs: Images or features.
        device: Where to train.
        checkpoint_every_s: Seconds between two checkpoints.
        cloud_drive: Whether checkpoints are overwritten in place, and emptied before they are deleted.
    """

    recipe: Recipe
    samples: Samples
    folds: Folds
    input_rows: NDArray[np.int64]
    inputs: Inputs
    device: torch.device
    checkpoint_every_s: float
    cloud_drive: bool = False


def train_one(
    given: Training, task: Task, fold: int, place: int, folder: Path, *, stop: StopRequest, progress: Progress
) -> dict[str, NDArray[np.float64]]:
    """Train the model of one fold and part, or take up where it stopped; then predict its valid samples.

    Args:
        given: Data and recipe.
        task: The heads of this part.
        fold: The fold.
        place: Number of the part, for its seed.
        folder: Its folder.
        stop: Asked after every step and before every batch of a prediction.
        progress: Told of the epochs.

    Returns:
        Probabilities of the fold's valid samples per head of the part, float64 (n, C).
    """
    train_rows, valid_rows = given.folds.train_rows(fold), given.folds.valid_rows(fold)
    labels = {head.name: given.samples.target_labels(head.name) for head in task.heads}
    seed = mix_seed(given.recipe.seed, fold, place)
    model = given.inputs.build_model(task, given.input_rows[train_rows], seed=seed).to(given.device)
    if has_weights(folder):
        load_weights(model, folder)
    else:
        title = f"fold {fold}" + (f", {folder.name}" if place or folder.name != "all" else "")
        run = _Run(given, task, model, labels, train_rows, valid_rows, seed)
        run.train(folder, stop, progress, title)
    # Here, not in the training: a process that was killed just before it leaves them to the next.
    durable.remove_tree(folder / CHECKPOINTS, truncate=given.cloud_drive)
    input_rows = given.input_rows[valid_rows]
    return mean_over_views(
        model,
        lambda view: stop.watch(given.inputs.eval_batches(input_rows, view)),
        given.recipe.predict_views,
        task,
        device=given.device,
        precision=given.recipe.training.precision,
    )


@dataclass(frozen=True)
class _Run:
    given: Training
    task: Task
    model: Classifier | LinearHeads
    labels: Mapping[str, NDArray[np.integer[Any]]]
    train_rows: NDArray[np.int64]
    valid_rows: NDArray[np.int64]
    seed: int

    def train(self, folder: Path, stop: StopRequest, progress: Progress, title: str) -> None:
        given, spec = self.given, self.given.recipe.training
        rows = self.train_rows
        train = given.inputs.train_batches(
            given.input_rows[rows],
            {name: column[rows] for name, column in self.labels.items()},
            sample_keys(given.samples.ids[rows].tolist()),
            seed=self.seed,
        )
        valid = given.inputs.eval_batches(given.input_rows[self.valid_rows], given.recipe.predict_views[0])
        parts = self._build_parts(train.n_batches)
        mode: Literal["folders", "slots"] = "slots" if given.cloud_drive else "folders"
        checkpoints = Checkpoints(folder / CHECKPOINTS, every_s=given.checkpoint_every_s, mode=mode)
        state, notes = checkpoints.restore(parts)
        for note in notes:
            progress.note(f"{title}: {note}")
        state = state or TrainState()
        journal = _write_journal(folder / "journal.jsonl", state)
        with progress.stage(title, spec.epochs * train.n_batches) as update:
            callbacks: list[Callback] = [_Journalist(journal), _Counter(update)]
            fit(
                parts,
                train,
                valid,
                state,
                n_epochs=spec.epochs,
                checkpoints=checkpoints,
                stop=stop,
                patience=spec.patience,
                callbacks=callbacks,
            )
        for note in parts.notes:
            progress.note(f"{title}: {note}")
        weights = final_weights(parts)
        if spec.select == "best" and checkpoints.best is not None:
            weights = dict(checkpoints.best)
        about = {
            "kind": "classifier" if isinstance(self.model, Classifier) else "heads",
            "task": self.task.to_dict(),
            "n_features": self.model.n_features,
            "epochs": state.epoch,
            "steps": state.step,
            "best_epoch": state.best_epoch,
        }
        save_weights(weights, folder, about)
        self.model.load_state_dict(weights)

    def _build_parts(self, steps_per_epoch: int) -> Parts:
        given = self.given
        valid_labels = {name: column[self.valid_rows] for name, column in self.labels.items()}

        def score(logits: Mapping[str, Any]) -> Mapping[str, float]:
            probs = probs_from_logits(logits, self.task)
            return score_targets_fast(probs, valid_labels, self.task, metric=self._metric)

        return build_parts(
            given.recipe,
            self.model,
            self.task,
            labels={name: column[self.train_rows] for name, column in self.labels.items()},
            n_steps=given.recipe.training.epochs * steps_per_epoch,
            steps_per_epoch=steps_per_epoch,
            score=score,
            score_name=self.task.main_target.name,
            greater_is_better=find_metric(self._metric or default_metric(self.task.main_target)).greater_is_better,
            seed=self.seed,
            device=given.device,
        )

    @property
    def _metric(self) -> str | None:
        main = self.given.samples.task.main_target if self.given.samples.task else None
        same_kind = main is not None and main.kind == self.task.main_target.kind
        return self.given.recipe.metric if same_kind else None


def _write_journal(path: Path, state: TrainState) -> durable.Journal:
    """The epochs of a checkpoint, as a journal to go on with.

    The checkpoint is what counts: the journal is not forced to the disk, so a power cut can leave it behind, or torn.
    """
    durable.remove_file(path)
    journal = durable.Journal(path, sync=False)
    for record in state.history:
        journal.append(record.to_dict())
    return journal


@dataclass(frozen=True)
class _Journalist:
    journal: durable.Journal

    def on_step(self, state: TrainState) -> None:
        pass

    def on_epoch(self, record: EpochRecord) -> None:
        self.journal.append(record.to_dict())


@dataclass(frozen=True)
class _Counter:
    update: Update

    def on_step(self, state: TrainState) -> None:
        self.update(state.step)

    def on_epoch(self, record: EpochRecord) -> None:
        pass
