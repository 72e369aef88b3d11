"""A stacked ensemble, with and without columns of a table: predicts what it stored, and asks for what it needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import podium
from podium import durable
from podium.cli import main
from podium.decisions import load_blend
from podium.errors import UsageError
from podium.store import RunFolder, read_ensemble
from podium.tables import Samples
from podium.workflows import Run, train
from tiny.contest import TASKS, Notes, draw_images, make_recipe, make_settings
from tiny.retouched import retouch

Contest = Callable[[str], Samples]


@pytest.fixture(scope="module", params=TASKS)
def place(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, samples = tmp_path_factory.mktemp(request.param), contest(request.param)
    for name, lines in {"a": (), "b": ("optimizer.lr=0.3",)}.items():
        recipe = make_recipe("training.epochs=1", *lines)
        train(samples, recipe=recipe, name=name, folds=2, progress=Notes(), settings=make_settings(folder))
    draw_images(folder / "test", 6, seed=9)
    ages = np.arange(len(samples)) % 7
    frame = pd.DataFrame({"image": samples.ids, "age": ages, "site": np.where(ages % 2, "x", "y")})
    frame.to_csv(folder / "train.csv", index=False)
    names = sorted(path.name for path in (folder / "test").iterdir())
    test = pd.DataFrame({"image": names, "age": range(6), "site": list("xyxyxz"), "who": list("ppqqrr")})
    test.to_csv(folder / "test.csv", index=False)
    return folder


def combine(place: Path, **how: object) -> Run:
    made = podium.ensemble("a", "b", runs=place / "runs", progress=Notes(), weights="stack", **how)  # type: ignore[arg-type]
    return Run(made.folder, make_settings(place))


@pytest.mark.long
def test_it_predicts_by_the_regression_that_it_stored(place: Path) -> None:
    made = combine(place)
    record = read_ensemble(made.folder)
    assert record is not None
    assert made.members.over_equal is not None
    assert "logistic regression" in made.members.how
    found = made.predict(place / "test", progress=Notes())
    runs = [Run(RunFolder(place / "runs" / name), make_settings(place)) for name in "ab"]
    own = [run.predict(place / "test", progress=Notes()).align(found.ids).probs for run in runs]
    wanted = load_blend(record.blend).combine(own, found.task)
    for name, values in wanted.items():
        assert np.allclose(found.probs[name], values, atol=1e-6)
    assert made.scores.expected is not None


@pytest.mark.long
def test_columns_are_used_and_then_needed(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = ("--runs", str(place / "runs"))
    words = ("--weights", "stack", "--table", str(place / "train.csv"), "--columns", "age", "site", "--name", "table")
    assert main(["ensemble", "a", "b", *words, *runs, "--quiet"]) == 0
    capsys.readouterr()
    assert main(["predict", "table", str(place / "test"), *runs, "--quiet"]) == 2
    assert "also looks at age, site of each image" in " ".join(capsys.readouterr().err.replace("'", "").split())
    more = ("--rows", str(place / "test.csv"), "--image-column", "image")
    assert main(["predict", "table", str(place / "test"), *more, *runs, "--quiet"]) == 0
    made = Run(RunFolder(place / "runs" / "table"), make_settings(place))
    plain = combine(place).predict(place / "test", progress=Notes())
    found = made.predict(place / "test", rows=place / "test.csv", progress=Notes())
    assert found.ids.tolist() == plain.ids.tolist()
    labelled = retouch(made.samples, tmp_path / "retouched")
    with pytest.raises(UsageError, match="also looks at"):
        made.evaluate(labelled, progress=Notes())
    scores = made.evaluate(labelled, rows=place / "train.csv", progress=Notes())
    assert scores.main_target == made.scores.main_target
    image = next((place / "test").iterdir())
    with pytest.raises(UsageError, match="also looks at"):
        made.predict(image, progress=Notes())


@pytest.mark.slow
def test_views_that_members_chose_are_told(place: Path) -> None:
    run = RunFolder(place / "runs" / "b")
    chosen = {"chosen": {"follow": True, "views": ["plain", "hflip"], "stored_px": None}}
    durable.write_sealed(run.views_file, chosen)
    notes = Notes()
    podium.ensemble("a", "b", runs=place / "runs", progress=notes)
    durable.remove_file(run.views_file)
    assert any(note.startswith("b predicts new images with the test-time views") for note in notes.notes)


@pytest.mark.long
def test_relative_columns_need_groups(place: Path) -> None:
    samples = Run(RunFolder(place / "runs" / "a"), make_settings(place)).samples
    how = {"table": place / "train.csv", "relative": ["age"]}
    if not samples.has_groups:
        with pytest.raises(UsageError, match="is compared with the group"):
            combine(place, **how)
        return
    made = combine(place, **how)
    with pytest.raises(UsageError, match="is compared with the group"):
        made.predict(place / "test", rows=place / "test.csv", progress=Notes())
    assert len(made.predict(place / "test", rows=place / "test.csv", group="who", progress=Notes())) == 6


def test_what_has_no_meaning_is_refused(place: Path) -> None:
    with pytest.raises(UsageError, match="columns of a table are used by a stack"):
        podium.ensemble("a", "b", runs=place / "runs", columns=["age"], table=place / "train.csv")
    with pytest.raises(UsageError, match="a table and columns of it go together"):
        combine(place, columns=["age"])
    with pytest.raises(UsageError, match="takes the blend 'mean'"):
        combine(place, blend="vote")
