"""`podium recipe`: show, diff, check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from podium.cli import main
from podium.recipe import find_preset, load_recipe
from tiny.contest import draw_images


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["recipe", *words])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_what_show_prints_is_a_recipe_file_of_the_same_recipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text, _ = run(capsys, "show", "quick")
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    assert code == 0
    assert load_recipe(file) == find_preset("quick")
    assert json.loads(run(capsys, "show", str(file), "--json")[1]) == yaml.safe_load(text)


def test_a_changed_preset_is_not_called_by_its_old_name(capsys: pytest.CaptureFixture[str]) -> None:
    def name(*words: str) -> object:
        return json.loads(run(capsys, "show", "quick", "--json", *words)[1])["preset"]

    assert name() == "quick"
    assert name("--set", "training.epochs=5") == "quick-changed"
    assert name("--set", "training.epochs=3") == "quick"
    assert name("--set", "image.size_px=96") == "quick-changed"
    assert name("--set", "seed=5") == "quick"


def test_diff_names_every_key_that_differs_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = run(capsys, "diff", "quick", "quick", "--set", "training.epochs=5", "optimizer.lr=0.01")
    assert sorted(line.partition(":")[0] for line in text.splitlines()) == ["optimizer.lr", "training.epochs"]
    assert run(capsys, "diff", "quick", "quick")[1] == "the recipes are the same\n"


def test_check_builds_what_the_recipe_names(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(capsys, "check", "baseline", "--set", "model.name=tiny")
    assert code == 0
    assert "features, weights: random" in text
    assert "of" in text
    code, _, problem = run(capsys, "check", "baseline", "--set", "model.name=tiny", "optimizer.name=adamv")
    assert code == 2
    assert "adam" in problem


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "qick"), "quick"),
        (("diff", "quick"), "two recipes"),
        (("show", "quick", "--data", "x"), "--data"),
        (("check", "nowhere.yaml"), "no such recipe file"),
        (("shew", "quick"), "show"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_way_out(
    words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, problem = run(capsys, *words)
    assert code == 2
    assert says in problem


@pytest.mark.long
def test_check_follows_the_labels_of_prepared_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    for name in ("cat", "dog"):
        (data / name).mkdir(parents=True)
        draw_images(data / name, 4, seed=len(name) + ord(name[0]))
    assert main(["split", str(data), "--out", str(tmp_path / "prepared"), "--folds", "2"]) == 0
    capsys.readouterr()
    words = ("--data", str(tmp_path / "prepared"), "--set", "model.name=tiny")
    assert run(capsys, "check", "baseline", *words)[0] == 0
    code, _, problem = run(capsys, "check", "baseline", *words, "loss.multi.label_smoothing=0.1")
    assert code == 2
    assert "no effect" in problem
