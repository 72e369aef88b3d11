"""A team mate's files as a member: the same numbers as a run with these predictions, and cautions where they leak."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import podium
from podium.errors import UsageError
from podium.store import RunFolder, find_stale, read_ensemble
from podium.tables import Predictions, Samples, load_predictions, save_predictions
from podium.workflows import Run, train
from tiny.contest import TASKS, Notes, draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]


def as_csv(made: Predictions, path: Path, *, sharper: float = 1.0) -> None:
    columns: dict[str, object] = {"image": made.ids}
    for head in made.task.heads:
        probs = np.asarray(made.probs[head.name]) ** sharper
        probs = probs if head.is_multi else probs / probs.sum(axis=1, keepdims=True)
        columns |= {f"{head.name}={name}": probs[:, c] for c, name in enumerate(head.classes)}
    pd.DataFrame(columns).to_csv(path, index=False)


@pytest.fixture(scope="module", params=TASKS)
def place(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, samples = tmp_path_factory.mktemp(request.param), contest(request.param)
    draw_images(folder / "test", 5, seed=9)
    for name, lines in {"a": (), "b": ("optimizer.lr=0.3",)}.items():
        recipe = make_recipe("training.epochs=1", *lines)
        run = train(samples, recipe=recipe, name=name, folds=2, progress=Notes(), settings=make_settings(folder))
        made = run.predict(folder / "test", progress=Notes())
        as_csv(run.oof, folder / f"{name}-oof.csv")
        as_csv(made, folder / f"{name}-test.csv")
    return folder


def combine(place: Path, *members: str, **how: object) -> Run:
    made = podium.ensemble(*members, runs=place / "runs", progress=Notes(), **how)  # type: ignore[arg-type]
    return Run(made.folder, make_settings(place))


@pytest.mark.long
def test_it_counts_as_the_run_that_made_the_file(place: Path) -> None:
    given = combine(place, "a", f"team={place / 'b-oof.csv'}:{place / 'b-test.csv'}")
    both = combine(place, "a", "b")
    head = given.oof.task.heads[0].name
    assert np.allclose(given.oof.probs[head], both.oof.probs[head])
    assert given.scores.main.value == pytest.approx(both.scores.main.value)
    assert [line.name for line in given.members.lines] == ["a", "team"]
    assert given.members.notes
    assert not find_stale(given.folder)
    made = given.predict(place / "test", progress=Notes())
    assert np.allclose(made.probs[head], both.predict(place / "test", progress=Notes()).probs[head], atol=1e-6)
    record = read_ensemble(given.folder)
    assert record is not None
    assert (record.same_folds, record.members[1].is_given) == (False, True)
    assert "team" in given.folder.report_file.read_text()

    draw_images(place / "more", 6, seed=10)
    with pytest.raises(UsageError, match=r"'team' of the ensemble .* lacks [16]"):
        given.predict(place / "more", progress=Notes())
    kept = given.folder.given_file("team", "oof")
    save_predictions(replace(load_predictions(kept), origins=()).take(np.array([1, 0])), kept)
    assert any(stale.file == "scores.json" for stale in find_stale(given.folder))


@pytest.mark.slow
def test_without_a_test_file_it_predicts_nothing_and_wrong_names_are_refused(place: Path) -> None:
    given = combine(place, "a", f"team={place / 'b-oof.csv'}")
    with pytest.raises(UsageError, match="has no predictions of test images"):
        given.predict(place / "test", progress=Notes())
    with pytest.raises(UsageError, match="two members are called 'a'"):
        combine(place, "a", f"a={place / 'b-oof.csv'}")
    with pytest.raises(UsageError, match="cannot read the member"):
        combine(place, "a", "=x.csv")
    with pytest.raises(UsageError, match="a run among them"):
        combine(place, f"x={place / 'b-oof.csv'}", f"y={place / 'b-oof.csv'}")


@pytest.mark.slow
def test_a_member_that_saw_its_rows_is_told(place: Path) -> None:
    run = Run(RunFolder(place / "runs" / "a"), make_settings(place))
    oof, samples = run.oof, run.samples
    labels = samples.labels
    leaky: dict[str, object] = {"image": oof.ids}
    for head in oof.task.heads:
        truth = labels[head.name][samples.rows_of(oof.ids)]
        sure = truth == 1 if head.is_multi else truth[:, None] == np.arange(head.n_classes)
        if not head.is_multi:
            sure[truth < 0, 0] = True
        probs = np.where(sure, 0.999, 0.001 if head.is_multi else 0.001 / (head.n_classes - 1))
        leaky |= {f"{head.name}={name}": probs[:, c] for c, name in enumerate(head.classes)}
    pd.DataFrame(leaky).to_csv(place / "leaky.csv", index=False)
    made = load_predictions(run.folder.predictions_file("test"))
    as_csv(made, place / "unsure.csv", sharper=0.3)
    notes = Notes()
    podium.ensemble("a", f"x={place / 'leaky.csv'}:{place / 'unsure.csv'}", runs=place / "runs", progress=notes)
    assert any("x is surer out of fold than on the test" in note and "trained on" in note for note in notes.notes)


def test_answers_only_vote(place: Path) -> None:
    run = Run(RunFolder(place / "runs" / "b"), make_settings(place))
    if any(head.is_multi for head in run.oof.task.heads):
        pytest.skip("several labels have no single answer")
    columns: dict[str, object] = {"image": run.oof.ids}
    for head in run.oof.task.heads:
        columns[head.name] = [head.classes[c] for c in np.asarray(run.oof.probs[head.name]).argmax(axis=1)]
    pd.DataFrame(columns).to_csv(place / "hard.csv", index=False)
    with pytest.raises(UsageError, match="holds answers and no probabilities"):
        combine(place, "a", f"team={place / 'hard.csv'}")
    assert combine(place, "a", f"team={place / 'hard.csv'}", blend="vote").scores.main.value >= 0
