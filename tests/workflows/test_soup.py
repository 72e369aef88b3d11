"""The mean of the last epochs through the doors: what predicts, what is compared, and a training that was stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.callbacks import Callback, StepInfo, TrainingInfo
from podium.errors import RecipeError, Stopped
from podium.metrics import score
from podium.recipe import Recipe, apply_overrides
from podium.report import make_report
from podium.store import LAST_EPOCH_NAME
from podium.tables import Samples, load_predictions
from podium.workflows import Run, resume, train
from tiny.contest import make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
SOUP = ("training.epochs=4", "training.soup_epochs=2", "schedule.kind=constant", "optimizer.lr=0.02")
WHOLE = ("model.freeze=none", "predict_views=[plain]", "training.ema_decay=null")


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


@pytest.mark.slow
def test_a_resume_is_exact(contest: Contest, tmp_path: Path) -> None:
    recipe, samples = make_recipe(*SOUP, *WHOLE, "training.batch_size=16"), contest("single")

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
