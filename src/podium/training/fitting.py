"""Fitting one model: its loss, optimizer, schedule and batches, from a recipe and labelled rows of its inputs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from podium.data import FeatureTrainLoader, Mixer, TrainLoader, sample_keys
from podium.engine import (
    Callback,
    Checkpoints,
    EvalBatches,
    Parts,
    TrainSample,
    TrainState,
    Unsaved,
    final_weights,
    fit,
    measure_norms,
)
from podium.engine.parts import Gathered
from podium.errors import LabelError, Stopped, UsageError
from podium.metrics import default_metric
from podium.metrics import metric as find_metric
from podium.models import Classifier, GreedySoup, LinearHeads, merge_lora
from podium.recipe import Recipe, build_parts
from podium.recipe.build_distillation import add_teacher, make_teacher_targets
from podium.recipe.build_schedules import check_warmup
from podium.recipe.schedule_spec import Plateau
from podium.stopping import StopRequest
from podium.tables import Samples, Task
from podium.tables.bags import number_bags
from podium.training.greedy import Half, ScoreSome, Tasting, deal_halves
from podium.training.inputs import Inputs, TrainRows
from podium.training.judge import Bags, Judge
from podium.training.train_sample import choose_train_sample

__all__ = ["Fitting", "LabelledRows", "label_rows", "prepare_fitting", "select_metric"]


OnChoice = Callable[[Sequence[Half], Sequence[int]], None]


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows of a model's inputs, with the ids and labels of their samples.

    Args:
        rows: Rows of the inputs, shape (n,).
        ids: Ids of the samples, shape (n,); order and augmentation depend on them.
        labels: Per target, (n,) class indices or (n, C) of 0 and 1; -1 is missing.
        soft: Shares of each target with soft labels, (n, C); training learns them in place of `labels`.
        weights: Weight of each row's loss in training, shape (n,); None weighs all alike.
        mixer: Mixes the images of training batches, as `make_mixer` gives; None mixes none.
        draw_weights: How often each is drawn, as `make_draw_weights` gives; None shows each once an epoch.
        teacher: What a teacher answers to them of every head, probabilities (n, C); empty without one.
        groups: Groups of the samples, shape (n,); None where each is a group of its own.
        bags: Number of each sample's bag, shape (n,), where several images have one answer.
    """

    rows: NDArray[np.int64]
    ids: NDArray[np.object_]
    labels: Mapping[str, NDArray[np.integer[Any]]]
    draw_weights: NDArray[np.float64] | None = None
    soft: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    weights: NDArray[np.float64] | None = None
    groups: NDArray[np.object_] | None = None
    mixer: Mixer | None = None
    teacher: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    bags: NDArray[np.int64] | None = None

    @property
    def loss_weights(self) -> NDArray[np.float64] | None:
        """The weights with a mean of 1, so that the learning rate does not hang on their scale.

        Raises:
            LabelError: If all are 0.
        """
        if self.weights is None:
            return None
        if not self.weights.any():
            raise LabelError("the training images of this fold all have weight 0, so there is nothing to learn.")
        return np.asarray(self.weights / self.weights.mean(), dtype=np.float64)

    def targets_of(self, task: Task) -> dict[str, NDArray[Any]]:
        """What the loss learns of each head: its labels, or its shares where it has soft labels."""
        return {head.name: self.soft.get(head.name, self.labels[head.name]) for head in task.heads}

    def bags_of(self, recipe: Recipe) -> Bags | None:
        """The bags, with what the recipe makes of their probabilities; None where each sample has its own answer."""
        return None if self.bags is None else Bags(self.bags, recipe.pool or "mean")

    def take(self, positions: NDArray[np.int64]) -> LabelledRows:
        """Some of the rows, with their labels."""
        labels = {name: column[positions] for name, column in self.labels.items()}
        soft = {name: column[positions] for name, column in self.soft.items()}
        bags = None if self.bags is None else np.unique(self.bags[positions], return_inverse=True)[1]
        return LabelledRows(self.rows[positions], self.ids[positions], labels, soft=soft, bags=bags)

    @property
    def group_keys(self) -> NDArray[np.object_]:
        """A group for every sample, shape (n,)."""
        return self.ids if self.groups is None else self.groups


def label_rows(samples: Samples, rows: NDArray[np.int64], input_rows: NDArray[np.int64]) -> LabelledRows:
    """Some samples with the labels, shares and weights of all targets, and their groups.

    Args:
        samples: Samples with a task.
        rows: Which of them, shape (n,).
        input_rows: Their rows in the inputs, shape (n,).
    """
    targets = samples.task.targets if samples.task else ()
    labels = {head.name: samples.target_labels(head.name)[rows] for head in targets}
    found = {head.name: samples.target_shares(head.name) for head in targets}
    soft = {name: shares[rows] for name, shares in found.items() if shares is not None}
    weights = None if samples.weight is None else samples.weight[rows]
    groups = samples.group_keys[rows]
    bags = None if samples.bag is None else number_bags(samples.ids[rows], samples.bag[rows])
    return LabelledRows(input_rows, samples.ids[rows], labels, soft=soft, weights=weights, groups=groups, bags=bags)


@dataclass(frozen=True)
class Fitting:
    """One model ready to be trained.

    Args:
        recipe: The recipe.
        parts: Model, loss, optimizer, schedule, score.
        train: Its training batches.
        valid: Its validation batches; None trains without validation.
        valid_groups: Group of each validation sample, shape (n,).
        score_some: The score of some of them; None without validation.
    """

    recipe: Recipe
    parts: Parts
    train: TrainLoader | FeatureTrainLoader
    valid: EvalBatches | None
    valid_groups: NDArray[np.object_] | None = None
    score_some: ScoreSome | None = None

    @property
    def n_steps(self) -> int:
        """Optimizer steps of the whole training."""
        return self.recipe.training.epochs * self.train.n_batches

    def run(
        self,
        state: TrainState,
        checkpoints: Checkpoints,
        stop: StopRequest,
        callbacks: Sequence[Callback] = (),
        *,
        n_epochs: int | None = None,
        on_last_epoch: Callable[[nn.Module], None] = lambda _: None,
        on_choice: OnChoice | None = None,
    ) -> dict[str, Tensor]:
        """Train to the end; the weights that predict, by the recipe's `select`.

        With `freeze: lora` the model's updates are merged into its weights, and the weights are those of the network
        without them.

        Args:
            state: Where to start; changed while it trains.
            checkpoints: Saves state and tensors when due.
            stop: Asked after every step.
            callbacks: Called after every step and epoch.
            n_epochs: Epochs after which it ends, without another schedule; None takes the recipe's.
            on_last_epoch: Receives the model as its last epoch left it, where a mean over epochs predicts in its place.
            on_choice: Receives the models of a greedy soup that were chosen without half of the validation samples, and
                the numbers of the epochs in the mean that predicts; None makes no such models.
        """
        spec = self.recipe.training
        fit(
            self.parts,
            self._own_batches,
            self.valid,
            state,
            n_epochs=spec.epochs if n_epochs is None else n_epochs,
            checkpoints=checkpoints,
            stop=stop,
            patience=spec.patience,
            callbacks=callbacks,
        )
        weights = final_weights(self.parts)
        if spec.select == "best" and checkpoints.best is not None:
            weights = dict(checkpoints.best)
        if self.parts.soup is not None:
            try:
                on_last_epoch(_copy_with(self.parts.model, weights))
                weights = self._brew(self.parts.soup, state, stop, on_choice)
            except Stopped:
                checkpoints.save(state, self.parts)
                raise
        return _merge(self.parts.model, weights) if self.recipe.model.freeze == "lora" else weights

    def help(self, state: TrainState, stop: StopRequest, *, n_epochs: int) -> None:
        """Take every step of `run` that the leader of the team takes; it evaluates and keeps."""
        patience = self.recipe.training.patience
        batches = self._own_batches
        fit(self.parts, batches, None, state, n_epochs=n_epochs, checkpoints=Unsaved(), stop=stop, patience=patience)

    @property
    def _own_batches(self) -> TrainLoader | FeatureTrainLoader:
        """The training batches; in a team this process's share of each."""
        team = self.parts.team
        return self.train if team is None else self.train.dealt(team.share(self.parts.micro_batch))

    def _brew(
        self, soup: Gathered, state: TrainState, stop: StopRequest, on_choice: OnChoice | None
    ) -> dict[str, Tensor]:
        """The mean of the last epochs; its batch norms see the training images once, as one more epoch has them."""
        if isinstance(soup, GreedySoup) and self.valid is not None:
            return self._brew_greedily(soup, state, stop, on_choice)
        model = copy.deepcopy(self.parts.model)
        soup.pour_into(model)
        measure_norms(model, stop.watch(self.train.from_position(state.epoch, 0)), self.parts)
        return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}

    def _brew_greedily(
        self, soup: GreedySoup, state: TrainState, stop: StopRequest, on_choice: OnChoice | None
    ) -> dict[str, Tensor]:
        """The mean of the epochs that all validation samples choose; each half also chooses for the other one."""
        assert self.valid is not None, "a greedy soup is chosen by validation samples"
        assert self.valid_groups is not None
        assert self.score_some is not None
        batches = partial(self.train.from_position, state.epoch, 0)
        tasting = Tasting(self.parts, soup, self.valid, batches, self.score_some, stop)
        chosen = tasting.choose(np.arange(len(self.valid_groups)))
        if on_choice is not None:
            halves = deal_halves(self.valid_groups, seed=self.parts.seed)
            pairs = (halves, halves[::-1])
            made = [Half(own, tasting.make(tasting.choose(other))) for own, other in pairs if len(own)]
            on_choice(made, [state.epoch - soup.n_taken + member + 1 for member in sorted(chosen)])
        model = tasting.make(chosen)
        return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def _copy_with(model: nn.Module, weights: Mapping[str, Tensor]) -> nn.Module:
    copied = copy.deepcopy(model)
    copied.load_state_dict(weights)
    return copied


def _merge(model: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    model.load_state_dict(weights)
    merge_lora(model)
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def prepare_fitting(
    recipe: Recipe,
    task: Task,
    model: Classifier | LinearHeads,
    inputs: Inputs,
    train: LabelledRows,
    valid: LabelledRows | None,
    *,
    metric: str | None,
    seed: int,
    device: torch.device,
) -> Fitting:
    """Everything that one model's training is made of.

    Args:
        recipe: A recipe in which nothing is "auto".
        task: The heads of this model.
        model: From `inputs.build_model`, on the device.
        inputs: What it is trained on.
        train: Rows to train on.
        valid: Rows to validate each epoch on; None trains without validation.
        metric: Score that chooses the best epoch; None takes the default of the task's main target.
        seed: Seed of this training.
        device: Where the model is.

    Raises:
        UsageError: If the schedule watches a validation score and there are no validation samples, or its warm-up
            takes the whole training.
    """
    if valid is None and isinstance(recipe.schedule, Plateau) and recipe.schedule.watch == "score":
        raise UsageError(
            "schedule.watch=score needs validation samples, and this training has none.",
            fix="Use schedule.watch=train_loss.",
        )
    keys = sample_keys(train.ids.tolist())
    shown = TrainRows(
        train.rows,
        train.targets_of(task) | make_teacher_targets(recipe, task, train.teacher),
        keys,
        draw_weights=train.draw_weights,
        sample_weights=train.loss_weights,
        mixer=train.mixer,
    )
    batches = inputs.train_batches(shown, seed=seed)
    check_warmup(recipe, recipe.training.epochs * batches.n_batches)

    def judge(given: LabelledRows) -> Judge:
        return Judge(task, given.labels, given.targets_of(task), of_labels, metric, device, given.bags_of(recipe))

    def score(logits: Mapping[str, Any]) -> Mapping[str, float]:
        assert valid is not None
        return judge(valid).score(logits)

    def score_some(logits: Mapping[str, Any], positions: NDArray[np.int64]) -> float:
        assert valid is not None
        if not len(positions):
            return float("nan")
        own = {name: values[positions] for name, values in logits.items()}
        found = judge(valid.take(positions)).score(own)[parts.score_name]
        return found if parts.greater_is_better else -found

    parts = build_parts(
        recipe,
        model,
        task,
        labels=train.labels,
        n_steps=recipe.training.epochs * batches.n_batches,
        steps_per_epoch=batches.n_batches,
        score=score,
        score_name=task.main_target.name,
        greater_is_better=find_metric(metric or default_metric(task.main_target)).greater_is_better,
        seed=seed,
        device=device,
    )
    of_labels = parts.objective.without_margins()
    if train.teacher:
        parts.objective = add_teacher(recipe, task, parts.objective)
    if valid is None:
        return Fitting(recipe, parts, batches, None)
    view = recipe.predict_views[0]
    parts.valid_loss = judge(valid).loss
    sample = train.take(choose_train_sample(keys, train.labels[task.main_target.name], seed=seed))
    parts.train_sample = TrainSample(inputs.eval_batches(sample.rows, view), judge(sample).score, judge(sample).loss)
    return Fitting(recipe, parts, batches, inputs.eval_batches(valid.rows, view), valid.group_keys, score_some)


def select_metric(recipe: Recipe, whole: Task, part: Task) -> str | None:
    """The recipe's metric, for a model whose main target is of the kind that it was chosen for."""
    return recipe.metric if whole.main_target.kind == part.main_target.kind else None
