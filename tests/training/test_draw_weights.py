"""How often images are drawn: each class, attribute or rare label as often as it should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import podium
from podium.crossval.start_run import start_run
from podium.data import weighted_order
from podium.tables import Composite, Head, Samples, Task
from podium.training.draw_weights import make_draw_weights
from tiny.contest import Notes, make_recipe, make_samples, make_settings

N = 200
RNG = np.random.default_rng(0)
KIND = Head("kind", "single", ("a", "b", "c"))
SEX = Head("sex", "single", ("f", "m"))
TAGS = Head("tags", "multi", ("x", "y"))
KINDS = np.repeat([0, 1, 2], [150, 40, 10])
LABELS = {"kind": KINDS, "sex": (RNG.random(N) < 0.2).astype(np.int64)}


def draw(task: Task, *lines: str, labels: dict[str, np.ndarray] = LABELS) -> np.ndarray:
    weights = make_draw_weights(make_recipe(*lines), task, Task(task.heads), labels)
    assert weights is not None
    assert weights.mean() == pytest.approx(1)
    return np.concatenate([weighted_order(0, epoch, weights, N) for epoch in range(300)])


def test_no_sampler_has_no_weights() -> None:
    assert make_draw_weights(make_recipe(), Task((KIND,)), Task((KIND,)), LABELS) is None


def test_all_classes_are_drawn_as_often_or_by_their_roots() -> None:
    for sampler, expected in (
        ("balanced", np.ones(3) / 3),
        ("square_root", np.sqrt([150, 40, 10]) / np.sqrt([150, 40, 10]).sum()),
    ):
        drawn = KINDS[draw(Task((KIND,)), f"training.sampler={sampler}")]
        np.testing.assert_allclose(np.bincount(drawn) / len(drawn), expected, atol=0.01)


def test_several_attributes_share_the_draws() -> None:
    """Half the draws balance kind, half sex; neither is drawn as if the other did not count."""
    drawn = draw(Task((KIND, SEX)), "training.sampler=balanced")
    shares = np.bincount(KINDS[drawn], minlength=3) / len(drawn)
    assert shares[2] > 0.5 / 3  # at least half of its balanced share
    one = draw(Task((KIND, SEX)), "training.sampler=balanced", "training.sampler_heads=[sex]")
    np.testing.assert_allclose(np.bincount(LABELS["sex"][one]) / len(one), [0.5, 0.5], atol=0.01)


def test_a_composite_class_is_balanced_as_a_whole() -> None:
    composite = Composite.from_heads({"kind": KIND.classes, "sex": SEX.classes})
    labels = {**LABELS, composite.name: composite.encode(LABELS)}
    drawn = draw(Task((KIND, SEX), composite), "training.sampler=balanced", labels=labels)
    counts = np.bincount(labels[composite.name][drawn])
    counts = counts[counts > 0]
    np.testing.assert_allclose(counts / counts.sum(), 1 / len(counts), atol=0.01)


def test_rare_labels_are_drawn_more() -> None:
    marks = np.column_stack([RNG.random(N) < 0.8, np.arange(N) % 50 == 0]).astype(np.int8)
    drawn = draw(Task((TAGS,)), "training.sampler=balanced", labels={"tags": marks})
    assert marks[drawn, 1].mean() == pytest.approx(1 / 3, abs=0.03)  # rare, common alone, and none at all


@pytest.mark.slow
def test_a_sampler_and_balanced_weights_are_warned_of_before_the_training(tmp_path: Path) -> None:
    samples: Samples = make_samples(tmp_path / "images", "single")
    lines = ("training.sampler=balanced", "loss.single.class_weights=balanced")
    notes = Notes()
    start_run(samples, make_recipe(*lines), podium.FoldOptions(folds=2), make_settings(tmp_path), notes)
    assert any("correct the same imbalance twice" in note for note in notes.notes)
    model = podium.ImageClassifier(
        overrides=["model.name=tiny", "model.weights=random", "image.size_px=32", "head.kind=gradient", *lines]
    )
    images = [samples.file(row) for row in range(len(samples))]
    with pytest.warns(UserWarning, match="correct the same imbalance twice"):
        model.fit(images, samples.labels["mask"])
