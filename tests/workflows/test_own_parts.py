"""Losses and metrics of the user's own train, score, resume and run in processes, by the names they registered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import podium
from podium.cli import main
from podium.crossval.start_run import start_run
from podium.dataset import FoldOptions
from podium.errors import RecipeError, UsageError
from podium.losses import binary_cross_entropy_per_sample, cross_entropy_per_sample, own
from podium.machine import Silent
from podium.own_parts import VARIABLE
from podium.recipe import save_recipe
from podium.tables import save_samples
from tiny.contest import make_recipe, make_samples, make_settings, results_of

PARTS = """
import podium
from podium.losses import binary_cross_entropy_per_sample, cross_entropy_per_sample

def flat(logits, target, weight=None, *, factor=1.0):
    fn = cross_entropy_per_sample if target.ndim == 1 else binary_cross_entropy_per_sample
    return fn(logits * factor, target, weight)

podium.register_loss("flat", flat, kinds=["single", "multi"])
podium.register_metric("hits", lambda true, answer: float((true == answer).mean()), needs="decisions", best=1.0,
                       kinds=["single", "ordinal", "multi"])
"""
SINGLE, MULTI = "loss.single={kind: own, name: flat}", "loss.multi={kind: own, name: flat}"
OWN = (SINGLE, "metric=hits")
SHAPES = {"single": OWN, "multi": (MULTI, "metric=hits"), "attributes": (SINGLE, MULTI, "metric=hits")}


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "_known", {})
    monkeypatch.setenv(VARIABLE, "")


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    file = tmp_path / "my_parts.py"
    file.write_text(PARTS)
    podium.load_parts(file)
    return file


@pytest.mark.long
@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize("shape", SHAPES)
def test_it_trains_as_the_same_loss_of_podium(shape: str, tmp_path: Path) -> None:
    samples, settings = make_samples(tmp_path / "images", shape), make_settings(tmp_path)
    mine = podium.train(samples, recipe=make_recipe(*SHAPES[shape]), folds=2, settings=settings, name="mine")
    usual = podium.train(samples, recipe=make_recipe(), folds=2, settings=settings, name="usual")
    one, other = (results_of(run.folder.path) for run in (mine, usual))
    weights = [name for name in one if name.endswith(".safetensors")]
    assert weights
    assert all(one[name] == other[name] for name in weights)
    assert mine.scores.main_metric == "hits"
    assert 0 <= mine.scores.main.value <= 1


@pytest.mark.long
def test_options_reach_the_loss(parts: Path, tmp_path: Path) -> None:
    del parts
    samples, settings = make_samples(tmp_path / "images", "single"), make_settings(tmp_path)
    lines = ("metric=hits", "loss.single={kind: own, name: flat, options: {factor: 0.5}}")
    one = podium.train(samples, recipe=make_recipe(*OWN), folds=2, settings=settings, name="one")
    half = podium.train(samples, recipe=make_recipe(*lines), folds=2, settings=settings, name="half")
    assert results_of(one.folder.path) != results_of(half.folder.path)


def test_what_does_not_fit_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    samples, settings = make_samples(tmp_path / "images", "multi"), make_settings(tmp_path)
    podium.register_loss("one class", cross_entropy_per_sample)
    podium.register_loss("several", binary_cross_entropy_per_sample, kinds=["multi"])
    for line, error, words in (
        ("loss.multi={kind: own, name: nobody}", UsageError, "nobody"),
        ("loss.multi={kind: own, name: one class}", RecipeError, "registered for kinds single"),
        (
            "loss.multi={kind: own, name: several, options: {nothing: 1}}",
            RecipeError,
            "unexpected keyword argument 'nothing'",
        ),
    ):
        with pytest.raises(error, match=words):
            start_run(samples, make_recipe(line), FoldOptions(), settings, Silent(), name="refused")


@pytest.mark.parametrize("words", [["--parts", "--name", "x"], ["--parts"], ["--parts="], ["--name", "x", "--parts="]])
def test_an_option_is_not_taken_for_the_file(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "photos", *words]) == 2
    assert "--parts names no file" in capsys.readouterr().err


@pytest.mark.long
def test_the_command_and_its_processes_know_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = tmp_path / "my_parts.py"
    parts.write_text(PARTS)
    samples = make_samples(tmp_path / "images", "single")
    save_samples(samples, tmp_path / "prepared")
    recipe = tmp_path / "recipe.yaml"
    save_recipe(make_recipe(*OWN), recipe)
    words = ["train", f"{tmp_path}/prepared", "--recipe", str(recipe), "--folds", "2", "--runs", f"{tmp_path}/runs"]
    assert main(words) == 2
    assert "hits" in capsys.readouterr().err
    more = ["--name", "mine", "--threads", "1", "--processes", "2", "--parts", str(parts)]
    done = subprocess.run([sys.executable, "-m", "podium", *words, *more], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "hits" in done.stdout
