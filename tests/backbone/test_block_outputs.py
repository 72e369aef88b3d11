"""Frozen blocks' cached output: what it holds, what is trained on it, and when there is none."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from podium.backbone.block_outputs import block_outputs
from podium.data import TrainLoader, open_cache, sample_keys
from podium.errors import UsageError
from podium.recipe import Recipe, build_backbone_of, build_model, check_buildable, load_recipe, resolve_recipe
from podium.stopping import StopRequest
from podium.tables import Samples, load_predictions
from podium.training.autotune import autotune_recipe
from podium.workflows import train
from tiny.contest import Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]
CPU = torch.device("cpu")
BLOCKS = ("model.freeze=blocks", "model.frozen_blocks=1", "image.stored_px=40", "training.epochs=3")


def finetune(*lines: str) -> Recipe:
    return make_recipe(*BLOCKS, *lines, preset="finetune")


@pytest.mark.long
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_a_run_trains_on_the_cached_stem_and_its_models_predict_images(
    shape: str, contest: Contest, tmp_path: Path
) -> None:
    samples = contest(shape)
    settings = make_settings(tmp_path)
    run = train(samples, recipe=finetune("training.epochs=4"), folds=2, settings=settings)
    recipe = load_recipe(run.folder.recipe_file)
    assert recipe.model.cached_views == 4
    assert len(list((settings.cache_folder / "block_outputs").iterdir())) == 1  # one for both folds
    # The shipped models take images: on the valid images of a fold they must say what was said out of fold.
    run.predict(samples, name="again")
    for fold in range(2):
        oof = load_predictions(run.folder.predictions_file("oof", fold))
        again = load_predictions(run.folder.predictions_file("again", fold))
        place = {name: row for row, name in enumerate(again.ids)}
        rows = [place[name] for name in oof.ids]
        for head, probs in oof.probs.items():
            np.testing.assert_allclose(again.probs[head][rows], probs, atol=2e-3, err_msg=head)


@pytest.mark.slow
def test_view_k_is_what_a_training_sees_in_epoch_k(contest: Contest, tmp_path: Path) -> None:
    samples, settings = contest("single"), make_settings(tmp_path)
    run = train(samples, recipe=finetune(), folds=2, settings=settings)
    recipe = load_recipe(run.folder.recipe_file)
    record = run.folder.read()
    cache = open_cache(Path(record["cache"]) / record["cache_key"])
    assert samples.task is not None
    split_point, outputs = block_outputs(recipe, samples.task, cache, settings, CPU, Notes(), stop=StopRequest())
    assert outputs.shape == (2 + 3, len(samples), *split_point.shape)
    model = build_model(recipe, build_backbone_of(recipe), samples.task, seed=recipe.seed).eval()
    for epoch in range(3):
        rows = np.arange(len(cache))
        keys = sample_keys(cache.ids.tolist())
        loader = TrainLoader(
            cache.pixels,
            rows,
            {},
            keys=keys,
            batch_size=8,
            height=32,
            width=32,
            augmentations=recipe.augmentations,
            seed=recipe.seed,
        )
        for batch in loader.from_position(epoch):
            with torch.inference_mode():
                wanted = split_point.encode(model, batch.images).numpy()
            np.testing.assert_allclose(outputs[2 + epoch][batch.rows], wanted, rtol=2e-3, atol=2e-3)
    assert np.abs(outputs[2].astype(float) - outputs[3]).mean() > 0.01  # augmented anew


def test_auto_takes_a_view_an_epoch_where_there_is_room(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, settings, notes = contest("single").task, make_settings(tmp_path), Notes()
    assert task is not None
    settings.cache_folder.mkdir(parents=True)

    def views(*lines: str, n_images: int = 100) -> object:
        recipe = resolve_recipe(finetune(*lines), median_side_px=32)
        settled, _ = autotune_recipe(recipe, check_buildable(recipe, task)[1], n_images, settings, CPU, notes)
        assert "auto" not in settled.model.model_dump_json() + settled.training.model_dump_json()
        return settled.model.cached_views

    assert views() == 3
    assert views("training.epochs=50") == 16
    assert views("model.cached_views=2") == 2
    whole = make_recipe("model.freeze=none", "training.epochs=3", preset="finetune")
    assert autotune_recipe(whole, check_buildable(whole, task)[1], 100, settings, CPU, notes)[0].model.cached_views == 0
    assert views(n_images=10**7) == 0
    disk = namedtuple("disk", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: disk(10**9, 10**9, 10**6))
    assert views() == 0
    assert any("run again for every batch" in note for note in notes.notes)
    from_file = whole.model_copy(update={"model": whole.model.model_copy(update={"cached_views": 5})})
    with pytest.raises(UsageError, match="cached_views=5"):
        autotune_recipe(from_file, check_buildable(from_file, task)[1], 100, settings, CPU, notes)
