"""What autotune tries a recipe with: a batch that fits, and images of the recipe's size, real ones for places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from podium.backbone.frozen_forward import frozen_batch
from podium.models import Classifier, build_backbone
from podium.recipe import check_buildable, finetune, resolve_recipe
from podium.tables import Head, Task
from podium.training import autotune, autotune_trials, timed_choice
from podium.training.autotune import autotune_recipe
from podium.training.timed_choice import Choice, choose_training
from tiny.contest import Notes, make_recipe, make_settings

CPU = torch.device("cpu")
BLOCK_LINES = {"blocks": ("model.frozen_blocks=1",), "none": (), "backbone": ()}


def make_model() -> Classifier:
    torch.manual_seed(0)
    return Classifier(build_backbone("tiny", "random", 32), Task((Head("label", "single", ("a", "b")),)))


def test_a_trial_on_a_gpu_takes_the_batch_of_the_training() -> None:
    recipe = finetune()
    cuda, large = torch.device("cuda"), recipe.training.model_copy(update={"batch_size": 256})
    assert autotune_trials._measured_batch(recipe, CPU) == timed_choice.BATCH == 16
    assert autotune_trials._measured_batch(recipe.model_copy(update={"training": large}), cuda) == 256
    short = large.model_copy(update={"micro_batch": 64})
    assert autotune_trials._measured_batch(recipe.model_copy(update={"training": short}), cuda) == 64
    assert frozen_batch(cuda) > frozen_batch(CPU)


@pytest.mark.parametrize(("fits", "tried"), [(20, [64, 32, 16]), (0, [64, 32, 16, 8, 4, 2, 1])])
def test_a_trial_that_does_not_fit_takes_fewer_images(
    fits: int, tried: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    task = Task((Head("label", "single", ("a", "b")),))
    recipe = make_recipe("model.freeze=none", "training.precision=auto", "training.layout=auto", preset="finetune")
    recipe = resolve_recipe(recipe, median_side_px=32)
    batches: list[int] = []

    def run(*arguments: Any, batch: int) -> Choice:
        batches.append(batch)
        if batch > fits:
            raise RuntimeError("MPS backend out of memory (no room)")
        return choose_training(*arguments, batch=batch)

    monkeypatch.setattr(autotune_trials, "choose_training", run)
    monkeypatch.setattr(autotune_trials, "_measured_batch", lambda recipe, device: 64)
    _, model = check_buildable(recipe, task)
    settled, trials = autotune_recipe(recipe, model, 500, make_settings(tmp_path), CPU, Notes())
    assert batches == tried
    chosen = {"precision": settled.training.precision, "layout": settled.training.layout}
    assert trials["training"]["chosen"] == chosen
    assert fits or chosen == {"precision": "bf16", "layout": "contiguous"}


def test_another_error_of_a_trial_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    task = Task((Head("label", "single", ("a", "b")),))
    recipe = make_recipe("model.freeze=none", "training.precision=auto", preset="finetune")
    recipe = resolve_recipe(recipe, median_side_px=32)
    _, model = check_buildable(recipe, task)

    def run(*_arguments: Any, batch: int) -> Choice:
        raise RuntimeError(f"a kernel failed with {batch} images")

    monkeypatch.setattr(autotune_trials, "choose_training", run)
    with pytest.raises(RuntimeError, match="a kernel failed with 16 images"):
        autotune_recipe(recipe, model, 500, make_settings(tmp_path), CPU, Notes())


def test_the_trial_of_places_makes_real_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = make_recipe("augmentations=[{kind: horizontal_flip}]", "image.stored_px=40", preset="finetune")
    recipe, model, settings = resolve_recipe(recipe, median_side_px=40), make_model(), make_settings(tmp_path)
    made: list[int] = []

    def choose(*runs: Any) -> dict[str, Any]:
        made.extend(sum(len(batch.images) for batch in run()) for run in runs[1:3])
        runs[0]()
        return {"chosen": "device", "seconds": {}}

    monkeypatch.setattr(autotune_trials, "choose_place", choose)
    assert autotune_trials.try_places(recipe, model, 100, settings, CPU)["chosen"] == "device"
    assert made == [4 * timed_choice.BATCH, 4 * timed_choice.BATCH]
    assert all(parameter.grad is not None for parameter in model.heads.parameters())
    autotune_trials.try_places(recipe, model, 100, settings, CPU)
    assert len(made) == 2  # remembered

    def fail(*_runs: Any) -> dict[str, Any]:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(autotune_trials, "choose_place", fail)
    other = make_settings(tmp_path / "other")
    assert autotune_trials.try_places(recipe, model, 100, other, CPU) == {"chosen": "cpu", "seconds": {}}
    monkeypatch.setattr(autotune_trials, "choose_place", choose)  # memory that a neighbour took is not remembered
    assert autotune_trials.try_places(recipe, model, 100, other, CPU)["chosen"] == "device"


@pytest.mark.long
@pytest.mark.parametrize(
    "freeze", ["none", *(pytest.param(name, marks=pytest.mark.slow) for name in ("blocks", "backbone"))]
)
def test_a_trial_sees_images_of_the_recipes_height_and_width(
    freeze: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"model.freeze={freeze}", *(f"{part}=auto" for part in ("training.precision", "model.frozen_precision"))]
    lines += ["image.size_px=[40,24]", "image.stored_px=[46,28]", "model.frozen_engine=auto"]
    preset = "baseline" if freeze == "backbone" else "finetune"
    recipe = resolve_recipe(make_recipe(*lines, *BLOCK_LINES[freeze], preset=preset), median_side_px=32)
    seen: set[tuple[int, ...]] = set()
    features = Classifier.features

    def note(self: Classifier, images: torch.Tensor) -> torch.Tensor:
        if not self.takes_block_output:
            seen.add(tuple(map(int, images.shape[1:])))
        return features(self, images)

    monkeypatch.setattr(Classifier, "features", note)
    task, settings = Task((Head("label", "single", ("a", "b")),)), make_settings(tmp_path)
    settings.cache_folder.mkdir(parents=True)
    _, model = check_buildable(recipe, task)
    settled, measured = autotune_recipe(recipe, model, 2000, settings, CPU, Notes())
    assert seen == {(40, 24, 3)}
    assert ("training" in measured) == (freeze != "backbone")
    assert ("frozen" in measured) == (freeze != "none")
    assert settled.image == recipe.image


def test_places_are_tried_with_images_of_the_recipes_height_and_width(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make_recipe("image.size_px=[40,24]", "image.stored_px=[46,28]", preset="finetune")
    recipe = resolve_recipe(recipe, median_side_px=40)

    def choose(*runs: Any) -> dict[str, Any]:
        for run in runs[1:3]:
            assert {tuple(batch.images.shape[1:]) for batch in run()} == {(40, 24, 3)}
        runs[0]()
        return {"chosen": "device", "seconds": {}}

    monkeypatch.setattr(autotune_trials, "choose_place", choose)
    assert autotune_trials.try_places(recipe, make_model(), 100, make_settings(tmp_path), CPU)["chosen"] == "device"


@pytest.mark.parametrize("freeze", sorted(BLOCK_LINES))
def test_a_reproducible_run_asks_neither_the_clock_nor_the_disk(
    freeze: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("this depends on the moment")

    for name in ("choose_training", "choose_frozen", "choose_place", "remembered"):
        monkeypatch.setattr(autotune_trials, name, refuse)
    monkeypatch.setattr(autotune.shutil, "disk_usage", refuse)
    autos = ("precision", "layout", "augment_on")
    recipe = make_recipe(
        f"model.freeze={freeze}",
        *BLOCK_LINES[freeze],
        *(f"training.{name}=auto" for name in autos),
        *(f"model.{name}=auto" for name in ("frozen_precision", "frozen_engine")),
        *(("model.cached_views=auto",) if freeze == "blocks" else ()),
        preset="finetune" if freeze != "backbone" else "baseline",
    )
    recipe = resolve_recipe(recipe, median_side_px=32)
    task = Task((Head("label", "single", ("a", "b")),))
    settings = make_settings(tmp_path, reproducible=True)
    settled, measured = autotune_recipe(recipe, check_buildable(recipe, task)[1], 100_000, settings, CPU, Notes())
    assert measured == {}
    assert (settled.training.precision, settled.training.layout) == ("fp32", "channels_last")
    assert (settled.training.augment_on, settled.model.frozen_precision) == ("cpu", "fp32")
    assert settled.model.frozen_engine == "torch"
    assert settled.model.cached_views == (min(settled.training.epochs, 16) if freeze == "blocks" else 0)
