"""A run's test predictions as a submission: of the folds that are trained now, as the run decides, and logged."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import podium
from podium import durable
from podium.cli import main
from podium.errors import ArgumentError, CorruptFileError, SubmissionError, UsageError
from podium.store import RunFolder, create_run
from podium.submission import SubmissionOptions
from podium.tables import (
    MEAN_OF_FOLDS,
    Head,
    Predictions,
    Samples,
    Task,
    as_text_array,
    load_predictions,
    save_predictions,
)
from podium.workflows import resume, train
from podium.workflows.submit import submit, submit_run
from tiny.contest import draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]
TAGS = Task((Head("tags", "multi", ("red", "green")),))
PROBS = np.array([[0.9, 0.2], [0.45, 0.55], [0.1, 0.7]])
IDS = ("x.png", "y.png", "z.png")


def predictions(ids: Sequence[str] = IDS) -> Predictions:
    fold = np.full(len(ids), MEAN_OF_FOLDS)
    return Predictions(TAGS, as_text_array(list(ids)), fold, {"tags": PROBS[: len(ids)]})


def write_predictions(run: RunFolder, name: str = "test", *, folds: Sequence[int] = (0, 1)) -> None:
    """As `podium predict` leaves them."""
    path = run.predictions_file(name)
    weights = {f"fold-{fold}/all": f"digest {fold}" for fold in folds}
    (origin,) = save_predictions(predictions(), path, weights=weights).origins
    about = {"root": "data/test", "folds": list(folds), "files": {path.name: origin.sha256}, "weights": weights}
    durable.write_json(path.with_suffix(".json"), about)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run with both folds trained and predictions of a test set."""
    made = create_run(tmp_path / "runs", "mine", {"folds": [0, 1]})
    for fold in (0, 1):
        save_predictions(predictions(), made.predictions_file("oof", fold))
        durable.write_json(made.training_folder(fold, "all") / "model.json", {"sha256": f"digest {fold}"})
    write_predictions(made)
    return made


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A sample that asks for 0 or 1, or for probabilities: it does not say."""
    path = tmp_path / "sample.csv"
    path.write_text("id,red,green\n" + "".join(f"{name},0,0\n" for name in IDS))
    return path


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


def test_the_file_lies_in_the_run_unless_a_place_is_named(run: RunFolder, sample: Path, tmp_path: Path) -> None:
    record = submit_run(run, sample)
    assert record.path == run.submission_file
    assert rows_of(record.path) == [["x.png", "1", "0"], ["y.png", "0", "1"], ["z.png", "0", "1"]]  # 1 from 0.5 on
    assert submit_run(run, sample, out=tmp_path / "out.csv").path.read_bytes() == record.path.read_bytes()


def test_every_submission_is_a_line_of_the_log(run: RunFolder, sample: Path) -> None:
    write_predictions(run, "public")
    first = submit_run(run, sample)
    second = submit_run(run, None, name="public")
    assert second.path == first.path
    lines = [json.loads(line) for line in run.submissions_file.read_text().splitlines()]
    assert [line["predictions"] for line in lines] == ["test", "public"]
    assert [line["template"] for line in lines] == [str(sample), None]
    assert lines[1]["sha256"] == hashlib.sha256(run.submission_file.read_bytes()).hexdigest() != lines[0]["sha256"]
    sample.write_text("id,red,green\nnobody.png,0,0\n")
    with pytest.raises(SubmissionError):
        submit_run(run, sample)
    assert len(run.submissions_file.read_text().splitlines()) == 2


@pytest.mark.parametrize(("name", "words"), [("test", "('FOLDER')"), ("public", "('FOLDER', name='public')")])
def test_predictions_that_are_not_there_say_how_they_are_made(run: RunFolder, name: str, words: str) -> None:
    run.predictions_file("test").unlink()
    with pytest.raises(UsageError, match=f"run 'mine' has no predictions {name!r}") as refused:
        submit_run(run, None, name=name)
    assert refused.value.fix == f"Make them with `podium.load_run('mine').predict{words}`."
    assert not run.submission_file.exists()


@pytest.mark.parametrize(("folds", "made_by"), [((0,), "folds 0"), ((0, 1, 2), "folds 0, 1, 2"), ((), "unknown folds")])
def test_predictions_of_other_folds_than_are_trained_are_refused(
    run: RunFolder, folds: Sequence[int], made_by: str
) -> None:
    write_predictions(run, folds=folds)
    with pytest.raises(UsageError, match=f"are the mean of {made_by}; folds 0, 1 are trained now") as refused:
        submit_run(run, None)
    assert refused.value.fix == "Make them again with `podium.load_run('mine').predict('data/test')`."
    assert not run.submission_file.exists()


def test_predictions_of_other_weights_are_refused(run: RunFolder) -> None:
    durable.write_json(run.training_folder(1, "all") / "model.json", {"sha256": "another"})
    with pytest.raises(UsageError, match="are the mean of folds 0, 1, whose weights are others now"):
        submit_run(run, None)


@pytest.mark.parametrize("about", [{"root": "data/test"}, {"files": {"test.parquet": "another"}}, [0, 1], None])
def test_predictions_that_were_not_finished_are_refused(run: RunFolder, about: object) -> None:
    """The JSON is written last, with the digests of what was written before it."""
    file = run.predictions_file("test").with_suffix(".json")
    if about is None:
        file.unlink()
    else:
        durable.write_json(file, about)
    with pytest.raises(UsageError, match="were changed, or podium predict was not finished") as refused:
        submit_run(run, None)
    images = "data/test" if isinstance(about, dict) and "root" in about else "FOLDER"
    assert refused.value.fix == f"Make them again with `podium.load_run('mine').predict({images!r})`."
    assert not run.submission_file.exists()


def test_a_fold_that_was_asked_for_and_is_not_trained_is_not_in_the_mean(run: RunFolder) -> None:
    run.predictions_file("oof", 1).unlink()
    with pytest.raises(UsageError, match="folds 0, 1; folds 0 are trained now"):
        submit_run(run, None)
    write_predictions(run, folds=[0])
    assert submit_run(run, None).n_rows == 3


def test_the_runs_rules_decide_and_an_option_comes_first(run: RunFolder, sample: Path) -> None:
    durable.write_json(run.decisions_file, {"thresholds": {"tags": [0.4, 0.6]}, "composite": "independent"})
    decided = SubmissionOptions(values="decision")
    assert rows_of(submit_run(run, sample, options=decided).path) == [
        ["x.png", "1", "0"],
        ["y.png", "1", "0"],
        ["z.png", "0", "1"],
    ]
    all_ones = SubmissionOptions(values="decision", thresholds=0.0)
    assert {(red, green) for _, red, green in rows_of(submit_run(run, sample, options=all_ones).path)} == {("1", "1")}
    durable.write_json(run.decisions_file, {"thresholds": {"tags": [1]}, "composite": "independent"})
    with pytest.raises(CorruptFileError):
        submit_run(run, sample)


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        ("metric: f1_macro", "decision"),
        ("metric: roc_auc_macro", "probability"),
        ("metric: null", "decision"),
        ("metric: no such metric", "decision"),
        ("metric: [roc_auc_macro]", "decision"),
        ("[roc_auc_macro]", "decision"),
        (None, "decision"),
    ],
)
def test_a_sample_of_zeros_gets_what_the_metric_that_was_asked_for_needs(
    run: RunFolder, sample: Path, recipe: str | None, kind: str
) -> None:
    """The default metric, of ranks for several labels, was not asked for: it says nothing of the contest."""
    durable.write_json(run.scores_file, {"main_metric": "average_precision_macro"})
    if recipe is not None:
        durable.write_text(run.recipe_file, recipe)
    assert submit_run(run, sample).values == {"red": kind, "green": kind}
    other = "decision" if kind == "probability" else "probability"
    asked = SubmissionOptions(values=other)  # type: ignore[arg-type]
    assert submit_run(run, sample, options=asked).values == {"red": other, "green": other}


def test_quiet_does_not_hide_that_all_rows_are_the_same(
    run: RunFolder, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--values", "decision", "--thresholds", "0", "--runs", str(run.path.parent)]
    capsys.readouterr()
    assert main(["submit", run.name, str(sample), "-q", *options]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said
    assert all(line.startswith("caution: ") for line in said)
    assert any("same" in line for line in said)


def test_a_recipe_that_is_no_yaml_is_refused(run: RunFolder, sample: Path) -> None:
    durable.write_text(run.recipe_file, "metric: [")
    with pytest.raises(CorruptFileError, match="recipe"):
        submit_run(run, sample)


def test_predictions_of_any_origin_are_written(sample: Path, tmp_path: Path) -> None:
    record = submit(predictions(), template=str(sample), out=tmp_path / "out.csv", values="probability")
    assert [[float(cell) for cell in cells] for _, *cells in rows_of(record.path)] == PROBS.tolist()
    with pytest.raises(ArgumentError, match="thresholds"):
        podium.submit(predictions(), template=sample, out=tmp_path / "out.csv", treshold=0.5)


@pytest.mark.slow
def test_folds_that_were_trained_later_need_new_predictions(contest: Contest, tmp_path: Path) -> None:
    draw_images(tmp_path / "test", 5, seed=9)
    settings = make_settings(tmp_path)
    made = train(contest("single"), recipe=make_recipe(), folds=3, only_folds=[1], settings=settings)
    made.predict(tmp_path / "test")
    submit_run(made.folder, None)
    resume(made.name, only_folds=[0, 2], settings=settings)
    with pytest.raises(UsageError, match=r"mean of folds 1; folds 0, 1, 2 are trained now") as caught:
        submit_run(made.folder, None)
    folder = str(tmp_path / "test")
    assert caught.value.fix == f"Make them again with `podium.load_run({made.name!r}).predict({folder!r})`."
    made.predict(tmp_path / "test")
    submit_run(made.folder, None)


@pytest.mark.parametrize("how", ["in memory", "from its file", "some rows"])
def test_python_submits_as_the_command_does(run: RunFolder, sample: Path, tmp_path: Path, how: str) -> None:
    """The run's rules are followed, and its log has the line that the command would write."""
    durable.write_json(run.decisions_file, {"thresholds": {"tags": [0.4, 0.6]}, "composite": "independent"})
    submit_run(run, sample, out=tmp_path / "command.csv")
    made = load_predictions(run.predictions_file("test"))
    made = made if how != "some rows" else made.take(np.array([2, 0, 1]))
    if how == "in memory":
        made = save_predictions(made, run.predictions_file("test"), weights=made.origins[0].weights)
    submit(made, template=sample, out=tmp_path / "python.csv")
    assert (tmp_path / "python.csv").read_bytes() == (tmp_path / "command.csv").read_bytes()
    command, python = durable.Journal(run.submissions_file).read()
    assert {**command, "at": "", "path": ""} == {**python, "at": "", "path": ""}
    assert python["path"] == str(tmp_path / "python.csv")


def test_a_mean_of_two_runs_is_in_both_logs(run: RunFolder, sample: Path, tmp_path: Path) -> None:
    other = RunFolder(Path(shutil.copytree(run.path, tmp_path / "runs" / "other")))
    parts = [load_predictions(one.predictions_file("test")) for one in (run, other)]
    submit(podium.mean_predictions(parts), template=sample, out=tmp_path / "out.csv")
    digests = [line["sha256"] for one in (run, other) for line in durable.Journal(one.submissions_file).read()]
    assert digests == [hashlib.sha256((tmp_path / "out.csv").read_bytes()).hexdigest()] * 2
