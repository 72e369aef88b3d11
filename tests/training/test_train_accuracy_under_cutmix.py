"""The story "train accuracy under CutMix measured against one of the two labels".

A team saw a train accuracy of 0.6 beside a valid accuracy of 0.8, and made the network larger: half of each image, and
half of its label, was another image's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score

from podium.engine import Checkpoints, TrainState
from podium.recipe import build_backbone_of
from podium.stopping import StopRequest
from podium.tables import Head, Task, as_text_array
from podium.training.fitting import LabelledRows, prepare_fitting
from podium.training.inputs import ImageInputs
from podium.training.mixers import make_mixer
from tiny.contest import make_recipe

CPU = torch.device("cpu")
TASK = Task((Head("kind", "single", ("dark", "bright")),))
N = 96


@pytest.mark.slow
def test_the_train_score_is_that_of_whole_images_with_one_label() -> None:
    rng, labels = np.random.default_rng(0), np.arange(N) % 2
    pixels = (rng.integers(0, 60, (N, 32, 32, 3)) + 150 * labels[:, None, None, None]).astype(np.uint8)
    recipe = make_recipe(
        "model.freeze=none", "mixing=[{kind: cutmix, shape: left_right}]", "metric=accuracy", "optimizer.lr=0.01",
        "training.epochs=6", "predict_views=[plain]",
    )  # fmt: skip
    inputs = ImageInputs(recipe, pixels, lambda: build_backbone_of(recipe), n_threads=0, device=CPU)
    ids = as_text_array([str(row) for row in range(N)])
    train, valid = (LabelledRows(rows, ids[rows], {"kind": labels[rows]}) for rows in np.split(np.arange(N), [80]))
    mixer = make_mixer(recipe, TASK, TASK, train.labels)
    train = LabelledRows(train.rows, train.ids, train.labels, mixer=mixer)
    model = inputs.build_model(TASK, train.rows, seed=0)
    fitting = prepare_fitting(recipe, TASK, model, inputs, train, valid, metric="accuracy", seed=0, device=CPU)
    state = TrainState()
    fitting.run(state, Checkpoints(Path(), every_s=float("inf")), StopRequest())

    with torch.inference_mode():
        model.eval()
        sample = fitting.parts.train_sample
        assert sample is not None
        rows = np.concatenate([batch.rows for batch in sample.batches])  # type: ignore[attr-defined]
        answers = model(torch.from_numpy(pixels[rows]))["kind"].argmax(dim=1).numpy()
        mixed = next(iter(fitting.train.from_position(0)))
        one_label = model(mixed.images)["kind"].argmax(dim=1).numpy()
    judged = state.history[-1].judged
    assert set(rows) <= set(range(80))
    assert judged.train_scores["kind"] == accuracy_score(labels[rows], answers) == 1.0
    assert state.history[-1].scores["kind"] == 1.0
    assert accuracy_score(labels[mixed.rows], one_label) < 0.95  # what the team saw
    assert judged.plain_train_loss is not None
    assert judged.valid_loss is not None
    assert judged.plain_train_loss < 0.6 * state.history[-1].train_loss  # of two labels, which no answer meets
