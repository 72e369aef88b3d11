"""Scores on other images: of the holdout once, of labelled test sets in any form, logged and shown in the report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from podium import durable
from podium.cli import main
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.errors import CorruptFileError, ImageError, LabelError, PodiumError, UsageError
from podium.metrics import score_predictions
from podium.store import read_evaluations
from podium.tables import Samples
from podium.workflows import Run, load_run, train
from podium.workflows.decide import decide_run
from tiny.contest import Notes, draw_images, make_recipe, make_settings
from tiny.retouched import retouch

Contest = Callable[[str], Samples]
SHAPES = ("single", "multi", "attributes")


@pytest.fixture(scope="module")
def trained(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder of runs with the run "mine" of a shape, a third of whose images are held out."""
    made: dict[str, Path] = {}

    def of(shape: str) -> Path:
        if shape not in made:
            root = tmp_path_factory.mktemp(shape)
            folds = FoldOptions(folds=2, holdout_fraction=0.34)
            train(contest(shape), recipe=make_recipe(), folds=folds, name="mine", settings=make_settings(root))
            made[shape] = root
        return made[shape]

    return of


@pytest.fixture
def run(trained: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Run]:
    """A fresh copy of a run."""

    def of(shape: str, name: str = "mine") -> Run:
        shutil.copytree(trained(shape) / "runs" / "mine", tmp_path / "runs" / name)
        return Run(load_run(name, runs=tmp_path / "runs").folder, make_settings(tmp_path))

    return of


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_the_holdout_is_scored_by_the_mean_of_the_folds_and_logged(shape: str, run: Callable[[str], Run]) -> None:
    mine, notes = run(shape), Notes()
    held = mine.samples.take(mine.folds.holdout_rows)
    scores = mine.evaluate_holdout(progress=notes)
    wanted = score_predictions(mine.predict(held, name="again"), held)
    assert replace(scores, expected=None).to_dict() == wanted.to_dict()
    assert scores.targets[scores.main_target].n == len(held) > 9
    assert scores.expected is not None  # said before: of a test set with as many images and groups
    assert (scores.expected.n_images, scores.expected.is_assumed) == (len(held), False)
    assert not any("training data" in line for line in notes.notes)
    (line,) = read_evaluations(mine.folder)
    assert (line.kind, line.number, line.n, line.known_fraction) == ("holdout", 1, len(held), 0.0)
    assert line.recipe_sha256 == durable.sha256_file(mine.folder.recipe_file)
    assert line.scores.main.value == scores.main.value
    page = mine.folder.report_file.read_text()
    assert "Evaluated on other images" in page
    assert "first look" in page


@pytest.mark.slow
def test_a_number_of_the_holdout_is_scikit_learns(run: Callable[[str], Run]) -> None:
    mine = run("single")
    held = mine.samples.take(mine.folds.holdout_rows)
    made = mine.predict(held)
    np.testing.assert_array_equal(made.ids, held.ids)
    wanted = f1_score(held.labels["mask"], made.probs["mask"].argmax(axis=1), average="macro")
    assert mine.evaluate_holdout().main.value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.slow
def test_a_second_look_is_refused_or_counted_over_all_runs(run: Callable[..., Run]) -> None:
    first, second, notes = run("single", "first"), run("single", "second"), Notes()
    once = first.evaluate_holdout()
    with pytest.raises(UsageError, match="the holdout was scored on 20") as refused:
        first.evaluate_holdout()
    assert str(once.main) in refused.value.what
    assert len(read_evaluations(first.folder)) == 1
    second.evaluate_holdout(progress=notes)
    assert any("scored 2 times (runs: second 1, first 1)" in line for line in notes.notes)
    first.evaluate_holdout(again=True)
    assert [item.number for item in read_evaluations(first.folder)] == [1, 3]
    page = first.folder.report_file.read_text()
    assert "The holdout was looked at before" in page
    assert "look 3 at these images" in page


@pytest.mark.slow
def test_a_damaged_log_of_another_run_blocks_no_evaluation(run: Callable[..., Run]) -> None:
    mine, notes = run("single"), Notes()
    shutil.copytree(mine.folder.path, mine.folder.path.with_name("other"))
    (mine.folder.path.with_name("other") / "evaluations.jsonl").write_text("no line of a log\n")
    mine.evaluate_holdout(progress=notes)
    assert len(read_evaluations(mine.folder)) == 1
    assert any("cannot be read" in note and note.endswith("other.") for note in notes.notes)


@pytest.mark.slow
def test_a_holdout_that_is_not_there_or_changed_is_refused(
    run: Callable[..., Run], contest: Contest, tmp_path: Path
) -> None:
    mine = run("single")
    held = mine.samples.take(mine.folds.holdout_rows)
    away = shutil.copytree(held.root, tmp_path / "photos")
    (away / held.paths[0]).write_bytes((away / held.paths[1]).read_bytes())
    from podium.dataset.run_images import move_images

    move_images(mine.folder, away)
    with pytest.raises(ImageError, match=r"1 of .* images differ"):
        mine.evaluate_holdout()
    (away / held.paths[0]).unlink()
    with pytest.raises(ImageError, match=r"1 of .* images is missing"):
        mine.evaluate_holdout()
    assert not mine.folder.evaluations_file.exists()
    without = train(contest("single"), recipe=make_recipe(), folds=2, name="none", settings=make_settings(tmp_path))
    with pytest.raises(UsageError, match="has no holdout"):
        without.evaluate_holdout()


@pytest.mark.slow
def test_an_unfinished_run_and_a_changed_log_are_refused(run: Callable[[str], Run]) -> None:
    mine = run("single")
    mine.evaluate_holdout()
    log = mine.folder.evaluations_file
    log.write_text(log.read_text().replace('"number":1', '"number":2'))
    with pytest.raises(CorruptFileError):
        mine.evaluate_holdout()
    log.unlink()
    durable.remove_file(mine.folder.scores_file)
    for look in (mine.evaluate_holdout, lambda: mine.evaluate(mine.samples)):
        with pytest.raises(UsageError, match="not finished"):
            look()


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_a_test_set_is_scored_under_the_runs_classes(shape: str, run: Callable[[str], Run], tmp_path: Path) -> None:
    mine, notes = run(shape), Notes()
    seen = mine.samples.take(np.flatnonzero(mine.folds.fold >= 0))
    seen = retouch(seen, tmp_path / "retouched")
    scores = mine.evaluate(seen, progress=notes)
    assert any("were in the training data of this run" in line for line in notes.notes)
    again = score_predictions(mine.predict(seen, name="again"), seen)
    assert replace(scores, expected=None).to_dict() == again.to_dict()
    (line,) = read_evaluations(mine.folder)
    assert (line.kind, line.name, line.known_fraction) == ("test", "evaluation", 1.0)
    assert "100" in mine.folder.report_file.read_text().split("match training images")[0][-200:]


@pytest.mark.slow
def test_folders_and_tables_of_other_names_and_fewer_classes_are_read(
    run: Callable[[str], Run], tmp_path: Path
) -> None:
    mine = run("single")
    names = draw_images(tmp_path / "new" / "none", 6, seed=7)
    draw_images(tmp_path / "new" / "worn", 2, seed=8)
    found = mine.evaluate(tmp_path / "new").targets["mask"].per_class
    assert {item.name: item.n for item in found} == {"worn": 2, "none": 6}
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["image,mask", *(f"{name},none" for name in names)]))
    options = ScanOptions(labels=table, label_columns=("mask",))
    assert mine.evaluate(tmp_path / "new" / "none", options=options).targets["mask"].n == 6  # all of one class
    rows = [f"{name},{'none' if row else 'worn'}" for row, name in enumerate(names)]
    table.write_text("\n".join(["image,truth", *rows]))
    scores = mine.evaluate(tmp_path / "new" / "none", labels=table, name="table")
    assert {item.name: item.n for item in scores.targets["mask"].per_class} == {"worn": 1, "none": 5}
    table.write_text(table.read_text().replace("worn", "torn"))
    with pytest.raises(LabelError, match="'torn'"):
        mine.evaluate(tmp_path / "new" / "none", labels=table)
    with pytest.raises(PodiumError, match="no labels"):
        mine.evaluate(tmp_path / "new" / "none", options=ScanOptions(unlabelled=True))
    assert [item.name for item in read_evaluations(mine.folder)] == ["evaluation", "evaluation", "table"]


@pytest.mark.long
def test_the_command_says_the_same(
    run: Callable[[str], Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = run("attributes")
    place = ["--runs", str(tmp_path / "runs"), "--device", "cpu", "--threads", "1"]
    assert main(["evaluate", "mine", "--holdout", *place, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    (line,) = read_evaluations(mine.folder)
    assert record["scores"] == line.scores.to_dict()
    assert main(["evaluate", "mine", "--holdout", *place]) == 2
    assert "with --again" in capsys.readouterr().err
    assert main(["evaluate", "mine", "--holdout", "--again", *place]) == 0
    assert "logged   " in capsys.readouterr().out
    names = draw_images(tmp_path / "new", 4, seed=9)
    rows = [f"{name},worn,{('<30', '>=60')[row % 2]},red" for row, name in enumerate(names)]
    (tmp_path / "t.csv").write_text("\n".join(["image,mask,age,tags", *rows]))
    words = [str(tmp_path / "new"), "--labels", str(tmp_path / "t.csv"), "--label-columns", "mask", "age"]
    assert main(["evaluate", "mine", *words, *place, "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert (scores["targets"]["age"]["n"], scores["targets"]["tags"]["n"]) == (4, 0)
    for wrong in ([], [*words, "--holdout"], [*words, "--again"]):
        assert main(["evaluate", "mine", *wrong, *place]) == 2


def test_the_holdouts_name_is_its_own(run: Callable[[str], Run]) -> None:
    mine = run("single")
    with pytest.raises(UsageError, match="the run's own holdout"):
        mine.evaluate(replace(mine.samples), name="holdout")


@pytest.mark.slow
def test_evaluations_follow_what_the_run_decides(run: Callable[[str], Run]) -> None:
    """The answers that are scored are those of predict and submit."""
    mine, notes = run("multi"), Notes()
    held = mine.samples.take(mine.folds.holdout_rows)
    decide_run(mine.folder, thresholds=0.2)
    scores = mine.evaluate_holdout(progress=notes)
    found = mine.predict(held, name="again")
    head = found.task.main_target
    truth = held.target_labels(head.name)[held.rows_of(found.ids)]
    answers = (found.probs[head.name] >= 0.2).astype(int)
    f1 = scores.targets[head.name].metrics["f1_macro"].value
    assert f1 == pytest.approx(f1_score(truth, answers, average="macro", zero_division=0))
    (line,) = read_evaluations(mine.folder)
    plain = score_predictions(found, held)
    assert line.without_rules is not None
    assert line.without_rules.to_dict() == plain.to_dict()
    assert line.scores.to_dict() == scores.to_dict()
    old = plain.targets[head.name].metrics["f1_macro"].value
    assert f1 != old
    (note,) = [note for note in notes.notes if "as the run decides" in note.lower()]
    assert "without its rules" in note


@pytest.mark.slow
def test_both_numbers_stand_in_report_and_card(run: Callable[[str], Run]) -> None:
    mine = run("multi")
    recipe = mine.folder.recipe_file
    recipe.write_text(recipe.read_text().replace("metric: null", "metric: f1_macro"))
    decide_run(mine.folder, thresholds=0.2)
    mine.evaluate_holdout(progress=Notes())
    (line,) = read_evaluations(mine.folder)
    assert line.main_without_rules is not None
    assert "as the run decides, without its rules" in mine.folder.report_file.read_text()
    assert f"without its rules {line.main_without_rules:.4f}" in mine.folder.model_card_file.read_text()
