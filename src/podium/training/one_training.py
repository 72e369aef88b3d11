"""One training: one fold, one part. Its folder holds the journal, the checkpoints, then the model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from podium import durable
from podium.callbacks import Callbacks, TrainingInfo
from podium.engine import Callback, Checkpoints, TrainState, mix_seed
from podium.engine.saved_weights import has_weights, load_weights, save_weights
from podium.machine import Caution, Progress
from podium.models import Classifier, LinearHeads, merge_lora
from podium.recipe import Recipe
from podium.stopping import StopRequest
from podium.store import SECONDS_NAME, model_of
from podium.tables import Folds, Samples, Task
from podium.training.draw_weights import make_draw_weights
from podium.training.fitting import Fitting, LabelledRows, label_rows, prepare_fitting, select_metric
from podium.training.followers import Clock, Counter, Follower, Journalist, open_times, write_journal
from podium.training.inputs import FeatureInputs, Inputs
from podium.training.mean_over_views import mean_over_views
from podium.training.mixers import make_mixer
from podium.training.probe import start_heads
from podium.training.solved_training import train_solved
from podium.training.solving import describe_solved

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
        callbacks: Follow the training.
    """

    recipe: Recipe
    samples: Samples
    folds: Folds
    input_rows: NDArray[np.int64]
    inputs: Inputs
    device: torch.device
    checkpoint_every_s: float
    cloud_drive: bool = False
    callbacks: Callbacks = field(default_factory=Callbacks)


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
        progress: Receives the steps and notes.

    Returns:
        Probabilities of the fold's valid samples per head of the part, float64 (n, C).
    """
    train_rows, valid_rows = given.folds.train_rows(fold), given.folds.valid_rows(fold)
    seed = mix_seed(given.recipe.seed, fold, place)
    model = given.inputs.build_model(task, given.input_rows[train_rows], seed=seed).to(given.device)
    if has_weights(folder):
        merge_lora(model)  # as the finished weights are
        load_weights(model, folder)
    else:
        title = f"fold {fold}" + (f", {folder.name}" if place or folder.name != "all" else "")
        run = _Run(given, task, model, train_rows, valid_rows, seed)
        if given.recipe.is_solved:
            run.solve(folder, stop, progress, title, fold)
        else:
            run.train(folder, stop, progress, title, fold)
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
    train_rows: NDArray[np.int64]
    valid_rows: NDArray[np.int64]
    seed: int

    def train(self, folder: Path, stop: StopRequest, progress: Progress, title: str, fold: int) -> None:
        given = self.given
        fitting = self._prepare(stop, is_fresh=durable.load_newest(folder / CHECKPOINTS) is None)
        mode: Literal["folders", "slots"] = "slots" if given.cloud_drive else "folders"
        checkpoints = Checkpoints(folder / CHECKPOINTS, every_s=given.checkpoint_every_s, mode=mode)
        state, notes = checkpoints.restore(fitting.parts)
        for note in notes:
            progress.note(Caution(f"{title}: {note}"))
        state = state or TrainState()
        journal = write_journal(folder / "journal.jsonl", state)
        n_epochs = given.recipe.training.epochs
        clock = Clock(open_times(folder / SECONDS_NAME))
        info = TrainingInfo(fold, model_of(folder), n_epochs, fitting.n_steps, epochs_done=state.epoch)
        given.callbacks.emit("on_training_start", info)
        with progress.stage(f"{title}, steps", fitting.n_steps) as update:
            followers: list[Callback] = [Journalist(journal), clock, Counter(update)]
            followers.append(Follower(given.callbacks, info, clock))
            weights = fitting.run(state, checkpoints, stop, followers)
        for note in fitting.parts.notes:
            progress.note(Caution(f"{title}: {note}"))
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
        given.callbacks.emit("on_training_end", info)

    def solve(self, folder: Path, stop: StopRequest, progress: Progress, title: str, fold: int) -> None:
        given, model, inputs = self.given, self.model, self.given.inputs
        assert isinstance(model, LinearHeads)
        assert isinstance(inputs, FeatureInputs)
        info = TrainingInfo(fold, model_of(folder), n_epochs=1, n_steps=0)
        given.callbacks.emit("on_training_start", info)
        journal, clock = (
            write_journal(folder / "journal.jsonl", TrainState()),
            Clock(open_times(folder / SECONDS_NAME)),
        )
        with progress.stage(f"{title}, heads", 1):
            solved = train_solved(
                given.recipe,
                self.task,
                model,
                inputs,
                self._labelled(self.train_rows),
                self._labelled(self.valid_rows),
                metric=self._metric,
                seed=self.seed,
                stop=stop,
                device=given.device,
            )
        chosen = {name: head.to_dict() for name, head in solved.heads.items()}
        progress.note(f"{title}, head: {describe_solved(chosen)}")
        for follower in (Journalist(journal), clock, Follower(given.callbacks, info, clock)):
            follower.on_epoch(solved.record)
        about = {"kind": "heads", "task": self.task.to_dict(), "n_features": model.n_features, "heads": chosen}
        save_weights(model.state_dict(), folder, about)
        given.callbacks.emit("on_training_end", info)

    @property
    def _metric(self) -> str | None:
        whole = self.given.samples.task
        assert whole is not None, "samples to train on have labels"
        return select_metric(self.given.recipe, whole, self.task)

    def _prepare(self, stop: StopRequest, *, is_fresh: bool) -> Fitting:
        given = self.given
        whole = given.samples.task
        assert whole is not None, "samples to train on have labels"
        train, valid = self._labelled(self.train_rows), self._labelled(self.valid_rows)
        train = replace(train, draw_weights=make_draw_weights(given.recipe, whole, self.task, train.labels))
        if is_fresh:  # else a checkpoint brings the heads
            start_heads(given.recipe, self.model, given.inputs, train, seed=self.seed, stop=stop)
        train = replace(train, mixer=make_mixer(given.recipe, whole, self.task, train.labels))
        return prepare_fitting(
            given.recipe,
            self.task,
            self.model,
            given.inputs,
            train,
            valid,
            metric=self._metric,
            seed=self.seed,
            device=given.device,
        )

    def _labelled(self, rows: NDArray[np.int64]) -> LabelledRows:
        return label_rows(self.given.samples, rows, self.given.input_rows[rows])
