from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, logit, softmax
from scipy.stats import gmean
from sklearn.metrics import f1_score

from podium.decisions import Pool, choose_pool, judged_answers, pool_probs, score_answers
from podium.errors import UsageError
from podium.tables import Head, Predictions, Samples, Task, as_text_array

MASK, TAGS = Head("mask", "single", ("on", "off", "none")), Head("tags", "multi", ("hat", "beard"))
N = 30
NUMBERS = np.random.default_rng(3).permutation(np.arange(N) % 9)  # bags of three and four
BY_HAND = {
    "mean": lambda p, _: p.mean(axis=0),
    "median": lambda p, _: np.median(p, axis=0),
    "max": lambda p, _: p.max(axis=0),
    "noisy_or": lambda p, _: 1 - np.prod(1 - p, axis=0),
    "logit_mean": lambda p, is_multi: expit(logit(p).mean(axis=0)) if is_multi else gmean(p, axis=0),
}


def draw_probs(head: Head, *, seed: int = 0) -> NDArray[np.float64]:
    values = np.random.default_rng(seed).normal(size=(N, head.n_classes))
    found: NDArray[np.float64] = expit(values) if head.is_multi else softmax(values, axis=1)
    return found


@pytest.mark.parametrize("head", [MASK, TAGS])
@pytest.mark.parametrize("pool", get_args(Pool))
def test_is_the_formula_by_a_slow_loop(pool: Pool, head: Head) -> None:
    probs = draw_probs(head)
    found = pool_probs(probs, head, NUMBERS, pool)
    for bag in range(9):
        wanted = BY_HAND[pool](probs[bag == NUMBERS], head.is_multi)
        np.testing.assert_allclose(found[bag], wanted if head.is_multi else wanted / wanted.sum(), rtol=1e-6)
    shuffled = np.random.default_rng(1).permutation(N)
    np.testing.assert_allclose(pool_probs(probs[shuffled], head, NUMBERS[shuffled], pool), found, rtol=1e-12)
    assert np.array_equal(pool_probs(probs, head, np.arange(N), pool), probs), "a bag of one image is that image"


@pytest.mark.parametrize("pool", get_args(Pool))
def test_a_certain_image_leaves_probabilities(pool: Pool) -> None:
    found = pool_probs(np.array([[1.0, 0.0], [0.0, 1.0]]), TAGS, np.zeros(2, dtype=int), pool)
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()


def make_bags(*, folds: int = 3) -> tuple[Predictions, Samples]:
    """Thirty images of nine bags, in shuffled order, with probabilities that know something of the label."""
    task, labels = Task((MASK,)), NUMBERS % 3
    ids = as_text_array([f"{row}.png" for row in range(N)])
    bag = as_text_array([f"p{number}" for number in NUMBERS])
    samples = Samples(Path(), ids, ids, task, {"mask": labels}, group=bag, bag=bag)
    probs = softmax(np.random.default_rng(5).normal(size=(N, 3)) + np.eye(3)[labels], axis=1)
    return Predictions(task, ids, NUMBERS % folds, {"mask": probs}), samples


def test_scores_count_bags_and_keep_what_single_images_score() -> None:
    predictions, samples = make_bags()
    scores = score_answers(predictions, samples, "mean", by_fold=True)
    answers, units = judged_answers(predictions, samples, "mean")
    assert units.ids.tolist() == answers.ids.tolist()
    assert scores.targets["mask"].n == scores.targets["mask"].n_groups == 9
    assert scores.main.value == pytest.approx(
        f1_score(units.labels["mask"], answers.probs["mask"].argmax(axis=1), average="macro")
    )
    assert scores.of_images is not None
    assert scores.of_images.n_images == N
    assert scores.of_images.interval.value == pytest.approx(
        f1_score(samples.labels["mask"], predictions.probs["mask"].argmax(axis=1), average="macro")
    )
    assert sum(fold.n for fold in scores.folds) == 9
    assert type(scores).from_dict(scores.to_dict()).of_images == scores.of_images


def test_the_choice_of_a_pool_is_judged_by_folds_that_did_not_choose() -> None:
    predictions, samples = make_bags()
    choice = choose_pool(predictions, samples, metric="accuracy")
    answers = {pool: judged_answers(predictions, samples, pool) for pool in get_args(Pool)}
    truth, fold = answers["mean"][1].labels["mask"], answers["mean"][0].fold
    hits = {pool: one.probs["mask"].argmax(axis=1) == truth for pool, (one, _) in answers.items()}
    for number, pool in choice.by_fold.items():
        assert hits[pool][fold != number].mean() == max(one[fold != number].mean() for one in hits.values())
    nested = np.mean([hits[choice.by_fold[number]][bag] for bag, number in enumerate(fold.tolist())])
    assert choice.nested.value == pytest.approx(nested)
    assert choice.pools[choice.best].value == pytest.approx(max(one.mean() for one in hits.values()))
    assert choice.nested.value <= choice.pools[choice.best].value
    with pytest.raises(UsageError, match="one fold"):
        choose_pool(*make_bags(folds=1), metric="accuracy")
