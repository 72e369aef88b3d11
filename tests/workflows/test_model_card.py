"""The card of a finished run: what its model is, in a form for programs and one for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from podium import durable
from podium.dataset import FoldOptions
from podium.models.licence import find_licence
from podium.tables import Head, Samples, Task
from podium.workflows import Run, resume, train
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]
RECTANGLE = ("image.size_px=[32, 48]", "image.stored_px=[32, 48]", "image.fit=pad")


def card_of(run: Run) -> dict[str, object]:
    """What model.json says."""
    return json.loads(run.folder.model_file.read_text())  # type: ignore[no-any-return]


def front_matter(text: str) -> dict[str, object]:
    """The YAML between the first two lines of dashes."""
    return yaml.safe_load(text.split("---\n")[1])  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_the_card_says_what_the_run_is(shape: str, contest: Contest, tmp_path: Path) -> None:
    folds = FoldOptions(folds=2, holdout_fraction=0.3)
    recipe = make_recipe(*RECTANGLE)
    run = train(contest(shape), recipe=recipe, folds=folds, name="mine", settings=make_settings(tmp_path))
    card, scores = card_of(run), run.scores
    task = contest(shape).task
    assert task is not None
    assert card["classes"] == {head.name: list(head.classes) for head in task.targets}
    half = [0.5, 0.5, 0.5]
    assert card["preprocessing"] == {
        **{"height_px": 32, "width_px": 48, "fit": "pad", "colours": "RGB", "value_range": [0.0, 1.0]},
        **{"mean": half, "std": half, "preprocessing": []},
    }
    assert card["start_weights"] == {"source": "random, seed 0", "licence": None}
    score = card["score"]
    assert isinstance(score, dict)
    assert (score["value"], score["low"], score["high"]) == (scores.main.value, scores.main.low, scores.main.high)
    assert (score["metric"], score["target"]) == (scores.main_metric, scores.main_target)
    validation = card["validation"]
    assert isinstance(validation, dict)
    assert (validation["method"], validation["n_folds"]) == (run.folds.method, 2)
    assert validation["n_holdout"] == len(run.folds.holdout_rows)
    assert card["data"]["digest"] == run.samples.digest  # type: ignore[index]
    assert card["recipe_sha256"] == durable.sha256_file(run.folder.recipe_file)
    text = run.folder.model_card_file.read_text()
    (entry,) = front_matter(text)["model-index"]  # type: ignore[misc]
    assert entry["results"][0]["metrics"][0]["value"] == scores.main.value
    assert f"{scores.main.value:.4f} | {scores.main.low:.4f} to {scores.main.high:.4f}" in text
    assert "32 x 48 px (height x width), fit `pad`" in text
    assert "Random: nothing was learnt before." in text


@pytest.mark.slow
def test_what_a_person_writes_stays_and_evaluations_are_added(contest: Contest, tmp_path: Path) -> None:
    folds, settings = FoldOptions(folds=2, holdout_fraction=0.3), make_settings(tmp_path)
    run = train(contest("single"), recipe=make_recipe(), folds=folds, name="mine", settings=settings)
    path = run.folder.model_card_file
    before = path.read_text()
    assert resume("mine", settings=settings).folder.model_card_file.read_text() == before
    assert card_of(run)["intended_use"] == ""
    path.write_text(before.replace("Say here what the model is for", "For sorting masks.\n\nNot for doctors: ask"))
    scores = run.evaluate_holdout()
    text = run.model_card().read_text()
    assert "For sorting masks.\n\nNot for doctors: ask" in text
    assert str(card_of(run)["intended_use"]).startswith("For sorting masks.")
    assert f"The holdout, 20{text.split('The holdout, 20')[1][:8]}, look 1: macro F1 {scores.main.value:.4f}" in text


@pytest.mark.slow
def test_names_of_classes_break_no_line_and_are_no_markup(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    odd = replace(samples, task=Task((Head("mask", "single", ("a|b\n# x", "<b>*y*")),)))
    run = train(odd, recipe=make_recipe(), folds=2, name="odd", settings=make_settings(tmp_path))
    text = run.folder.model_card_file.read_text()
    assert "- mask: a\\|b\\\\n# x, \\<b\\>\\*y\\*" in text
    assert card_of(run)["classes"] == {"mask": ["a|b\n# x", "<b>*y*"]}


def test_a_licence_is_what_the_publisher_states() -> None:
    import timm

    name = "resnet18.a1_in1k"
    assert find_licence(name, "pretrained") == timm.get_pretrained_cfg(name).license == "apache-2.0"
    assert find_licence(name, "random") is None
    assert find_licence(name, "weights.safetensors") is None
