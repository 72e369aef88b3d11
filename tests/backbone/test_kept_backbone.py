"""The frozen backbone of a run: whoever comes first keeps it, all others get the same weights."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from podium.backbone import frozen_features
from podium.backbone.features import state_digest
from podium.backbone.frozen_features import keep_backbone
from podium.models import Backbone
from podium.recipe import Recipe, build_backbone_of, resolve_recipe
from tiny.contest import make_recipe


def test_starters_at_the_same_moment_get_the_weights_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = resolve_recipe(make_recipe(), median_side_px=36)
    n_built = []

    def build(recipe: Recipe, *, weights: str | None = None) -> Backbone:
        backbone = build_backbone_of(recipe, weights=weights)
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
