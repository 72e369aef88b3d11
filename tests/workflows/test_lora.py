"""LoRA through the doors: what learns, what a run leaves behind, and a training that was stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import podium
from podium.engine import Checkpoints, TrainState
from podium.errors import Stopped, UsageError
from podium.recipe import Recipe, build_backbone_of
from podium.stopping import StopRequest
from podium.tables import Samples, Task, load_predictions
from podium.training.fitting import Fitting, LabelledRows, prepare_fitting
from podium.training.inputs import ImageInputs
from podium.workflows import train
from tiny.contest import TASKS, make_recipe, make_settings

Contest = Callable[[str], Samples]
LORA = ("model.freeze=lora", "model.name=test_vit", "model.lora_dropout=0.2", "predict_views=[plain]")
CPU = torch.device("cpu")


@pytest.mark.long
@pytest.mark.parametrize(
    "shape", ["attributes", *(pytest.param(shape, marks=pytest.mark.slow) for shape in ("single", "multi"))]
)
def test_a_run_leaves_an_ordinary_network(shape: str, contest: Contest, tmp_path: Path) -> None:
    lines = (*LORA, "training.ema_decay=0.9", "optimizer.layer_decay=0.8", "optimizer.lr=0.01")
    recipe = make_recipe(*lines)
    run = train(contest(shape), recipe=recipe, folds=2, settings=make_settings(tmp_path))
    predictor = run.predictor()
    rows = run.folds.valid_rows(0).tolist()
    images = [Image.open(run.samples.file(row)) for row in rows]
    found = predictor.predict(images, ids=run.samples.ids[rows].tolist(), folds=[0])
    oof = load_predictions(run.folder.predictions_file("oof", 0)).align(found.ids)
    for name, values in found.probs.items():
        np.testing.assert_allclose(values, oof.probs[name], atol=1e-5)
    start = build_backbone_of(predictor.recipe).module.state_dict()
    learnt = predictor.network(0, "all").backbone.state_dict()
    assert learnt.keys() == start.keys()
    differing = {name.rpartition(".")[0] for name, value in learnt.items() if not torch.equal(value, start[name])}
    assert differing == {name.removesuffix(".weight") for name in start if _is_linear(name)}


def _is_linear(name: str) -> bool:
    return name.endswith((".qkv.weight", ".proj.weight", ".fc1.weight", ".fc2.weight")) and "patch" not in name


@pytest.mark.slow
def test_the_classifier_merges_too() -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(12)]
    classifier = podium.ImageClassifier(
        preset="finetune", overrides=[*make_lines(), "training.batch_size=6"], random_state=0
    )
    classifier.fit(images, np.arange(12) % 3)
    assert not any(".down" in name or ".base." in name for name in classifier._weights["all"])
    assert classifier.predict_proba(images).shape == (12, 3)


def make_lines() -> list[str]:
    lines = {"model.name": "test_vit", "model.weights": "random", "image.size_px": 32, "image.stored_px": 32}
    lines |= {"training.epochs": 1, "augmentations": "none", "model.freeze": "lora", "predict_views": "[plain]"}
    return [f"{key}={value}" for key, value in lines.items()]


def make_fitting(recipe: Recipe, task: Task) -> Fitting:
    pixels = np.random.default_rng(0).integers(0, 256, (10, 32, 32, 3), dtype=np.uint8)
    inputs = ImageInputs(recipe, pixels, lambda: build_backbone_of(recipe), n_threads=1, device=CPU)
    rows = np.arange(10)
    labels = {head.name: rows % len(head.classes) for head in task.heads}
    ids = np.array([str(row) for row in rows], dtype=object)
    model = inputs.build_model(task, rows, seed=1)
    train = LabelledRows(rows, ids, labels)
    return prepare_fitting(recipe, task, model, inputs, train, None, metric=None, seed=1, device=CPU)


class StopAt:
    def __init__(self, stop: StopRequest, step: int) -> None:
        self.stop, self.step = stop, step

    def on_step(self, state: TrainState, loss: float) -> None:
        if state.step == self.step:
            self.stop.signal = 15

    def on_epoch(self, record: object) -> None:
        pass


@pytest.mark.slow
def test_a_resume_is_exact(tmp_path: Path) -> None:
    recipe = make_recipe(*LORA, "training.batch_size=4", "training.ema_decay=0.9", "model.lora_norms=true")
    task, stop = Task(TASKS["single"].heads), StopRequest()
    never = Checkpoints(tmp_path / "whole", every_s=float("inf"))
    whole = make_fitting(recipe, task).run(TrainState(), never, StopRequest())
    first, halves = make_fitting(recipe, task), Checkpoints(tmp_path / "halves", every_s=float("inf"))
    with pytest.raises(Stopped):
        first.run(TrainState(), halves, stop, [StopAt(stop, 2)])
    second = make_fitting(recipe, task)
    state, _ = halves.restore(second.parts)
    assert state is not None
    assert state.step == 2
    resumed = second.run(state, halves, StopRequest())
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_a_network_without_linear_layers_is_refused_before_decoding(contest: Contest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no linear layers"):
        train(contest("single"), recipe=make_recipe("model.freeze=lora"), folds=2, settings=make_settings(tmp_path))
    assert not list(tmp_path.rglob("*.npy"))
