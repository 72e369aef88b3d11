"""Heads that start from the linear probe: the same function as the baseline's heads, for every kind of task."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from podium.models import Classifier
from podium.recipe import Recipe, build_backbone_of
from podium.stopping import StopRequest
from podium.tables import Head, Task, as_text_array
from podium.training import probe
from podium.training.fitting import LabelledRows
from podium.training.inputs import ImageInputs
from podium.training.probe import start_heads
from tiny.contest import TASKS, make_recipe

CPU = torch.device("cpu")
N = 30


def make_inputs(recipe: Recipe) -> ImageInputs:
    pixels = np.random.default_rng(0).integers(0, 256, (N, 32, 32, 3), dtype=np.uint8)
    pixels[::2, ..., 0] //= 4
    return ImageInputs(recipe, pixels, lambda: build_backbone_of(recipe), n_threads=1, device=CPU)


def rows_of(task: Task, rows: np.ndarray) -> LabelledRows:
    ids = as_text_array([str(row) for row in rows])

    def labels(head: Head) -> np.ndarray:
        if head.is_multi:
            return np.column_stack([rows % 2, rows % 3 == 0]).astype(np.int8)
        return rows % len(head.classes)

    return LabelledRows(rows, ids, {head.name: labels(head) for head in task.heads})


def make_lines(*lines: str) -> Recipe:
    return make_recipe("model.freeze=none", "predict_views=[plain]", *lines)


def started(task: Task, *lines: str, rows: int = N) -> Classifier:
    recipe = make_lines("model.head_start=probe", *lines)
    inputs, train = make_inputs(recipe), rows_of(task, np.arange(rows))
    model = inputs.build_model(task, train.rows, seed=3)
    start_heads(recipe, model, inputs, train, seed=3, stop=StopRequest())
    return model


@pytest.mark.slow
@pytest.mark.parametrize("shape", TASKS)
def test_the_folded_heads_are_the_same_function_as_the_fitted_ones(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[torch.nn.Module] = []
    take = probe._take_over
    monkeypatch.setattr(probe, "_take_over", lambda heads, fitted: (kept.append(fitted), take(heads, fitted)))
    task = Task(TASKS[shape].heads)
    model = started(task).eval()
    images = torch.from_numpy(make_inputs(make_lines())._pixels)
    with torch.no_grad():
        features: Tensor = model.features(images)
        wanted = kept[0](features)
        assert kept[0].feature_scale.std() > 0
        for name, logits in model(images).items():
            torch.testing.assert_close(logits, wanted[name], rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_the_probe_knows_the_training_rows_and_the_loss() -> None:
    task = Task(TASKS["single"].heads)
    images = torch.from_numpy(make_inputs(make_lines())._pixels)
    right = {}
    for start in ("probe", "random"):
        model = started(task, f"model.head_start={start}").eval()
        with torch.no_grad():
            answers = model(images)["mask"].argmax(dim=1).numpy()
        right[start] = float((answers == np.arange(N) % 2).mean())
    assert right["probe"] > max(0.9, right["random"])


@pytest.mark.long
def test_the_backbone_is_not_touched_and_two_starts_are_equal() -> None:
    task = Task(TASKS["attributes"].heads)
    first, second, plain = started(task), started(task), started(task, "model.head_start=random")
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
        assert torch.equal(value, plain.state_dict()[name]) != (name.startswith("heads.layers"))


@pytest.mark.slow
def test_rows_that_are_not_trained_on_change_nothing() -> None:
    task = Task(TASKS["single"].heads)
    half = started(task, rows=N // 2).state_dict()
    recipe = make_lines("model.head_start=probe")
    inputs = make_inputs(recipe)
    inputs._pixels[N // 2 :] = 255
    train = rows_of(task, np.arange(N // 2))
    model = inputs.build_model(task, train.rows, seed=3)
    start_heads(recipe, model, inputs, train, seed=3, stop=StopRequest())
    assert all(torch.equal(value, half[name]) for name, value in model.state_dict().items())
