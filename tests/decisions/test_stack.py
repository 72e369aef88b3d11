"""A stack mends what the equal mean cannot, and does not believe its own rows."""

from __future__ import annotations

import numpy as np
import pytest

from podium.decisions import Stack, load_blend, stack_out_of_fold
from podium.errors import UsageError
from podium.tables import Head, Predictions, Task, as_text_array

TASKS = {
    "single": Task((Head("t", "single", ("a", "b", "c")),)),
    "multi": Task((Head("t", "multi", ("a", "b", "c")),)),
    "ordinal": Task((Head("t", "ordinal", ("a", "b", "c")),)),
}
N = 600
FOLD = np.arange(N) % 3
GROUPS = np.arange(N).astype(str).astype(object)


def member(task: Task, scores: np.ndarray) -> Predictions:
    if task.heads[0].is_multi:
        probs = 1 / (1 + np.exp(-scores))
    else:
        probs = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return Predictions(task, as_text_array([f"{n}.png" for n in range(N)]), FOLD, {"t": probs})


def draw(task: Task) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (N, 3)) if task.heads[0].is_multi else rng.integers(0, 3, N)
    truth = labels * 2.0 - 1 if task.heads[0].is_multi else np.eye(3)[labels]
    return labels, truth, rng


def log_loss(probs: np.ndarray, labels: np.ndarray, task: Task) -> float:
    clipped = np.clip(probs, 1e-9, 1 - 1e-9)
    if task.heads[0].is_multi:
        return float(-np.where(labels == 1, np.log(clipped), np.log1p(-clipped)).mean())
    return float(-np.log(clipped[np.arange(N), labels]).mean())


@pytest.mark.slow
@pytest.mark.parametrize("shape", TASKS)
def test_members_that_are_too_sure_or_know_nothing_are_mended(shape: str) -> None:
    task = TASKS[shape]
    labels, truth, rng = draw(task)
    good = member(task, 2 * truth + rng.normal(size=(N, 3)))
    noise = member(task, 6 * rng.normal(size=(N, 3)))
    found = stack_out_of_fold([good, noise], {"t": labels}, FOLD, GROUPS, "t")
    equal = (good.probs["t"] + noise.probs["t"]) / 2
    assert log_loss(found.oof.probs["t"], labels, task) < 0.8 * log_loss(equal, labels, task)
    assert found.blend.weights["t"][0] > 3 * abs(found.blend.weights["t"][1])
    assert set(found.by_fold) == {0, 1, 2}
    again = load_blend(found.blend.to_dict())
    assert isinstance(again, Stack)
    parts = [good.probs, noise.probs]
    assert np.array_equal(again.combine(parts, task)["t"], found.blend.combine(parts, task)["t"])


@pytest.mark.slow
def test_noise_alone_is_no_better_than_chance_out_of_fold() -> None:
    """The regression of all rows seems to know something of its own rows; the nested one does not claim it."""
    task = TASKS["single"]
    labels, _, rng = draw(task)
    noise = [member(task, rng.normal(size=(N, 3))) for _ in range(8)]
    found = stack_out_of_fold(noise, {"t": labels}, FOLD, GROUPS, "t")
    assert (found.oof.probs["t"].argmax(axis=1) == labels).mean() < 0.40  # 1/3 is chance, 0.40 is 3.5 deviations
    assert log_loss(found.oof.probs["t"], labels, task) >= np.log(3) - 0.01


@pytest.mark.slow
def test_columns_tell_what_no_member_knows() -> None:
    task = TASKS["single"]
    labels, truth, rng = draw(task)
    good = member(task, truth + rng.normal(size=(N, 3)))
    extra = np.stack([labels == 0, rng.random(N)], axis=1).astype(np.float64)
    with_it = stack_out_of_fold([good, good], {"t": labels}, FOLD, GROUPS, "t", extra=extra)
    without = stack_out_of_fold([good, good], {"t": labels}, FOLD, GROUPS, "t")
    assert log_loss(with_it.oof.probs["t"], labels, task) < log_loss(without.oof.probs["t"], labels, task) - 0.1


def test_too_many_classes_are_refused() -> None:
    names = tuple(f"c{n}" for n in range(400))
    task = Task((Head("t", "single", names),))
    probs = np.full((N, 400), 1 / 400)
    one = Predictions(task, as_text_array([f"{n}.png" for n in range(N)]), FOLD, {"t": probs})
    with pytest.raises(UsageError, match="400 classes: too many for stacking"):
        stack_out_of_fold([one, one], {"t": np.arange(N) % 400}, FOLD, GROUPS, "t")
