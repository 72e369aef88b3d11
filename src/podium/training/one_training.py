"""One training: one fold or all rows, one part. Its folder holds the journal, the checkpoints, then the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from podium import durable
from podium.callbacks import Callbacks, TrainingInfo
from podium.decisions import complete_probs
from podium.engine import Callback, Checkpoints, Team, TrainState, current_team, mix_seed
from podium.engine.saved_weights import has_weights, load_weights, save_weights
from podium.errors import Stopped
from podium.machine import Caution, Progress
from podium.models import Classifier, LinearHeads, merge_lora
from podium.recipe import Recipe
from podium.recipe.border_targets import treat_borders
from podium.report.solved_heads import describe_solved
from podium.stopping import StopRequest
from podium.store import CHOSEN_APART_NAME, LAST_EPOCH_NAME, PLAIN_HEADS_NAME, SECONDS_NAME, SOUP_NAME, model_of
from podium.tables import (
    Folds,
    Predictions,
    Samples,
    Task,
    concat_predictions,
    load_predictions,
    save_predictions,
)
from podium.training.draw_weights import make_draw_weights
from podium.training.fitting import Fitting, LabelledRows, label_rows, prepare_fitting, select_metric
from podium.training.followers import Clock, Counter, Follower, Journalist, open_times, write_journal
from podium.training.greedy import Half
from podium.training.inputs import FeatureInputs, Inputs
from podium.training.mean_over_views import mean_over_views
from podium.training.mixers import make_mixer
from podium.training.nearest_decoding import remember_training_images
from podium.training.probe import start_heads
from podium.training.solved_training import Solved, train_solved
from podium.training.team_start import receive_start, send_start

__all__ = ["ALL_ROWS", "CHECKPOINTS", "Job", "Training", "make_job", "train_all_rows", "train_one"]

CHECKPOINTS = "checkpoints"
"""Folder of a training's checkpoints, gone when it is finished."""
ALL_ROWS = -1
"""What callbacks are told as the fold of a training on all rows."""


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
        teacher: Fold, or ALL_ROWS, to what a teacher answers to the images that it learns from; None without one.
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
    teacher: Callable[[int], Predictions] | None = None


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
    job = make_job(given, task, fold, place)
    if has_weights(folder):
        merge_lora(job.model)  # as the finished weights are
        load_weights(job.model, folder)
    else:
        job.run(folder, stop, progress)
    # Here, not in the training: a process that was killed just before it leaves them to the next.
    durable.remove_tree(folder / CHECKPOINTS, truncate=given.cloud_drive)
    rows = given.folds.valid_rows(fold)
    input_rows, apart = given.input_rows[rows], folder / CHOSEN_APART_NAME
    if given.recipe.training.soup_choice == "greedy":  # its epochs were chosen by these very samples
        found = load_predictions(apart).align(given.samples.ids[rows]).probs
        return {head.name: np.asarray(found[head.name], dtype=np.float64) for head in task.heads}
    return mean_over_views(
        job.model,
        lambda view: stop.watch(given.inputs.eval_batches(input_rows, view)),
        given.recipe.predict_views,
        task,
        device=given.device,
        precision=given.recipe.training.precision,
    )


def train_all_rows(
    given: Training, task: Task, place: int, folder: Path, *, n_epochs: int, stop: StopRequest, progress: Progress
) -> None:
    """Train a part on all rows but the holdout's, or take up where it stopped. Nothing validates it.

    Args:
        given: Data and recipe.
        task: The heads of this part.
        place: Number of the part, for its seed.
        folder: Its folder.
        n_epochs: Epochs after which it ends; the schedule is the recipe's.
        stop: Asked after every step.
        progress: Receives the steps and notes.
    """
    if not has_weights(folder):
        make_job(given, task, None, place, n_epochs=n_epochs).run(folder, stop, progress)
    durable.remove_tree(folder / CHECKPOINTS, truncate=given.cloud_drive)


def make_job(given: Training, task: Task, fold: int | None, place: int, *, n_epochs: int | None = None) -> Job:
    """A fresh model and the rows that it learns from.

    Args:
        given: Data and recipe.
        task: The heads of this part.
        fold: The fold that validates it; None learns all rows but the holdout's, and validates nothing.
        place: Number of the part, for its seed.
        n_epochs: Epochs after which it ends; None takes the recipe's.
    """
    folds = given.folds
    train_rows = folds.learnt_rows if fold is None else folds.train_rows(fold)
    valid_rows = None if fold is None else folds.valid_rows(fold)
    seed = mix_seed(given.recipe.seed, folds.n_folds if fold is None else fold, place)
    model = given.inputs.build_model(task, given.input_rows[train_rows], seed=seed).to(given.device)
    epochs = given.recipe.training.epochs if n_epochs is None else n_epochs
    return Job(given, task, model, train_rows, valid_rows, seed, ALL_ROWS if fold is None else fold, epochs)


@dataclass(frozen=True)
class Job:
    """A model about to be trained.

    Args:
        given: Data and recipe.
        task: Its heads.
        model: The model, fresh.
        train_rows: Samples it learns from.
        valid_rows: Samples that validate it; None validates nothing.
        seed: Seed of this training.
        fold: Its fold, or ALL_ROWS.
        n_epochs: Epochs after which it ends.
    """

    given: Training
    task: Task
    model: Classifier | LinearHeads
    train_rows: NDArray[np.int64]
    valid_rows: NDArray[np.int64] | None
    seed: int
    fold: int
    n_epochs: int

    def run(self, folder: Path, stop: StopRequest, progress: Progress) -> None:
        """Train or solve it, and save its weights."""
        title = "all images" if self.fold == ALL_ROWS else f"fold {self.fold}"
        title += "" if folder.name == "all" else f", {folder.name}"
        (self._solve if self.given.recipe.is_solved else self._train)(folder, stop, progress, title)

    def help(self, team: Team, stop: StopRequest) -> None:
        """Take every step of the training that the leader of the team runs."""
        fitting = self.prepare(stop, is_fresh=False)  # what a probe would give, the leader sends
        state = receive_start(team, fitting.parts)
        fitting.help(state, stop, n_epochs=self.n_epochs)

    def _train(self, folder: Path, stop: StopRequest, progress: Progress, title: str) -> None:
        given = self.given
        fitting = self.prepare(stop, is_fresh=durable.load_newest(folder / CHECKPOINTS) is None)
        mode: Literal["folders", "slots"] = "slots" if given.cloud_drive else "folders"
        checkpoints = Checkpoints(folder / CHECKPOINTS, every_s=given.checkpoint_every_s, mode=mode)
        state, notes = checkpoints.restore(fitting.parts)
        for note in notes:
            progress.note(Caution(f"{title}: {note}"))
        state, team = state or TrainState(), current_team()
        if team is not None:
            send_start(team, state, fitting.parts)
        journal = write_journal(folder / "journal.jsonl", state)
        n_steps = self.n_epochs * fitting.train.n_batches
        clock = Clock(open_times(folder / SECONDS_NAME))
        info = TrainingInfo(self.fold, model_of(folder), self.n_epochs, n_steps, epochs_done=state.epoch)
        given.callbacks.emit("on_training_start", info)
        with progress.stage(f"{title}, steps", n_steps) as update:
            followers: list[Callback] = [Journalist(journal), clock, Counter(update)]
            followers.append(Follower(given.callbacks, info, clock))
            judge, choose = (partial(keep, folder, stop) for keep in (self._keep_last_epoch, self._keep_choice))
            weights = fitting.run(
                state, checkpoints, stop, followers, n_epochs=self.n_epochs, on_last_epoch=judge, on_choice=choose
            )
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
        self.model.load_state_dict(weights)
        if given.recipe.model.nearest is not None:
            try:
                weights = self._remember(folder, stop)
            except Stopped:
                checkpoints.save(state, fitting.parts)
                raise
        save_weights(weights, folder, about)
        given.callbacks.emit("on_training_end", info)

    def _remember(self, folder: Path, stop: StopRequest) -> dict[str, Tensor]:
        """The weights with the training images remembered; what the heads alone answer is written first."""
        if self.valid_rows is not None:
            save_predictions(self._predict(self.model, self.valid_rows, stop), folder / PLAIN_HEADS_NAME)
        remember_training_images(self.given.recipe, self.model, self.given.inputs, self._learnt, stop=stop)
        return {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}

    def _keep_last_epoch(self, folder: Path, stop: StopRequest, model: nn.Module) -> None:
        """Write what the last epoch alone answers to the valid samples, to compare a mean over epochs with."""
        rows = self.valid_rows
        if rows is None:
            return
        save_predictions(self._predict(model, rows, stop), folder / LAST_EPOCH_NAME)

    def _keep_choice(self, folder: Path, stop: StopRequest, halves: Sequence[Half], epochs: Sequence[int]) -> None:
        """Write what each half of the valid samples is answered by the epochs that the other half chose."""
        assert self.valid_rows is not None, "a greedy soup is chosen by validation samples"
        made = [self._predict(half.model, self.valid_rows[half.positions], stop) for half in halves]
        save_predictions(concat_predictions(made), folder / CHOSEN_APART_NAME)
        durable.write_json(folder / SOUP_NAME, {"epochs": list(epochs)})

    def _predict(self, model: nn.Module, rows: NDArray[np.int64], stop: StopRequest) -> Predictions:
        given = self.given
        probs = mean_over_views(
            model,
            lambda view: stop.watch(given.inputs.eval_batches(given.input_rows[rows], view)),
            given.recipe.predict_views,
            self.task,
            device=given.device,
            precision=given.recipe.training.precision,
        )
        made_by = np.full(len(rows), self.fold, dtype=np.int64)
        return Predictions(self.task, given.samples.ids[rows], made_by, complete_probs(probs, self.task))

    def _solve(self, folder: Path, stop: StopRequest, progress: Progress, title: str) -> None:
        given, model = self.given, self.model
        info = TrainingInfo(self.fold, model_of(folder), n_epochs=1, n_steps=0)
        given.callbacks.emit("on_training_start", info)
        journal, clock = (
            write_journal(folder / "journal.jsonl", TrainState()),
            Clock(open_times(folder / SECONDS_NAME)),
        )
        with progress.stage(f"{title}, heads", 1):
            solved = self.solve(stop)
        chosen = {name: head.to_dict() for name, head in solved.heads.items()}
        progress.note(f"{title}, head: {describe_solved(chosen)}")
        for follower in (Journalist(journal), clock, Follower(given.callbacks, info, clock)):
            follower.on_epoch(solved.record)
        about = {"kind": "heads", "task": self.task.to_dict(), "n_features": model.n_features, "heads": chosen}
        save_weights(model.state_dict(), folder, about)
        given.callbacks.emit("on_training_end", info)

    def solve(self, stop: StopRequest) -> Solved:
        """Solve the heads of the model in place."""
        given, model, inputs = self.given, self.model, self.given.inputs
        assert isinstance(model, LinearHeads)
        assert isinstance(inputs, FeatureInputs)
        return train_solved(
            given.recipe,
            self.task,
            model,
            inputs,
            self._learnt,
            self._valid,
            metric=self._metric,
            seed=self.seed,
            stop=stop,
            device=given.device,
        )

    @property
    def _metric(self) -> str | None:
        whole = self.given.samples.task
        assert whole is not None, "samples to train on have labels"
        return select_metric(self.given.recipe, whole, self.task)

    def prepare(self, stop: StopRequest, *, is_fresh: bool) -> Fitting:
        """Loss, optimizer, schedule and batches; heads that start from a probe are fitted where it `is_fresh`."""
        given = self.given
        whole = given.samples.task
        assert whole is not None, "samples to train on have labels"
        train = self._learnt
        train = replace(train, draw_weights=make_draw_weights(given.recipe, whole, self.task, train.labels))
        if given.teacher is not None:
            told = given.teacher(self.fold).align(train.ids).probs
            own = {head.name: np.asarray(told[head.name], dtype=np.float64) for head in self.task.heads}
            train = replace(train, teacher=own)
        if is_fresh:  # else a checkpoint brings the heads
            start_heads(given.recipe, self.model, given.inputs, train, seed=self.seed, stop=stop)
        train = replace(train, mixer=make_mixer(given.recipe, whole, self.task, train.labels))
        return prepare_fitting(
            given.recipe,
            self.task,
            self.model,
            given.inputs,
            train,
            self._valid,
            metric=self._metric,
            seed=self.seed,
            device=given.device,
        )

    @property
    def _learnt(self) -> LabelledRows:
        samples = treat_borders(self.given.samples, self.given.recipe.borders)
        return label_rows(samples, self.train_rows, self.given.input_rows[self.train_rows])

    @property
    def _valid(self) -> LabelledRows | None:
        rows = self.valid_rows
        return None if rows is None else label_rows(self.given.samples, rows, self.given.input_rows[rows])
