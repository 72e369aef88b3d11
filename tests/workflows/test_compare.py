"""`podium compare`: from the shell and from Python, for every task shape; what cannot be compared is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import podium
from podium.cli import main
from podium.dataset import FoldOptions
from podium.errors import UnknownNameError, UsageError
from podium.store import RunFolder
from podium.tables import Samples
from podium.workflows import Run, compose_recipe, train
from podium.workflows.compare import _about_seeds
from tiny.contest import TASKS, Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]


def start(samples: Samples, folder: Path, name: str, *lines: str, **how: object) -> Run:
    options: dict[str, object] = {"folds": 2, "progress": Notes(), "settings": make_settings(folder)}
    return train(samples, recipe=make_recipe("training.epochs=1", *lines), name=name, **(options | how))


@pytest.fixture(scope="module", params=TASKS)
def runs(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, samples = tmp_path_factory.mktemp(request.param), contest(request.param)
    first = start(samples, folder, "a-1")
    for name, lines in {"a-2": ["seed=1"], "b-1": ["optimizer.lr=0.3"], "b-2": ["optimizer.lr=0.3", "seed=1"]}.items():
        start(samples, folder, name, *lines, folds=FoldOptions(folds_from=first.folder.path))
    return folder / "runs"


@pytest.mark.long
def test_runs_are_compared_on_every_target(runs: Path) -> None:
    found = podium.compare("a-1", "b-1", "b-2", runs=runs)
    first = podium.load_run("a-1", runs=runs)
    assert found.main.target == first.scores.main_target
    assert {one.target for one in found.targets} == set(first.scores.targets)
    assert found.main.reference_score == pytest.approx(first.scores.main.value)
    for arm in found.main.arms:
        other = podium.load_run(arm.name, runs=runs).scores.main.value
        assert arm.difference.value == pytest.approx(other - found.main.reference_score)
    assert any("One seed each" in note for note in found.notes)
    assert any("b-1, b-2 differ in the seed alone: compare them as one, b-1,b-2" in note for note in found.notes)


@pytest.mark.slow
def test_seeds_are_judged_as_one(runs: Path) -> None:
    found = podium.compare(["a-1", "a-2"], ["b-1", "b-2"], runs=runs)
    assert found.runs == (("a-1", "a-2"), ("b-1", "b-2"))
    assert (found.main.n_seeds, found.main.arms[0].n_seeds) == (2, 2)
    assert found.notes == ()
    mixed = podium.compare(["a-1", "b-2"], ["b-1"], runs=runs)
    assert any("a-1, b-2 differ in more than their seeds" in note for note in mixed.notes)


@pytest.mark.slow
def test_the_command_says_the_same(runs: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = tmp_path / "differ.csv"
    words = ["compare", "a-1,a-2", "b-1", "--runs", str(runs), "--out", str(table)]
    assert main(words) == 0
    shown = capsys.readouterr().out
    found = podium.compare(["a-1", "a-2"], "b-1", runs=runs)
    assert "a-1 (2 seeds)" in shown
    assert f"{found.main.arms[0].difference.value:+.4f}" in shown
    with table.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(found.flips["b-1"])
    assert "Compared with a-1" in table.with_suffix(".html").read_text()
    assert main([*words, "--json"]) == 0  # its own list may be replaced
    record = json.loads(capsys.readouterr().out)
    assert record["targets"][0]["arms"][0]["verdict"] == found.main.arms[0].verdict
    assert record["n_flips"]["b-1"]["right"] + record["n_flips"]["b-1"]["wrong"] == len(found.flips["b-1"])
    table.write_text("mine")
    assert main(words) == 2
    assert table.read_text() == "mine"


def test_another_metric_and_level(runs: Path) -> None:
    at = {level: podium.compare("a-1", "b-1", runs=runs, metric="f1_macro", level=level).main for level in (0.9, 0.99)}
    widths = {level: one.arms[0].difference.high - one.arms[0].difference.low for level, one in at.items()}
    assert widths[0.9] < widths[0.99]
    assert at[0.9].metric == "f1_macro"
    with pytest.raises(UnknownNameError):
        podium.compare("a-1", "b-1", runs=runs, metric="f2")
    with pytest.raises(UsageError, match="the level is 1"):
        podium.compare("a-1", "b-1", runs=runs, level=1.0)


@pytest.mark.long
def test_what_cannot_be_compared_is_refused(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    first = start(samples, tmp_path, "first")
    with pytest.raises(UsageError, match="needs two runs"):
        podium.compare("first", runs=tmp_path / "runs")
    with pytest.raises(UsageError, match="named twice"):
        podium.compare("first", "last", runs=tmp_path / "runs")
    start(contest("multi"), tmp_path, "other")
    with pytest.raises(UsageError, match="answer different tasks"):
        podium.compare("first", "other", runs=tmp_path / "runs")
    labels = {"mask": samples.labels["mask"].copy()}
    labels["mask"][0] = 1 - labels["mask"][0]
    start(replace(samples, labels=labels), tmp_path, "corrected")
    with pytest.raises(UsageError, match="different labels of the same images"):
        podium.compare("first", "corrected", runs=tmp_path / "runs")
    start(samples, tmp_path, "half", folds=FoldOptions(folds=2, split_seed=5))
    found = podium.compare("first", "half", runs=tmp_path / "runs")
    assert any("Not all runs have the same folds" in note for note in found.notes)
    assert first.folds.digest != podium.load_run("half", runs=tmp_path / "runs").folds.digest


@pytest.mark.slow
def test_runs_are_compared_where_they_are_worst(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = podium.load_run("a-1", runs=runs)
    table, ids = tmp_path / "sites.csv", first.oof.ids.tolist()
    table.write_text("image,site,lab\n" + "".join(f"{name},{'ab'[row % 3 == 0]},x\n" for row, name in enumerate(ids)))
    words = ["compare", "a-1", "b-1", "--runs", str(runs), "--worst-by", "site", "--table", str(table)]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["targets"][0]
    (slices,) = first.slices("site", table=table)
    assert told["metric"] == f"worst_group_{slices.metric}"
    assert told["worst"]["a-1"] == slices.worst
    assert told["reference_score"] == pytest.approx(slices.worst_score.value)
    assert slices.worst_score.value == next(one.interval.value for one in slices.scores if one.name == slices.worst)
    assert slices.worst_score.low <= slices.worst_score.value <= slices.worst_score.high
    assert main(words) == 0
    assert f"worst    {slices.worst} in a-1" in capsys.readouterr().out
    found = podium.compare(["a-1", "a-2"], ["b-1", "b-2"], runs=runs, worst_by="fold")
    assert {"fold 0", "fold 1"} >= set(found.main.worst.values())
    for wrong, how in (
        ({"worst_by": "lab", "table": table}, "has one value"),
        ({"worst_by": "nothing"}, "unknown column"),
        ({"table": table}, "is not named"),
    ):
        with pytest.raises(UsageError, match=how):
            podium.compare("a-1", "b-1", runs=runs, **wrong)  # type: ignore[arg-type]


def test_equal_recipes_with_equal_seeds_are_one_run_and_not_two_seeds() -> None:
    recipe = compose_recipe("baseline")
    arms = [[RunFolder(Path("a"))], [RunFolder(Path("b"))]]
    (same, _) = _about_seeds(arms, [[recipe], [recipe.model_copy(update={"preset": "baseline-changed"})]])
    assert same == "The recipes of a, b are the same, and so are their seeds: one run, not two."
    (twins, _) = _about_seeds(arms, [[recipe], [recipe.model_copy(update={"seed": 1})]])
    assert "differ in the seed alone" in twins
