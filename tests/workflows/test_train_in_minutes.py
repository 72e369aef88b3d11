"""T23: without a preset, a baseline whose score stands, then what there is time for, then the ensemble of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import podium
from podium.cli import main
from podium.cli.train import show_run
from podium.crossval import time_budget
from podium.crossval.train_fold import FoldTrainer
from podium.errors import Stopped
from podium.metrics import PairedDifference, score_predictions
from podium.metrics.interval import Interval
from podium.recipe import apply_overrides
from podium.store import RunFolder, list_runs, read_ensemble, read_step
from podium.tables import Samples
from podium.training.rehearsal import Rehearsal
from podium.training.time_plan import Speeds
from podium.workflows import Run, compose_recipe, train_in_minutes
from podium.workflows.train_and_resume import resume, train
from tiny.contest import TINY, Notes, draw_images, make_settings, results_of

Contest = Callable[[str], Samples]
KEPT = ("model.name", "model.weights", "image", "training.precision", "training.layout", "model.frozen")
LINES = [line for line in TINY if line.startswith(KEPT)]


def fix_speeds(monkeypatch: pytest.MonkeyPatch, train_s: float) -> None:
    """Let rehearsals measure this; at most the preset's own epochs are planned."""

    def rehearse(recipe: Any, *given: object) -> Rehearsal:
        return Rehearsal(Speeds(0.0, 0.0 if recipe.model.freeze == "backbone" else train_s, 0.0), view_bytes=100)

    monkeypatch.setattr(time_budget, "rehearse", rehearse)
    monkeypatch.setattr(time_budget, "MOST_TIMES", 1)


def only_finetune(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither crops nor `quick`, for which the tiny network has too few blocks."""
    monkeypatch.setattr(train_in_minutes, "CORNERS", ())
    monkeypatch.setattr(train_in_minutes, "LADDER", (("finetune", 8),))


@pytest.mark.long
@pytest.mark.parametrize(
    ("train_s", "refusals", "steps"),
    [(0.0, 1, ["crops", "strong", "finetune"]), (0.1, 2, ["crops", "finetune"]), (9.0, 3, ["crops"])],
    ids=["all", "one", "none"],
)
def test_what_there_is_time_for_is_trained_on_the_same_folds(
    contest: Contest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    train_s: float,
    refusals: int,
    steps: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    fix_speeds(monkeypatch, train_s)
    if train_s == 0.1:
        monkeypatch.setattr(train_in_minutes, "LADDER", (("strong", 20), ("finetune", 8), ("finetune", 2)))
        monkeypatch.setattr(train_in_minutes, "ANSWER_S", 0.0)
    notes, settings = Notes(), make_settings(tmp_path)
    given = {"overrides": LINES, "folds": 2, "settings": settings, "progress": notes}
    answer = train(contest("attributes"), minutes=0.8, name="x", **given)  # type: ignore[arg-type]
    runs = list_runs(settings.runs)
    assert [run.name for run in runs] == ["x-baseline", *(f"x-{step}" for step in steps), *(["x"] if steps else [])]
    assert all(run.is_finished for run in runs)
    assert answer.name == podium.load_run(runs=settings.runs).name == runs[-1].name
    refused = [note for note in notes.notes if note.startswith("Not trained")]
    assert len(refused) == refusals
    assert f"{answer.name} stands after" in notes.notes[-1]
    assert len({Run(run, settings).folds.digest for run in runs}) == 1
    assert any(note.startswith("x-baseline: macro F1 ") and "minutes are left" in note for note in notes.notes)
    assert main(["report", answer.name, "--runs", str(settings.runs)]) == 0
    show_run(answer, as_json=False)
    if steps:
        assert f"of       x-baseline, x-{steps[0]}" in capsys.readouterr().out
        show_run(answer, as_json=True)
        assert json.loads(capsys.readouterr().out)["runs"] == [run.name for run in runs[:-1]]
        assert f"{answer.name} is the answer" in " ".join(notes.notes)


@pytest.mark.long
@pytest.mark.parametrize("shape", ["multi", "attributes"])  # one class per image is below
def test_the_answer_is_scored_out_of_fold_and_predicts(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    fix_speeds(monkeypatch, 0.0)
    only_finetune(monkeypatch)
    settings, samples = make_settings(tmp_path), contest(shape)
    answer = train(samples, overrides=LINES, folds=2, minutes=5, settings=settings, progress=Notes())
    record = read_ensemble(answer.folder)
    assert record is not None
    assert [member.name for member in record.members] == ["baseline-1", "finetune-1"]
    assert record.weighing == "search"
    assert set(record.by_fold) == {"0", "1"}  # each fold is judged with weights of the other
    again = score_predictions(answer.oof, samples).main
    assert answer.scores.main.value == pytest.approx(again.value)
    assert answer.scores.main.low <= again.value <= answer.scores.main.high
    draw_images(tmp_path / "test", 3, seed=4)
    made = podium.load_run(runs=settings.runs).predict(tmp_path / "test", progress=Notes())
    assert len(made) == 3


@pytest.mark.long
@pytest.mark.parametrize("step", ["second", "answer"])
def test_a_plan_that_was_stopped_goes_on_to_the_same_answer(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    fix_speeds(monkeypatch, 0.0)
    only_finetune(monkeypatch)
    samples = contest("attributes")
    given: dict[str, Any] = {"overrides": LINES, "folds": 2, "minutes": 5, "name": "x", "progress": Notes()}
    whole = train(samples, settings=make_settings(tmp_path / "whole"), **given)
    settings = make_settings(tmp_path / "parts")
    with monkeypatch.context() as patch:
        stop_in(patch, step)
        with pytest.raises(Stopped):
            train(samples, settings=settings, **given)
    name = "x-finetune" if step == "second" else "x-baseline"
    answer = resume(name, settings=settings, progress=Notes())
    assert answer.name == "x"
    for run in ("x-baseline", "x-finetune", "x"):
        own, other = (dict(results_of(root / run)) for root in (whole.settings.runs, settings.runs))
        own.pop("scores.json")  # it has digests of tables with times
        other.pop("scores.json")
        assert own == other
    assert resume("x-baseline", settings=settings, progress=Notes()).name == "x-baseline"  # nothing is left to do
    assert len(list_runs(settings.runs)) == 3


def stop_in(patch: pytest.MonkeyPatch, step: str) -> None:
    """Stop between two folds of the second run, or before the ensemble is made."""
    if step == "answer":
        patch.setattr("podium.workflows.mix_steps.mix_steps", lambda *given: stop())
        return
    plain = FoldTrainer.train

    def train_or_stop(self: FoldTrainer, fold: int) -> bool:
        if self._run.name == "x-finetune" and fold == 1:
            stop()
        return plain(self, fold)

    patch.setattr(FoldTrainer, "train", train_or_stop)


def stop() -> None:
    """As a signal does."""
    raise Stopped("stopped by the test")


@pytest.mark.parametrize(("lines", "is_open"), [([], True), (["seed=3"], True), (["image.size_px=128"], False)])
def test_a_wider_network_is_a_step_where_the_user_left_it_open(lines: list[str], is_open: bool) -> None:
    wide = train_in_minutes._widen(compose_recipe("baseline", overrides=lines))
    assert (wide is not None) == is_open
    if wide is not None:
        usual = apply_overrides(wide, {"model.name": "tf_efficientnet_lite0", "image.size_px": "auto"})
        assert usual == compose_recipe("baseline", overrides=lines).model_copy(update={"preset": usual.preset})
        assert (wide.model.name, wide.image.size_px, wide.preset) == ("tf_efficientnet_lite2", 260, "baseline-changed")


@pytest.mark.parametrize(
    ("lines", "feature", "predict"),
    [
        ([], ("plain", "hflip"), ("plain", "hflip")),
        (["feature_views=[plain,rot90+vflip]", "predict_views=[plain]"], ("plain", "rot90+vflip"), ("plain",)),
        (["feature_views=[plain,center-0.9]", "predict_views=[plain]"], None, None),
    ],
)
def test_crops_are_corners_of_the_views_that_the_user_has(
    lines: list[str], feature: tuple[str, ...] | None, predict: tuple[str, ...] | None
) -> None:
    made = train_in_minutes._add_crops(compose_recipe("baseline", overrides=lines))
    if feature is None or predict is None:
        assert made is None
        return
    assert made is not None
    assert made.feature_views[: len(feature)] == feature
    assert made.predict_views[: len(predict)] == predict
    assert set(made.predict_views) <= set(made.feature_views)
    for part in ("top-left-0.875", "bottom-right-0.875"):
        corners = {view.removesuffix(part).removesuffix("+") or "plain" for view in made.feature_views if part in view}
        assert corners == set(feature)


@pytest.mark.long
def test_a_mix_that_hurts_leaves_the_best_run_alone(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix_speeds(monkeypatch, 0.0)
    only_finetune(monkeypatch)
    found = PairedDifference("f1_macro", Interval(-0.2, -0.3, -0.1, 18, 2000, 0.95), "hurts")
    monkeypatch.setattr("podium.workflows.combine_runs.paired_difference", lambda *given, **more: found)
    notes, settings = Notes(), make_settings(tmp_path)
    answer = train(contest("single"), overrides=LINES, folds=2, minutes=5, settings=settings, progress=notes)
    record = read_ensemble(answer.folder)
    assert record is not None
    scores = {member.name: member.score for member in record.members}
    best = max(scores, key=lambda name: scores[name])
    alone = Run(RunFolder(settings.runs / best), settings)
    assert np.allclose(answer.oof.probs["mask"], alone.oof.align(answer.oof.ids).probs["mask"])
    assert any(f"worse than {best}" in note and "that run alone answers" in note for note in notes.notes)
    draw_images(tmp_path / "test", 2, seed=4)
    told = Notes()
    made = answer.predict(tmp_path / "test", progress=told)
    own = alone.predict(tmp_path / "test", name="own", progress=Notes())
    assert np.allclose(made.probs["mask"], own.align(made.ids).probs["mask"], atol=1e-6)
    assert sum("of the ensemble." in note for note in told.notes) == 1  # the other one is not asked
    step = read_step(answer.folder)
    assert step is not None
    assert step.first == "baseline-1"
