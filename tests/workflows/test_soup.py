"""The mean of the last epochs through the doors: what predicts, what is compared, and a training that was stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import podium
from podium import durable
from podium.callbacks import Callback, StepInfo, TrainingInfo
from podium.dataset import FoldOptions
from podium.engine import mix_seed
from podium.errors import RecipeError, Stopped, UsageError
from podium.metrics import score
from podium.recipe import Recipe, apply_overrides
from podium.report import make_report
from podium.splits import make_folds
from podium.store import LAST_EPOCH_NAME
from podium.tables import Samples, load_predictions, save_folds
from podium.training.greedy import deal_halves
from podium.workflows import Run, resume, train
from tiny.contest import make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
SOUP = ("training.epochs=4", "training.soup_epochs=2", "schedule.kind=constant", "optimizer.lr=0.02")
WHOLE = ("model.freeze=none", "predict_views=[plain]", "training.ema_decay=null")


@pytest.mark.long
@pytest.mark.parametrize(
    "shape", ["single", *(pytest.param(shape, marks=pytest.mark.slow) for shape in ("attributes", "multi"))]
)
def test_the_result_says_whether_it_helped(shape: str, contest: Contest, tmp_path: Path) -> None:
    more = ("model.arrangement=separate",) if shape == "attributes" else ()
    settings = make_settings(tmp_path)
    run = train(contest(shape), recipe=make_recipe(*SOUP, *WHOLE, *more), folds=2, settings=settings)
    alone = train(contest(shape), recipe=make_recipe(*SOUP[:1], *SOUP[2:], *WHOLE, *more), folds=2, settings=settings)
    found = durable.read_json(run.folder.scores_file)["soup"]
    target, metric = found["target"], found["metric"]
    head = next(head for head in run.oof.task.targets if head.name == target)
    labels = run.samples.target_labels(target)[run.samples.rows_of(run.oof.ids)]
    values = [score(metric, it.oof.align(run.oof.ids).probs[target], labels, head) for it in (run, alone)]
    assert found["difference"]["value"] == pytest.approx(values[0] - values[1])
    assert found["verdict"] in ("helps", "hurts", "cannot tell")
    assert not np.array_equal(run.oof.probs[target], alone.oof.align(run.oof.ids).probs[target])
    for path in run.folder.path.glob(f"fold-*/*/{LAST_EPOCH_NAME}"):  # as the same training without it left the model
        kept = load_predictions(path)
        for name, probs in kept.probs.items():
            np.testing.assert_array_equal(probs, alone.oof.align(kept.ids).probs[name])
    assert "mean of the last 2 epochs" in make_report(run.folder).read_text(encoding="utf-8")


class StopAt(Callback):
    """Asks to stop after a step of the first fold."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
        """Ask when it is time."""
        if training.fold == 0 and step.step == self.step:
            signal.raise_signal(signal.SIGTERM)


GREEDY = ("training.soup_choice=greedy", "training.soup_epochs=3")


@pytest.mark.long
@pytest.mark.parametrize(
    "shape", ["attributes", *(pytest.param(shape, marks=pytest.mark.slow) for shape in ("single", "multi"))]
)
def test_no_label_chooses_the_epochs_that_answer_its_own_image(shape: str, contest: Contest, tmp_path: Path) -> None:
    """Other labels of half of a fold's images leave the answers to them as they are, to the bit; what predicts new
    images is chosen by all."""
    samples = contest(shape)
    folds = make_folds(samples, folds=2)
    judged = folds.valid_rows(0)
    half = judged[deal_halves(samples.group_keys[judged], seed=mix_seed(0, 0, 0))[0]]
    labels = {name: np.array(column) for name, column in samples.labels.items()}
    for column in labels.values():
        column[half] = np.roll(column[half], 1, axis=0)
    made = []
    for number, given in enumerate((samples, replace(samples, labels=labels))):
        split = tmp_path / str(number) / "split"
        save_folds(replace(folds, samples_digest=given.digest), split)
        settings, options = make_settings(tmp_path / str(number)), FoldOptions(folds_from=split)
        recipe = make_recipe(*SOUP, *WHOLE, *GREEDY)
        made.append(train(given, recipe=recipe, folds=options, only_folds=[0], settings=settings, name="r"))
    ids, (one, other) = samples.ids[half], (run.oof.align(judged_ids(run)) for run in made)
    rows = np.flatnonzero(np.isin(one.ids, ids))
    for name, probs in one.probs.items():
        np.testing.assert_array_equal(probs[rows], other.probs[name][rows])
    folder = made[0].folder.training_folder(0, "all")
    epochs = durable.read_json(folder / "soup.json")["epochs"]
    assert set(epochs) <= {2, 3, 4}
    soup = durable.read_json(made[0].folder.scores_file)["soup"]
    assert soup["choice"] == "greedy"
    assert "greedy mean of the last 3 epochs" in make_report(made[0].folder).read_text(encoding="utf-8")
    made[0].refit()
    assert made[0].predict(samples.root, name="new").ids.size


def judged_ids(run: Run) -> np.ndarray:
    return run.samples.ids[run.folds.valid_rows(0)]


def test_a_greedy_choice_without_images_to_choose_by_is_refused(contest: Contest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs validation images"):
        podium.ImageClassifier(preset="finetune", overrides=GREEDY).fit([], [])
    with pytest.raises(UsageError, match="minutes"):
        train(contest("single"), preset="finetune", overrides=GREEDY, minutes=3, settings=make_settings(tmp_path))
    with pytest.raises(RecipeError, match="no effect"):
        make_recipe(GREEDY[0])


@pytest.mark.long
@pytest.mark.parametrize("choice", ["uniform", "greedy"])
def test_a_resume_is_exact(choice: str, contest: Contest, tmp_path: Path) -> None:
    lines = (*SOUP, *WHOLE, "training.batch_size=16", f"training.soup_choice={choice}")
    recipe, samples = make_recipe(*lines), contest("single")

    def start(name: str, *callbacks: Callback) -> Run:
        settings = make_settings(tmp_path / name)
        return train(samples, recipe=recipe, folds=2, only_folds=[0], settings=settings, callbacks=callbacks, name="r")

    whole = start("whole")
    n_steps = durable.read_json(whole.folder.training_folder(0, "all") / "model.json")["steps"]
    for step in (n_steps // 2 + 1, n_steps * 3 // 4 + 1, n_steps):
        with pytest.raises(Stopped):
            start(f"at-{step}", StopAt(step))
        resumed = resume("r", settings=make_settings(tmp_path / f"at-{step}"))
        assert results_of(resumed.folder.path) == results_of(whole.folder.path)


def test_what_contradicts_it_is_refused() -> None:
    recipe = Recipe()
    for lines, words in (
        (["training.soup_epochs=20"], "more than training.epochs=10"),
        (["training.soup_epochs=2", "training.patience=2"], "with the best one"),
        (["training.soup_epochs=2", "training.select=best"], "with the best one"),
        (["training.soup_epochs=1"], "2"),
    ):
        with pytest.raises(RecipeError, match=words):
            apply_overrides(recipe, lines)
