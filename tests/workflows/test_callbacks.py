"""Callbacks see a whole run, in order, and whatever they do its bits are the same."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import podium
from podium.callbacks import EpochInfo, RunInfo, StepInfo, TrainingInfo
from podium.errors import Stopped, UsageError
from podium.store import read_epochs
from podium.tables import Samples
from podium.workflows import resume, train
from tiny.contest import Notes, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]


class Diary(podium.Callback):
    """Keeps everything it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def on_run_start(self, run: RunInfo) -> None:
        self.events.append(("run starts", run))

    def on_training_start(self, training: TrainingInfo) -> None:
        self.events.append(("starts", training))

    def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
        self.events.append(("step", training, step))

    def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
        self.events.append(("epoch", training, epoch))

    def on_training_end(self, training: TrainingInfo) -> None:
        self.events.append(("ends", training))

    def on_run_end(self, run: RunInfo, scores: Mapping[str, Any]) -> None:
        self.events.append(("run ends", run, scores))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [event[1:] for event in self.events if event[0] == kind]


class Vandal(podium.Callback):
    """Tries to change the training with all it is given, draws random numbers, and fails in the end."""

    def on_run_start(self, run: RunInfo) -> None:
        with pytest.raises(TypeError):
            run.recipe["seed"] = 9  # type: ignore[index]

    def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
        torch.manual_seed(3)
        torch.rand(10)
        np.random.seed(3)
        for record in (training, step):
            with pytest.raises(AttributeError):
                record.step = 0  # type: ignore[misc, union-attr]

    def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
        with pytest.raises(TypeError):
            epoch.scores["mask"] = 1.0  # type: ignore[index]
        if training.fold == 1:
            raise OSError("no space left")


@pytest.mark.long
@pytest.mark.parametrize("lines", [(), ("model.freeze=none",)], ids=["features", "images"])
def test_everything_is_told_in_order_and_as_the_journals_have_it(
    lines: tuple[str, ...], contest: Contest, tmp_path: Path
) -> None:
    diary = Diary()
    recipe = make_recipe("model.arrangement=separate", *lines)
    run = train(contest("attributes"), recipe=recipe, folds=2, settings=make_settings(tmp_path), callbacks=[diary])
    kinds = [event[0] for event in diary.events]
    assert (kinds[0], kinds[-1]) == ("run starts", "run ends")
    places = [(training.fold, training.model) for (training,) in diary.of("starts")]
    assert places == [(fold, model) for fold in (0, 1) for model in ("mask", "age", "tags")]
    assert [(training.fold, training.model) for (training,) in diary.of("ends")] == places
    told = {(training.fold, training.model, epoch.epoch): epoch for training, epoch in diary.of("epoch")}
    journals = {(row.fold, row.model, row.epoch): row for row in read_epochs(run.folder)}
    assert told.keys() == journals.keys()
    for key, row in journals.items():
        seen = told[key]
        assert (seen.step, seen.lr, seen.train_loss, dict(seen.scores)) == (
            row.step,
            row.lr,
            row.train_loss,
            row.scores,
        )
        assert (seen.valid_loss, seen.plain_train_loss, dict(seen.train_scores), seen.seconds) == (
            row.valid_loss,
            row.plain_train_loss,
            row.train_scores,
            row.seconds,
        )
    steps = [step.step for training, step in diary.of("step") if (training.fold, training.model) == places[0]]
    assert steps == list(range(1, diary.of("starts")[0][0].n_steps + 1))
    ((about, scores),) = diary.of("run ends")
    assert (about.name, about.folds, about.folder) == (run.name, (0, 1), run.folder.path)
    assert scores == run.scores.to_dict()


@pytest.mark.slow
def test_the_loss_of_an_epoch_is_the_mean_of_its_steps(contest: Contest, tmp_path: Path) -> None:
    diary = Diary()
    recipe = make_recipe("training.batch_size=6")  # 18 training images: three steps of six
    settings = make_settings(tmp_path)
    train(contest("single"), recipe=recipe, folds=2, only_folds=[0], settings=settings, callbacks=[diary])
    for training, epoch in diary.of("epoch"):
        losses = [s.loss for t, s in diary.of("step") if t == training and s.epoch == epoch.epoch]
        assert epoch.train_loss == pytest.approx(np.mean(losses))


@pytest.mark.long
def test_no_callback_changes_a_bit_and_a_failing_one_is_named(contest: Contest, tmp_path: Path) -> None:
    recipe = make_recipe("model.freeze=none", "model.drop_rate=0.3")
    plain = train(contest("single"), recipe=recipe, folds=2, name="a", settings=make_settings(tmp_path / "a"))
    notes, diary = Notes(), Diary()
    settings = make_settings(tmp_path / "b")
    how = {"settings": settings, "progress": notes, "callbacks": [Vandal(), diary]}
    run = train(contest("single"), recipe=recipe, folds=2, name="a", **how)  # type: ignore[arg-type]
    assert results_of(run.folder.path) == results_of(plain.folder.path)
    assert len([line for line in notes.notes if "Vandal" in line and "no space left" in line]) == 1
    assert len(diary.of("run ends")) == 1


@pytest.mark.long
def test_a_resumed_training_says_where_it_goes_on(contest: Contest, tmp_path: Path) -> None:
    class Stop(podium.Callback):
        def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
            raise KeyboardInterrupt  # a user's Ctrl-C while a callback runs

    settings = make_settings(tmp_path, checkpoint_seconds=0.0)
    recipe = make_recipe("training.epochs=3")
    with pytest.raises((KeyboardInterrupt, Stopped)):
        train(contest("single"), recipe=recipe, folds=2, settings=settings, callbacks=[Stop()])
    diary = Diary()
    run = resume("last", settings=settings, callbacks=[diary])
    assert run.folder.is_finished
    first = diary.of("starts")[0][0]
    assert (first.fold, first.epochs_done) in ((0, 0), (0, 1))
    assert len(diary.of("run ends")) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "kind"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Stopped), (signal.SIGHUP, Stopped)],
)
def test_a_stop_passes_whoever_catches_errors_and_leaves_a_checkpoint(
    number: int, kind: type[BaseException], contest: Contest, tmp_path: Path
) -> None:
    class Interrupt(podium.Callback):
        def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
            if step.step == 3:
                os.kill(os.getpid(), number)

    settings = make_settings(tmp_path, checkpoint_seconds=1000.0)
    recipe = make_recipe("training.epochs=3", "training.batch_size=4")

    def search() -> None:
        """As a user's loop over recipes does, and scikit-learn's searches."""
        with contextlib.suppress(Exception):
            train(contest("single"), recipe=recipe, folds=2, settings=settings, callbacks=[Interrupt()])

    with pytest.raises(kind):
        search()
    assert list(settings.runs.glob("*/fold-0/all/checkpoints/*")), "no checkpoint was due, so this is the stop's own"
    assert resume("last", settings=settings).folder.is_finished


def test_callbacks_need_this_process(contest: Contest, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, processes=2)
    with pytest.raises(UsageError, match="callbacks"):
        train(contest("single"), recipe=make_recipe(), folds=2, settings=settings, callbacks=[Diary()])
    assert not settings.runs.exists()
