"""A frozen network compiled by OpenVINO gives the run that torch gives, and the run outlives OpenVINO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from podium import durable
from podium.backbone import frozen_forward
from podium.backbone.compiled import Graph
from podium.errors import UsageError
from podium.recipe import load_recipe, resolve_recipe
from podium.tables import Predictions, Samples
from podium.training import autotune, timed_choice
from podium.workflows import Run, resume, train
from tiny.contest import Notes, copy_run, make_recipe, make_settings, results_of

pytest.importorskip("openvino", reason="the extra `openvino` is not installed")

Contest = Callable[[str], Samples]
OPENVINO = ("model.frozen_engine=openvino",)
BLOCKS = ("model.freeze=blocks", "model.frozen_blocks=1", "model.cached_views=2", "training.ema_decay=null")


def run_with(samples: Samples, folder: Path, *lines: str) -> Run:
    return train(samples, recipe=make_recipe(*lines), folds=2, settings=make_settings(folder))


def largest_difference(one: Predictions, other: Predictions) -> float:
    return max(float(np.abs(one.probs[name] - other.probs[name]).max()) for name in one.probs)


@pytest.fixture(scope="module")
def compiled(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on features of OpenVINO, for looking at; `copy_run` gives one to change."""
    return run_with(contest("single"), tmp_path_factory.mktemp("compiled"), *OPENVINO)


@pytest.mark.long
@pytest.mark.parametrize(("shape", "lines"), [("attributes", ()), ("single", BLOCKS)], ids=["backbone", "blocks"])
def test_the_run_is_that_of_torch(shape: str, lines: tuple[str, ...], contest: Contest, tmp_path: Path) -> None:
    samples = contest(shape)
    plain = run_with(samples, tmp_path / "torch", *lines)
    compiled = run_with(samples, tmp_path / "openvino", *lines, *OPENVINO)
    assert load_recipe(compiled.folder.recipe_file).model.frozen_engine == "openvino"
    assert 0 < largest_difference(compiled.oof, plain.oof) < 2e-3
    assert largest_difference(compiled.predict(samples), plain.predict(samples)) < 2e-3


@pytest.mark.long
def test_two_runs_are_equal_to_the_byte(compiled: Run, contest: Contest, tmp_path: Path) -> None:
    second = run_with(contest("single"), tmp_path, *OPENVINO)
    assert results_of(second.folder.path) == results_of(compiled.folder.path)


@pytest.mark.slow
def test_where_openvino_is_gone_torch_goes_on_with_a_note(
    compiled: Run, contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples, notes = contest("single"), Notes()
    run = copy_run(compiled, tmp_path)
    said = run.predict(samples)
    monkeypatch.setattr(frozen_forward, "has_openvino", lambda: False)
    durable.remove_tree(run.settings.cache_folder)
    durable.remove_tree(run.folder.path / "fold-1")
    run.folder.predictions_file("oof", 1).unlink()
    again = resume(run.name, settings=run.settings, progress=notes)
    assert any("not installed here" in note for note in notes.notes)
    assert largest_difference(again.predict(samples), said) < 2e-3
    with pytest.raises(UsageError, match=r"podium\[openvino\]"):
        run_with(samples, tmp_path / "new", *OPENVINO)


@pytest.mark.long
def test_the_trial_traces_once_and_the_run_takes_that(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[int] = []

    class Counted(Graph):
        def __init__(self, module: torch.nn.Module, images: torch.Tensor, **options: Any) -> None:
            traced.append(1)
            super().__init__(module, images, **options)

    monkeypatch.setattr(frozen_forward, "Graph", Counted)
    monkeypatch.setattr(autotune, "WORTH_AUTOTUNING", 1)
    samples = contest("single")
    run = run_with(samples, tmp_path, *OPENVINO, "model.frozen_precision=auto")
    assert sorted(run.folder.read()["autotune"]["frozen"]["seconds"]) == ["openvino bf16", "openvino fp32"]
    assert len(traced) == 1
    other = replace(run.settings, runs=tmp_path / "others", cache=run.settings.cache_folder)
    train(samples, recipe=make_recipe(*OPENVINO, "model.frozen_precision=auto"), folds=3, settings=other)
    assert len(traced) == 1  # neither asked again nor computed again


@pytest.mark.long
def test_what_a_trial_traced_is_dropped_where_torch_was_chosen(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autotune, "WORTH_AUTOTUNING", 1)
    monkeypatch.setattr(timed_choice, "AGREES", 2.0)  # nothing agrees, so the first way is taken
    run = run_with(contest("single"), tmp_path, "model.frozen_engine=auto", "model.frozen_precision=auto")
    assert run.folder.read()["autotune"]["frozen"]["chosen"] == {"engine": "torch", "precision": "fp32"}
    assert frozen_forward._kept == {}


def test_a_gpu_is_no_place_for_openvino() -> None:
    recipe = resolve_recipe(make_recipe(*OPENVINO), median_side_px=32)
    with pytest.raises(UsageError, match="frozen_engine=torch"):
        autotune.require_engine(recipe, torch.device("cuda"))
    notes = Notes()
    way = frozen_forward.recorded_way(recipe, torch.device("cuda"), notes)
    assert str(way) == "torch fp32"
    assert "does not run on cuda" in notes.notes[0]
