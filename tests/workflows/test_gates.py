"""Gates that cannot be talked round: attacks on the score, the holdout and the submission, and how each ends (E11)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import podium
from podium import FoldOptions
from podium.errors import PodiumError, UsageError
from podium.tables import Samples, as_text_array
from podium.workflows import Run, train
from tiny.contest import Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]


@pytest.fixture
def run(contest: Contest, tmp_path: Path) -> Run:
    """A run with a third of its images held out."""
    folds = FoldOptions(folds=2, holdout_fraction=0.34)
    return train(contest("single"), recipe=make_recipe(), folds=folds, name="mine", settings=make_settings(tmp_path))


def copied(samples: Samples, rows: np.ndarray, folder: Path) -> Samples:
    """The same files under other names and in another place."""
    folder.mkdir()
    taken = samples.take(rows)
    names = as_text_array([f"new-{row}.png" for row in range(len(taken))])
    for row, name in enumerate(names):
        shutil.copyfile(taken.file(row), folder / name)
    return Samples(folder, names, names, taken.task, taken.labels)


@pytest.mark.slow
def test_images_that_a_model_learnt_are_not_scored_under_any_name(run: Run, tmp_path: Path) -> None:
    learnt, held = run.folds.learnt_rows, run.folds.holdout_rows
    with pytest.raises(UsageError, match="learnt all of these"):
        run.evaluate(copied(run.samples, learnt, tmp_path / "all"))
    notes = Notes()
    some = copied(run.samples, np.concatenate([learnt[:5], held]), tmp_path / "some")
    scores = run.evaluate(some, progress=notes)
    assert scores.targets["mask"].n == len(held)
    assert any("Not scored" in line and "5 of " in line for line in notes.notes)


@pytest.mark.long
def test_an_ensemble_with_a_run_that_learnt_the_holdout_cannot_confirm_on_it(
    run: Run, contest: Contest, tmp_path: Path
) -> None:
    settings = make_settings(tmp_path)
    train(contest("single"), recipe=make_recipe(), folds=2, name="sees-all", settings=settings)
    both = podium.ensemble("mine", "sees-all", name="both", runs=settings.runs)
    with pytest.raises(UsageError, match=r"learnt 1[0-9] of 1[0-9] images of this holdout"):
        both.evaluate_holdout()


@pytest.mark.long
def test_a_holdout_confirms_once_whatever_is_changed_in_between(run: Run) -> None:
    run.evaluate_holdout()
    run.decide(tune="f1_macro")
    for how in ({}, {"tta": ["hflip"]}, {"tta": "none"}):
        with pytest.raises(UsageError, match="was scored on"):
            run.evaluate_holdout(**how)  # type: ignore[arg-type]
    notes = Notes()
    run.evaluate_holdout(again=True, progress=notes)
    assert any("scored 2 times" in line for line in notes.notes)


@pytest.mark.long
def test_no_choice_reads_the_holdout(run: Run, contest: Contest, tmp_path: Path) -> None:
    """Decisions, weights and verdicts are of out-of-fold rows, among which no image of the holdout is."""
    other = contest("single")
    settings = make_settings(tmp_path)
    second = train(
        other,
        recipe=make_recipe("optimizer.lr=0.01"),
        folds=FoldOptions(folds_from=run.folder.path),
        name="second",
        settings=settings,
    )
    held = set(run.samples.ids[run.folds.holdout_rows])
    assert held, "else nothing is tested"
    assert not held & set(second.oof.ids)
    assert not held & set(run.oof.ids)
    blend = podium.ensemble("mine", "second", name="greedy", weights="greedy", runs=settings.runs)
    assert not held & set(blend.oof.ids)
    assert not held & {
        flip.image for flips in podium.compare("mine", "second", runs=settings.runs).flips.values() for flip in flips
    }


@pytest.mark.long
def test_extra_data_with_images_of_the_holdout_does_not_train_on_them(
    run: Run, contest: Contest, tmp_path: Path
) -> None:
    stolen = copied(run.samples, run.folds.holdout_rows, tmp_path / "stolen")
    settings = make_settings(tmp_path)
    cheat = podium.train(
        contest("single"),
        extra={"web": (stolen, 1.0)},
        recipe=make_recipe(),
        folds=FoldOptions(folds_from=run.folder.path),
        name="cheat",
        settings=settings,
    )
    learnt = cheat.samples.take(cheat.folds.learnt_rows)
    assert not [name for name in learnt.ids if str(name).startswith("web")]
    cheat.evaluate_holdout()


@pytest.mark.slow
def test_no_option_writes_a_submission_that_fails_its_check(run: Run, tmp_path: Path) -> None:
    found = run.predict(run.samples.take(np.arange(6)))
    sample = tmp_path / "sample.csv"
    names = [*(f"{row:02d}.png" for row in range(6)), "unknown.png"]
    pd.DataFrame({"image": names, "label": 0}).to_csv(sample, index=False)
    out = tmp_path / "mine.csv"
    for more in ({}, {"overwrite": True}, {"allow_extra": True}, {"when_none": "top"}, {"values": "numbers"}):
        with pytest.raises(PodiumError):
            podium.submit(found, template=sample, out=out, **more)  # type: ignore[arg-type]
        assert not out.exists()
