"""Pseudo-labels: fold by fold by default, sharpened, thresholded, capped, and learnt as extra data on equal folds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from podium.cli import main
from podium.curate import Scan
from podium.dataset import FoldOptions, save_scan
from podium.errors import SplitError, UsageError
from podium.tables import Head, Samples, load_predictions, load_samples
from podium.workflows import Run, train
from podium.workflows.compare import compare_folders
from podium.workflows.pseudo import PseudoOptions, label_by_probs
from tiny.contest import draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]


def start(contest: Contest, shape: str, root: Path) -> Run:
    return train(contest(shape), recipe=make_recipe(), folds=2, name="mine", settings=make_settings(root))


@pytest.mark.long
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_each_fold_learns_from_its_own_models(shape: str, contest: Contest, tmp_path: Path) -> None:
    run = start(contest, shape, tmp_path)
    names = draw_images(tmp_path / "new", 6, seed=3)
    made = run.pseudo_labels(tmp_path / "new", tmp_path / "pseudo")
    assert len(made) == 2 * len(names)
    extra = {"pseudo": (tmp_path / "pseudo", 0.5)}
    student = train(
        contest(shape),
        extra=extra,
        folds=FoldOptions(folds_from=run.folder.path),
        recipe=make_recipe(),
        name="student",
        settings=make_settings(tmp_path),
    )
    samples, folds = student.samples, student.folds
    for fold in range(2):
        rows = folds.train_rows(fold)
        own = rows[samples.is_extra[rows]]
        assert sorted(samples.ids[own]) == [f"pseudo:{name}@fold-{fold}" for name in names]
        for head in samples.task.heads:  # type: ignore[union-attr]
            teacher = run.folder.predictions_file("pseudo", fold)
            assert np.allclose(samples.soft[head.name][own], load_predictions(teacher).probs[head.name], atol=1e-6)
    assert samples.is_extra[folds.learnt_rows].sum() == len(names)  # once in a refit
    assert set(student.oof.ids) == set(run.oof.ids)
    assert compare_folders([[run.folder], [student.folder]]).main.arms[0].verdict


@pytest.mark.slow
def test_labels_made_for_other_folds_are_refused_but_not_those_of_the_mean(contest: Contest, tmp_path: Path) -> None:
    run = start(contest, "single", tmp_path)
    draw_images(tmp_path / "new", 6, seed=3)
    run.pseudo_labels(tmp_path / "new", tmp_path / "by_fold")
    run.pseudo_labels(tmp_path / "new", tmp_path / "by_mean", mean=True)
    others = {"folds": FoldOptions(folds=2, split_seed=1), "settings": make_settings(tmp_path)}
    with pytest.raises(SplitError, match="'pseudo' was made fold by fold, for other folds"):
        train(contest("single"), extra={"pseudo": tmp_path / "by_fold"}, recipe=make_recipe(), **others)  # type: ignore[arg-type]
    assert load_samples(tmp_path / "by_mean").fold is None
    with pytest.raises(UsageError, match="no label is sure enough"):
        run.pseudo_labels(tmp_path / "new", tmp_path / "none", least=1.0)


def test_probabilities_are_sharpened_thresholded_and_capped() -> None:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(3), 50)
    head = Head("pet", "single", ("cat", "dog", "owl"))
    shares, labels = label_by_probs(probs, head, PseudoOptions(power=2, least=0.6, most_per_class=4))
    assert np.bincount(labels[labels >= 0]).max() <= 4
    for row, label in enumerate(labels):
        if label < 0:
            assert (shares[row] == -1).all()
            continue
        assert np.allclose(shares[row], probs[row] ** 2 / (probs[row] ** 2).sum())
        better = (probs.argmax(axis=1) == label) & (probs[:, label] > probs[row, label])
        assert better.sum() < 4
        assert probs[row].max() >= 0.6
    plain, _ = label_by_probs(probs, head, PseudoOptions())
    assert np.allclose(plain, probs)


def test_several_labels_are_sure_each_for_itself() -> None:
    probs = np.array([[0.95, 0.5], [0.1, 0.97], [0.99, 0.02]])
    head = Head("tags", "multi", ("red", "green"))
    shares, labels = label_by_probs(probs, head, PseudoOptions(least=0.9, most_per_class=1))
    assert labels.tolist() == [[-1, -1], [0, 1], [1, 0]]
    assert ((shares == -1) == (labels == -1)).all()
    sharp, _ = label_by_probs(probs, head, PseudoOptions(power=2))
    assert np.allclose(sharp, probs**2 / (probs**2 + (1 - probs) ** 2))


@pytest.mark.parametrize("wrong", [{"power": 0}, {"least": 2}, {"most_per_class": 0}])
def test_wrong_options_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        PseudoOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_command_says_what_comes_next(
    contest: Contest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(contest, "single", tmp_path)
    draw_images(tmp_path / "new", 4, seed=3)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    words = ["pseudo", "mine", "new", "--device", "cpu", "--threads", "1", "-q"]
    assert main([*words, "--out", "one"]) == 0
    assert "--extra pseudo=one:0.5 --folds-from" in capsys.readouterr().out
    assert main([*words, "--out", "two", "--mean", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_rows"] == 4
    assert main([*words, "--out", "two", "--mean"]) == 0  # its own are replaced
    save_scan(Scan(contest("single")), tmp_path / "scan")
    assert main([*words, "--out", "scan"]) == 2
    assert "this folder holds a scan" in capsys.readouterr().err
