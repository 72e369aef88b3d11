"""T23: minutes for a run are planned before it starts, and the plan is the run's recipe."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from podium.crossval import time_budget
from podium.crossval.time_budget import speeds_of_autotune
from podium.errors import UsageError
from podium.recipe import apply_overrides, find_preset, load_recipe
from podium.tables import Samples
from podium.training.rehearsal import Rehearsal
from podium.training.time_plan import Speeds
from podium.workflows.train_and_resume import resume, train
from tiny.contest import TINY, Notes, make_settings, results_of

Contest = Callable[[str], Samples]
LINES = [line for line in TINY if not line.startswith("training.epochs")]
QUICK = [*LINES, "model.frozen_blocks=1"]
CPU = torch.device("cpu")


def fix_speeds(monkeypatch: pytest.MonkeyPatch, train_s: float) -> None:
    """Let every rehearsal have measured this."""
    found = Rehearsal(Speeds(frozen_s=1e-4, train_s=train_s, eval_s=1e-4), view_bytes=100)
    monkeypatch.setattr(time_budget, "rehearse", lambda *given: found)


@pytest.mark.long
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
@pytest.mark.parametrize("lines", [QUICK, [*LINES, "model.freeze=none"]], ids=["cached", "whole"])
def test_a_rehearsed_run_of_every_task_ends_in_time(
    contest: Contest, tmp_path: Path, shape: str, lines: list[str]
) -> None:
    notes = Notes()
    run = train(
        contest(shape),
        preset="quick",
        overrides=lines,
        folds=2,
        minutes=9,
        settings=make_settings(tmp_path),
        progress=notes,
    )
    plan, recipe = run.folder.read()["plan"], load_recipe(run.folder.recipe_file)
    assert plan["epochs"] == recipe.training.epochs == 12  # four times the preset's: there is time for more
    assert recipe.preset == "quick-changed"
    assert recipe.model.cached_views == (12 if lines is QUICK else 0)
    assert all(plan["speeds"][name] > 0 for name in ("train_s", "eval_s"))
    assert any(
        re.match(r"Planned: 12 epochs, about \d+ seconds for 2 trainings, of the 9 minutes", n) for n in notes.notes
    )


@pytest.mark.long
def test_solved_heads_are_rehearsed_whole(contest: Contest, tmp_path: Path) -> None:
    kept = [line for line in LINES if line.startswith(("model.name", "model.weights", "image"))]
    notes, settings = Notes(), make_settings(tmp_path)
    lines = [*kept, "head.kind=auto"]
    run = train(
        contest("multi"), preset="baseline", overrides=lines, folds=2, minutes=9, settings=settings, progress=notes
    )
    plan = run.folder.read()["plan"]
    assert (plan["epochs"], plan["speeds"]["train_s"]) == (1, 0.0)
    assert plan["speeds"]["start_s"] > 0
    assert any(note.startswith("Planned: about ") for note in notes.notes)


@pytest.mark.long
def test_epochs_that_fit_are_recorded_and_a_resume_is_exact(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix_speeds(monkeypatch, train_s=0.4)  # 36 images, an epoch of two folds takes 14.4 s
    samples = contest("attributes")
    settings = make_settings(tmp_path)
    run = train(samples, preset="quick", overrides=QUICK, folds=2, minutes=1, only_folds=[0, 1], settings=settings)
    assert load_recipe(run.folder.recipe_file).training.epochs == 3  # 0.9 * 60 - 3 of scoring, over 14.4
    expected = results_of(run.folder.path)
    monkeypatch.undo()
    again = make_settings(tmp_path / "again")
    plain = train(
        samples, preset="quick", overrides=[*QUICK, "training.epochs=3"], folds=2, only_folds=[0], settings=again
    )
    resume(plain.name, only_folds=[1], settings=again)
    assert results_of(plain.folder.path) == expected


@pytest.mark.slow
def test_what_would_fit_is_said(contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fix_speeds(monkeypatch, train_s=2.0)  # an epoch of each fold takes 36 s
    with pytest.raises(UsageError) as error:
        train(contest("single"), preset="quick", overrides=QUICK, folds=2, minutes=1, settings=make_settings(tmp_path))
    assert "1 epoch would take about 1 minute for 2 trainings here" in str(error.value)
    assert "`minutes=2`, or `only_folds=[0]`" in str(error.value)
    assert not list((tmp_path / "runs").glob("*/run.json"))
    longer = train(
        contest("single"), preset="quick", overrides=QUICK, folds=2, minutes=2, settings=make_settings(tmp_path)
    )
    assert load_recipe(longer.folder.recipe_file).training.epochs == 1


def test_epochs_and_minutes_contradict_each_other(contest: Contest, tmp_path: Path) -> None:
    given: dict[str, Any] = {"minutes": 3, "settings": make_settings(tmp_path)}
    with pytest.raises(UsageError, match=r"training\.epochs is planned for"):
        train(contest("single"), preset="quick", overrides=["training.epochs=3"], **given)
    for minutes in (0, -1, float("inf"), float("nan")):
        with pytest.raises(UsageError, match="expected a number above 0"):
            train(contest("single"), **given | {"minutes": minutes})


def test_a_forecast_comes_from_what_autotune_measured() -> None:
    training = {"chosen": {"precision": "bf16", "layout": "contiguous"}, "seconds": {"bf16 contiguous": 1.6}}
    frozen = {"chosen": {"engine": "torch", "precision": "fp32"}, "seconds": {"torch fp32": 0.32}}
    quick = apply_overrides(find_preset("quick"), ["model.cached_views=3"])
    found = speeds_of_autotune(quick, {"training": training | {"images": 16}, "frozen": frozen}, 16)
    assert found is not None
    assert (found.frozen_s, found.train_s) == pytest.approx((0.02, 0.125))
    assert speeds_of_autotune(quick, {"training": training | {"images": 16}}, 16) is None
    assert speeds_of_autotune(quick, {"training": training, "frozen": frozen}, 16) is None  # of an older version
    assert speeds_of_autotune(find_preset("baseline"), {"frozen": frozen}, 16) is not None
    alone = frozen | {"seconds": {"torch fp32": None}}
    assert speeds_of_autotune(find_preset("baseline"), {"frozen": alone}, 16) is None


@pytest.mark.slow
def test_a_forecast_is_said_before_the_start(contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Speeds(frozen_s=0.0, train_s=1.0, eval_s=0.0)
    monkeypatch.setattr(time_budget, "speeds_of_autotune", lambda *given: slow)
    notes = Notes()
    train(
        contest("single"),
        preset="quick",
        overrides=[*QUICK, "training.epochs=2"],
        folds=2,
        settings=make_settings(tmp_path),
        progress=notes,
    )
    assert "This takes about 1 minute for 2 trainings here, by what autotune measured." in notes.notes
