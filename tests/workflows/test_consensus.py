"""A run whose groups answer together: predict, evaluate and submit follow; images without groups are told."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import podium
from podium.cli import main
from podium.decisions import pool_groups
from podium.errors import UsageError
from podium.metrics import paired_difference, score
from podium.store import find_stale
from podium.tables import Samples, as_certain_probs, decide, load_predictions
from podium.workflows import Run, train
from podium.workflows.decide import decide_run
from podium.workflows.submit import submit_run
from tiny.contest import make_recipe, make_settings
from tiny.retouched import retouch

Contest = Callable[[str], Samples]
BY_NUMBER = r"^(\d)"
"""A group of ten images each: the first digit of their names."""


@pytest.fixture
def run(contest: Contest, tmp_path: Path) -> Run:
    return train(contest("attributes"), recipe=make_recipe(), folds=2, settings=make_settings(tmp_path))


def answers(file: Path, column: str) -> dict[str, str]:
    with file.open(newline="") as opened:
        return {row["id"]: row[column] for row in csv.DictReader(opened)}


def agree(found: dict[str, str], group_of: Callable[[str], str]) -> bool:
    by_group = defaultdict(set)
    for name, answer in found.items():
        by_group[group_of(name)].add(answer)
    return all(len(different) == 1 for different in by_group.values())


@pytest.mark.slow
def test_it_is_judged_out_of_fold(run: Run) -> None:
    decision = decide_run(run.folder, consensus=["mask", "age"])
    rows = run.samples.rows_of(run.oof.ids)
    groups, head = run.samples.group_keys[rows], run.oof.task.head("age")
    probs = {group: run.oof.probs["age"][groups == group] for group in groups}
    pooled = np.array([np.log(probs[group]).mean(axis=0) for group in groups])
    before, after = decide(run.oof.probs["age"], head), pooled.argmax(axis=1)
    assert decision.n_changed.get("age", 0) == int((before != after).sum()) > 0
    labels, found = run.samples.labels["age"][rows], decision.differences["age"]
    certain = [as_certain_probs(decided, head) for decided in (before, after)]
    wanted = [score(found.metric, values, labels, head) for values in certain]
    assert found.difference.value == pytest.approx(wanted[1] - wanted[0])
    assert found == paired_difference(*certain, labels, groups, found.metric, head)


@pytest.mark.long
def test_predict_evaluate_and_submit_follow(run: Run, contest: Contest, tmp_path: Path) -> None:
    samples = contest("attributes")
    plain = run.predict(samples.root, name="plain")
    raw = run.predict(samples.root, group=BY_NUMBER)
    path = run.folder.predictions_file("test")
    before = path.with_suffix(".csv").read_bytes()
    decision = decide_run(run.folder, consensus=["age"])
    assert any("'plain' name no groups" in line for line in decision.notes)
    assert [stale.file for stale in find_stale(run.folder)] == ["predictions/plain.csv"]
    for name, values in raw.probs.items():
        np.testing.assert_array_equal(load_predictions(path).probs[name], values)
        np.testing.assert_array_equal(values, plain.probs[name])
    found = answers(path.with_suffix(".csv"), "age")
    assert agree(found, lambda name: name[0])
    assert not agree(answers(path.with_suffix(".csv"), "class"), lambda name: name[0])
    with pytest.raises(UsageError, match=r"these images name no groups.*`group`"):
        run.predict(samples.root)
    with pytest.raises(UsageError, match="these images name no groups"):
        submit_run(run.folder, None, name="plain")
    record = submit_run(run.folder, None, out=tmp_path / "out.csv")
    assert answers(record.path, "age") == found

    scores = run.evaluate(retouch(samples, tmp_path / "retouched"))
    pooled = pool_groups(load_predictions(run.folder.predictions_file("evaluation")), ["age"])
    head = pooled.task.head("age")
    for name in ("f1_macro", "log_loss"):
        wanted = score(name, pooled.probs["age"], samples.labels["age"], head)
        assert scores.targets["age"].metrics[name].value == pytest.approx(wanted)
    decide_run(run.folder)
    assert path.with_suffix(".csv").read_bytes() == before
    run.predict(samples.root)


@pytest.mark.slow
def test_the_command(run: Run, contest: Contest, capsys: pytest.CaptureFixture[str]) -> None:
    words = [run.name, "--runs", str(run.folder.path.parent)]
    assert main(["decide", *words, "--consensus", "mask", "age"]) == 0
    assert "decisions.json" in capsys.readouterr().out
    assert main(["decide", *words, "--consensus", "race"]) == 2
    assert main(["decide", *words, "--consensus", "tags", "age", "mask"]) == 0
    assert "tags differs inside 7 of 17 groups" in capsys.readouterr().out
    root = str(contest("attributes").root)
    assert main(["predict", run.name, root, "--runs", str(run.folder.path.parent), "--group", BY_NUMBER]) == 0
    assert agree(answers(run.folder.predictions_file("test").with_suffix(".csv"), "mask"), lambda name: name[0])


@pytest.mark.slow
def test_a_task_without_groups_is_refused(contest: Contest, tmp_path: Path) -> None:
    samples = replace(contest("single"), group=None)
    alone = train(samples, recipe=make_recipe(), folds=2, settings=make_settings(tmp_path))
    with pytest.raises(UsageError, match="no group of this run has two images"):
        decide_run(alone.folder, consensus=["mask"])
    with pytest.raises(UsageError, match="group"):
        podium.load_run(str(alone.folder.path)).predict(np.zeros((8, 8, 3), dtype=np.uint8), group="folder")
