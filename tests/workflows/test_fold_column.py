"""Training on the user's own folds: the same numbers as on the same folds of Podium's making, by both doors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium.cli import main
from podium.tables import Samples, as_text_array, load_folds
from podium.workflows import train
from tiny.contest import TINY, draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_given_folds_train_as_made_ones(shape: str, contest: Contest, tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    made = train(contest(shape), recipe=make_recipe(), folds=2, settings=settings)
    names = as_text_array([f"part {number}" for number in made.folds.fold])
    given = train(replace(contest(shape), fold=names), recipe=make_recipe(), settings=settings)
    assert given.folds.method == "predefined"
    np.testing.assert_array_equal(given.folds.fold, made.folds.fold)
    for target, probs in made.oof.probs.items():
        np.testing.assert_array_equal(given.oof.probs[target], probs)
    assert given.scores.main.value == made.scores.main.value
    assert given.samples.fold is not None
    assert given.samples.fold.tolist() == names.tolist()


@pytest.mark.slow
def test_a_column_of_the_table_is_followed_and_checked_for_leaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = draw_images(tmp_path / "photos", 12)
    cells = [*("1", "5") * 5, "", "-1"]
    rows = [f"{name},{'ab'[row // 2 % 2]},{cells[row]},p{row // 2}" for row, name in enumerate(names)]
    Path("t.csv").write_text("\n".join(["image,label,part,who", *rows]) + "\n")
    split = ["split", "photos", "--labels", "t.csv", "--fold-column", "part", "--out", "made"]
    assert main(split) == 0
    assert "2 folds by predefined" in capsys.readouterr().out
    assert load_folds(Path("made")).fold.tolist() == [*(0, 1) * 5, -1, -1]
    wanted = ["train", *split[1:6], "--group", "who", "--set", *TINY]
    assert main([*wanted, "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert answer["error"] == "LeakError"
    assert "--split-method stratified" in answer["fix"]
