"""A run whose classes have parents: judged out of fold, followed by answers, taken back without the option."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import podium
from podium.cli import main
from podium.store import find_stale
from podium.tables import Samples, Task
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]


def test_decide_with_a_hierarchy(contest: Contest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples, settings = contest("attributes"), make_settings(tmp_path)
    assert samples.task is not None
    samples = replace(samples, task=Task(samples.task.heads))  # no composite class
    run = podium.train(samples, recipe=make_recipe(), folds=2, settings=settings)
    table = tmp_path / "parents.csv"
    table.write_text("class,parent\n<30,young\n30-59,old\n>=60,old\n")
    assert main(["decide", str(run.folder.path), "--hierarchy", str(table)]) == 0
    shown = capsys.readouterr().out
    ages = samples.target_labels("age")[samples.rows_of(run.oof.ids)]
    probs = run.oof.probs["age"]
    answers = np.where(probs[:, 0] > probs[:, 1:].sum(axis=1), 0, 1 + probs[:, 1:].argmax(axis=1))
    known = ages >= 0
    assert f"inside the best parent {(answers == ages)[known].mean():.3f}" in shown
    assert f"parents {((answers > 0) == (ages > 0))[known].mean():.3f}, height of a mistake" in shown
    run.predict(samples.root, name="again")
    with run.folder.predictions_file("again").with_suffix(".csv").open(newline="") as opened:
        found = [row["age"] for row in csv.DictReader(opened)]
    new = podium.load_run(run.folder.path).folder
    assert not find_stale(new)
    assert set(found) <= {"<30", "30-59", ">=60"}
    assert main(["decide", str(run.folder.path)]) == 0
    assert not run.folder.decisions_file.is_file()
