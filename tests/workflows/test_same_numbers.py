"""A number has one value wherever it is shown: terminal, --json, report --json and scores.json say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podium import FoldOptions, durable
from podium.cli.flags import ResultFlags
from podium.cli.report import report
from podium.cli.runs import runs
from podium.cli.train import show_run
from podium.report.numbers import plain_score
from podium.splits import summarise_folds
from podium.tables import Samples
from podium.workflows import train
from podium.workflows.prepare import prepare
from podium.workflows.run import Run
from podium.workflows.split import SplitSummary
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]
SHAPES = ("single", "multi", "attributes")


@pytest.fixture(params=SHAPES)
def run(request: pytest.FixtureRequest, contest: Contest, tmp_path: Path) -> Run:
    folds = FoldOptions(folds=2)
    return train(contest(request.param), recipe=make_recipe(), folds=folds, settings=make_settings(tmp_path))


def printed(capsys: pytest.CaptureFixture[str], command: Callable[[], object]) -> str:
    capsys.readouterr()
    command()
    return capsys.readouterr().out


@pytest.mark.slow
def test_scores_chance_and_folds_are_the_same_everywhere(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    stored: dict[str, Any] = durable.read_json(run.folder.scores_file)
    # how they were made, what could be tuned, and the seal
    for about in ("made_from", "computed_with", "results_sha256", "tuning", "sha256"):
        stored.pop(about, None)
    assert json.loads(printed(capsys, lambda: show_run(run, as_json=True)))["scores"] == stored
    assert json.loads(json.dumps(run.scores.to_dict())) == stored
    as_json = ResultFlags(json=True)
    page = json.loads(printed(capsys, lambda: report(run.name, runs=run.folder.path.parent, output=as_json)))
    (row,) = json.loads(printed(capsys, lambda: runs(runs=run.folder.path.parent, output=as_json)))["runs"]
    target, metric = stored["main_target"], stored["main_metric"]
    main, chance = stored["targets"][target]["metrics"][metric], stored["targets"][target]["chance"][metric]
    assert page["headline"]["interval"] == row["score"] == main
    assert page["headline"]["chance"] == row["chance"] == run.scores.chance == chance
    for section in page["targets"]:
        kept = stored["targets"][section["name"]]
        assert (section["metrics"], section["chance"]) == (kept["metrics"], kept["chance"])
        assert [line["score"] for line in section["classes"]] == kept["per_class"]
        assert (section["n"], section["n_groups"]) == (kept["n"], kept["n_groups"])
    for line, fold in zip(page["folds"]["lines"], stored["folds"], strict=True):
        assert (line["score"], line["chance"]) == (fold["interval"], fold["chance"])
    text = printed(capsys, lambda: show_run(run, as_json=False))
    first = text.splitlines()[0]
    assert f" {plain_score(main['value'], 4)}" in first
    assert f"chance {plain_score(chance, 4)}" in first
    for line in page["headline"]["targets"]:
        shown = next(row.split() for row in text.splitlines()[1:] if row.startswith(f"{line['target']} "))
        assert plain_score(line["interval"]["value"], 4) in shown
        assert shown[-1] == plain_score(line["chance"], 4)


@pytest.mark.slow
def test_the_deviation_of_folds_is_one_number(
    run: Run, contest: Contest, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With several targets the terminal counted them all, the report the main one only: 0.333 beside 0.000."""
    as_json = ResultFlags(json=True)
    page = json.loads(printed(capsys, lambda: report(run.name, runs=run.folder.path.parent, output=as_json)))
    summary = summarise_folds(run.samples, run.folds)
    shown = [(line["deviation"], line["deviation_at"]) for line in page["folds"]["lines"]]
    assert shown == [(part.deviation, part.deviation_at) for part in summary.parts]
    prepared = prepare(run.samples, folds=FoldOptions(folds_from=run.folder.path), settings=make_settings(tmp_path))
    lines = SplitSummary(prepared).lines()
    for (deviation, _), number in zip(shown, range(run.folds.n_folds), strict=True):
        assert any(line.startswith(f"fold {number} ") and f"{deviation:.2%}" in line for line in lines)
