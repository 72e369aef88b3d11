"""The frozen backbone of a run: whoever comes first keeps it, all others get the same weights."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from podium.backbone import frozen_features
from podium.backbone.features import state_digest
from podium.backbone.frozen_features import keep_backbone
from podium.models import Backbone
from podium.models.weight_files import read_weight_file
from podium.recipe import Recipe, build_backbone_of, resolve_recipe
from podium.tables import Samples
from podium.workflows import resume, train
from tiny.contest import Notes, make_recipe, make_settings

module = importlib.import_module("podium.models.build_backbone")  # its function has the same name


def test_starters_at_the_same_moment_get_the_weights_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = resolve_recipe(make_recipe(), median_side_px=36)
    n_built = []

    def build(recipe: Recipe, *, weights: str | None = None, n_features: int | None = None) -> Backbone:
        backbone = build_backbone_of(recipe, weights=weights, n_features=n_features)
        if weights is None:  # as a hub would that changes its weights between two downloads
            n_built.append(1)
            with torch.no_grad():
                next(backbone.module.parameters()).fill_(len(n_built))
        return backbone

    monkeypatch.setattr(frozen_features, "build_backbone_of", build)
    barrier, digests = threading.Barrier(4), []

    def start() -> None:
        barrier.wait()
        digests.append(state_digest(keep_backbone(recipe, tmp_path / "backbone").module))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(n_built) == 1
    assert len(digests) == 4
    assert len(set(digests)) == 1


@pytest.mark.slow
def test_a_run_reads_its_weight_file_once(
    contest: Callable[[str], Samples], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.safetensors"
    save_file(timm.create_model("test_resnet", num_classes=7).state_dict(), file)
    asked: list[str] = []
    count = module._count_features
    monkeypatch.setattr(module, "_count_features", lambda name, *rest: asked.append(name) or count(name, *rest))
    monkeypatch.setattr(module, "read_weight_file", lambda path: asked.append(path.name) or read_weight_file(path))
    recipe, settings, notes = (
        make_recipe("model.name=test_resnet", f"model.weights={file}"),
        make_settings(tmp_path),
        Notes(),
    )
    train(contest("single"), recipe=recipe, folds=2, only_folds=[0], name="mine", settings=settings, progress=notes)
    assert asked == ["mine.safetensors", "test_resnet"]
    assert sum("The classifier in mine.safetensors was left out: fc." in note for note in notes.notes) == 1
    file.unlink()
    assert resume("mine", only_folds=[1], settings=settings).folder.is_finished
    assert len(asked) == 2
