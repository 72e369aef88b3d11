"""Fold options without effect: said where the data has folds of its own, refused where two options contradict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from podium.cli import main
from podium.dataset import FoldOptions
from podium.dataset.idle_fold_options import given_fold_options, note_idle_fold_options
from podium.errors import UsageError
from podium.tables import Samples, as_text_array
from tiny.contest import TINY, N, draw_images

Contest = Callable[[str], Samples]


def divided(samples: Samples) -> Samples:
    return replace(samples, split=as_text_array(["valid" if row < N // 2 else "train" for row in range(N)]))


def with_folds(samples: Samples) -> Samples:
    return replace(samples, fold=as_text_array([str(row // (N // 2)) for row in range(N)]))


def test_a_default_is_told_from_the_same_number_that_was_given() -> None:
    assert given_fold_options(FoldOptions()) == []
    assert given_fold_options(FoldOptions(folds=5)) == ["folds"]
    assert given_fold_options(FoldOptions(folds=5, strict=True), n_folds=5) == ["strict"]


@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_options_beside_the_datas_own_split_are_named(shape: str, contest: Contest) -> None:
    samples = divided(contest(shape))
    said = note_idle_fold_options(samples, FoldOptions(folds=40, split_seed=3), 1)
    assert said is not None
    assert said.startswith("`folds`, `split_seed` had no effect, for the data's own split is used as it is")
    assert "which makes 1 fold." in said
    assert "split_method='stratified'" in said
    assert note_idle_fold_options(samples, FoldOptions(strict=True), 1) is None
    assert note_idle_fold_options(samples, FoldOptions(folds=40, split_method="stratified"), 40) is None


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (FoldOptions(folds=5), "folds"),
        (FoldOptions(split_seed=1), "split_seed"),
        (FoldOptions(stratify_by="mask"), "stratify_by"),
    ],
)
def test_options_beside_a_column_of_folds_are_refused(options: FoldOptions, field: str, contest: Contest) -> None:
    with pytest.raises(UsageError, match="has no effect, for the column of folds is used as it is") as refused:
        note_idle_fold_options(with_folds(contest("single")), options, 2)
    assert refused.value.field == field
    assert note_idle_fold_options(with_folds(contest("single")), FoldOptions(folds=2), 2) is None  # as it happens


def test_a_target_to_balance_beside_a_method_that_balances_nothing_is_refused(contest: Contest) -> None:
    for method, why in (("random", "deals rows blindly"), ("group", "balances no classes")):
        options = FoldOptions(split_method=method, stratify_by="mask")  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=why) as refused:
            note_idle_fold_options(contest("single"), options, 5)
        assert refused.value.field == "stratify_by"


@pytest.mark.long
def test_the_command_says_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also -q: a score of one fold is another thing than that of forty."""
    monkeypatch.chdir(tmp_path)
    for name, seed in (("a", 0), ("b", 1)):
        draw_images(tmp_path / "photos" / "train" / name, 6, seed=seed)
        draw_images(tmp_path / "photos" / "val" / name, 3, seed=seed + 2)
    words = ["--set", *TINY, "--device", "cpu", "--threads", "1", "-q"]
    assert main(["train", "photos", "--folds", "40", "--name", "one", *words]) == 0
    assert "--folds had no effect" in capsys.readouterr().err
    assert main(["train", "photos", "--name", "two", *words]) == 0
    assert "no effect" not in capsys.readouterr().err
    assert main(["train", "--resume", "one", "--folds", "5", *words]) == 2
    assert "Leave out --folds" in capsys.readouterr().err
    assert main(["train", "runs/one", "--folds", "5", *words]) == 2
    assert "prepared together with its folds, 1 in number" in capsys.readouterr().err
    rows = [f"{name},{'ab'[row % 2]},{row // 4}" for row, name in enumerate(draw_images(tmp_path / "more", 12))]
    Path("t.csv").write_text("\n".join(["image,label,part", *rows]) + "\n")
    assert main(["train", "more", "--labels", "t.csv", "--fold-column", "part", "--folds", "5", *words]) == 2
    assert (
        "--folds: has no effect, for the column of folds is used as it is, which makes 3 folds"
        in capsys.readouterr().err
    )
