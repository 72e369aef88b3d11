"""A wrong keyword is answered with the right one, as a PodiumError that is a TypeError too."""

from __future__ import annotations

import inspect
import pickle

import pytest

import podium
from podium.arguments import refuse_unknown, strict_arguments
from podium.errors import ArgumentError


@pytest.mark.parametrize(
    ("function", "given", "hint"),
    [
        ("train", {"lables": "x.csv"}, "options=podium.ScanOptions(labels=...)"),
        ("train", {"epochs": 3}, "overrides={'training.epochs': ...}"),
        ("train", {"lr": 3}, "overrides={'optimizer.lr': ...}"),
        ("train", {"batch_size": 3}, "overrides={'training.batch_size': ...}"),
        ("train", {"fold": 3}, "only_folds=..."),
        ("train", {"n_folds": 3}, "folds=..."),
        ("train", {"group": "patient"}, "options=podium.ScanOptions(group=...)"),
        ("train", {"split_seed": 1}, "folds=podium.FoldOptions(split_seed=...)"),
        ("train", {"device": "cpu"}, "settings=podium.Settings(device=...)"),
        ("train", {"presett": "quick"}, "preset=..."),
        ("scan", {"lables": "x.csv"}, "labels=..."),
        ("scan", {"label": "x"}, "label_columns=..."),
        ("resume", {"names": "x"}, "It takes run, recipe"),
        ("compose_recipe", {"overides": []}, "overrides=..."),
        ("make_folds", {"method": "group"}, "split_method=..."),
        ("submit", {"threshold": 0.3, "template": "x"}, "thresholds=..."),
        ("ScanOptions", {"lables": "x.csv"}, "labels=..."),
        ("FoldOptions", {"seed": 1}, "split_seed=..."),
        ("Settings", {"gpu": 1}, "device=..."),
    ],
)
def test_a_wrong_keyword_names_the_right_one(function: str, given: dict[str, object], hint: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        getattr(podium, function)("anything", **given) if function[0].islower() else getattr(podium, function)(**given)
    assert isinstance(caught.value, TypeError)
    assert str(caught.value).startswith(f"{function}() has no argument {next(iter(given))!r}. ")
    assert hint in str(caught.value)


def test_right_calls_pass_and_keep_their_signature() -> None:
    @strict_arguments()
    def join(first: str, *, second: str = "b") -> str:
        """Both."""
        return first + second

    assert (join("a"), join("a", second="c")) == ("ab", "ac")
    assert list(inspect.signature(join).parameters) == ["first", "second"]
    assert join.__doc__ == "Both."
    with pytest.raises(TypeError, match="missing"):
        join()  # type: ignore[call-arg]


def test_options_still_compare_and_pickle() -> None:
    options = podium.ScanOptions(group="patient")
    assert options == pickle.loads(pickle.dumps(options)) != podium.ScanOptions()
    assert next(iter(inspect.signature(podium.FoldOptions).parameters)) == "folds"


def test_overrides_may_be_a_mapping_or_lines() -> None:
    lines = podium.compose_recipe("finetune", overrides=["training.epochs=3", "loss.single.kind=focal"])
    assert podium.compose_recipe("finetune", overrides={"training.epochs": 3, "loss.single.kind": "focal"}) == lines
    assert podium.compose_recipe("finetune", overrides="training.epochs=3").training.epochs == 3
    assert podium.compose_recipe(recipe=lines, seed=4).seed == 4
    with pytest.raises(podium.PodiumError, match=r"overrides: unknown recipe key 'training\.epoch'"):
        podium.compose_recipe(overrides={"training.epoch": 3})


def test_a_name_that_may_mean_two_arguments_is_answered_with_both() -> None:
    with pytest.raises(ArgumentError, match=r"Did you mean only_folds=\.\.\. or folds=\.\.\.\?"):
        refuse_unknown("train", ["fold"], ["folds", "only_folds", "metric"])
