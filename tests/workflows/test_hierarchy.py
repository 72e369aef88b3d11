"""A run whose classes have parents: judged out of fold, followed by answers, taken back without the option."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

import podium
from podium.cli import main
from podium.errors import UsageError
from podium.recipe import load_recipe
from podium.recipe.build_losses import build_objective
from podium.store import find_stale
from podium.tables import Samples, Task
from tiny.contest import TINY, draw_images, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]


@pytest.mark.slow
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


@pytest.mark.long
@pytest.mark.parametrize("arrangement", ["shared", "separate"])
def test_parents_are_learnt_beside_the_classes(arrangement: str, contest: Contest, tmp_path: Path) -> None:
    """The loss of the first batch is that of the classes plus the weight times that of summed probabilities."""
    samples, settings = contest("attributes"), make_settings(tmp_path)
    table = tmp_path / "parents.csv"
    table.write_text("class,parent\n<30,young\n30-59,old\n>=60,old\n")
    more = {"loss.parent_weight": 3.0, "model.arrangement": arrangement}
    given = {"recipe": make_recipe(), "folds": 2, "settings": settings}
    run = podium.train(samples, hierarchy=table, overrides=more, name="parents", **given)  # type: ignore[arg-type]
    recipe = load_recipe(run.folder.recipe_file)
    assert recipe.loss.parents == {"<30": "young", "30-59": "old", ">=60": "old"}
    plain = podium.train(samples, overrides={"model.arrangement": arrangement}, name="plain", **given)  # type: ignore[arg-type]
    assert not np.array_equal(run.oof.probs["age"], plain.oof.align(run.oof.ids).probs["age"])
    objective = build_objective(
        recipe.loss,
        Task(samples.task.heads[1:2]),  # type: ignore[union-attr]
        samples.labels,
        torch.device("cpu"),
    )
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    ages, probs = torch.tensor([0, 1, 2, 1]), logits.softmax(dim=1)
    sums = torch.where(ages == 0, probs[:, 0], probs[:, 1:].sum(dim=1))
    wanted = functional.cross_entropy(logits, ages) - 3 * sums.log().mean()
    torch.testing.assert_close(objective({"age": logits}, {"age": ages}), wanted)
    before = results_of(run.folder.path)
    for path in [*run.folder.path.glob("fold-*/*/model.*"), *run.folder.path.glob("predictions/*")]:
        path.unlink()
    assert results_of(podium.resume("parents", settings=settings).folder.path) == before


@pytest.mark.parametrize(
    ("shape", "lines", "words"),
    [
        ("multi", ["loss.parents={red: warm, green: cold}"], "one class per image"),
        ("single", ["loss.parents={worn: a}"], "'mask' have no parent: none"),
        ("single", ["loss.parents={worn: a, none: a}"], "no level between"),
        ("single", ["loss.parent_weight=2"], "no effect with loss.parents"),
        ("single", ["loss.parents={worn: a, none: b}", "head.kind=ridge"], "no effect with head.kind"),
    ],
)
def test_parents_that_nothing_learns_are_refused(
    shape: str, lines: list[str], words: str, contest: Contest, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        podium.train(contest(shape), recipe=make_recipe(), overrides=lines, folds=2, settings=make_settings(tmp_path))


@pytest.mark.slow
def test_the_command_takes_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, name in enumerate(("beagle", "poodle", "siamese")):
        draw_images(tmp_path / "pets" / name, 8, seed=number)
    (tmp_path / "parents.csv").write_text("class,parent\nbeagle,dog\npoodle,dog\nsiamese,cat\n")
    table, runs = str(tmp_path / "parents.csv"), str(tmp_path / "runs")
    words = ["train", str(tmp_path / "pets"), "--folds", "2", "--hierarchy", table, "--runs", runs, "--name", "mine"]
    assert main([*words, "--device", "cpu", "--threads", "1", "-q", "--set", *TINY, "loss.parent_weight=2"]) == 0
    assert load_recipe(tmp_path / "runs/mine/recipe.yaml").loss.parents["poodle"] == "dog"
    assert main([*words, "--set", *TINY, "loss.parents={a: b}"]) == 2
    assert "say the same thing twice" in capsys.readouterr().err
