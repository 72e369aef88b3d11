"""How often two intervals hold: of a fold's model on new groups, and of a submission on a test set.

    python benchmarks/submission_interval.py --data ../shared/data --cache /tmp/features [--trials 200]

Groups are drawn anew in every trial: some to train, others as the test set. Features of the packaged network, ridge
regression in five folds at the strength that another draw chose. The submission is the mean of the folds' models, or
one model on all. The truth on infinitely many groups is not known, so the first interval is asked for the score on the
test set with its width times sqrt(1 + G / g), which is what the test set's own luck adds.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from heads import CPU, SETS, Contest, make_features
from numpy.typing import NDArray

from podium import compose_recipe, make_folds
from podium.metrics import (
    expect_score,
    measure_training_gain,
    metric,
    number_groups,
    perfect_score,
    unmeasured_gain,
)
from podium.metrics.bootstrap import Judged, resample
from podium.metrics.measured import measure
from podium.recipe import resolve_recipe
from podium.tables import Samples, Task, as_text_array
from podium.training.autotune import resolve_without_autotune

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
LEVEL = 0.9
STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0)
TRIALS = (
    ("digits", "f1_macro", 65, 65),
    ("digits", "f1_macro", 65, 130),
    ("digits", "f1_macro", 20, 60),
    ("digits", "f1_macro", 10, 60),
    ("letters", "average_precision_macro", 10, 10),
    ("letters", "f1_macro", 10, 10),
    ("face gender", "f1_macro", 80, 80),
    ("face age", "f1_macro", 80, 80),
    ("ants", "accuracy", 100, 250),
)
"""Set, metric, groups to train on, groups of the test set."""


@dataclass(frozen=True)
class Population:
    """All images of a set: what ridge regression needs of their features, and how alike they are."""

    contest: Contest
    groups: Rows
    n_groups: int
    kernel: NDArray[np.float32]

    def fit(self, train: Rows, asked: Rows, strength: float) -> Array:
        """Probabilities of the asked rows by ridge regression on the training rows."""
        head, labels = self.contest.head, self.contest.labels
        target = labels[train].astype(float) if head.is_multi else np.eye(head.n_classes)[labels[train]]
        mean = target.mean(axis=0)
        square = self.kernel[np.ix_(train, train)] + strength * np.eye(len(train), dtype=np.float32)
        weights = np.linalg.solve(square, (target - mean).astype(np.float32))
        found = (self.kernel[np.ix_(asked, train)] @ weights).astype(np.float64) + mean
        if head.is_multi:
            return np.clip(found, 1e-6, 1 - 1e-6)
        logits = np.exp(8 * (found - found.max(axis=1, keepdims=True)))
        return np.asarray(logits / logits.sum(axis=1, keepdims=True))

    def rows_of(self, groups: Rows) -> Rows:
        return np.flatnonzero(np.isin(self.groups, groups))

    def samples(self, rows: Rows) -> Samples:
        ids, head = as_text_array([f"{row:06}" for row in rows]), self.contest.head
        return Samples(
            Path(), ids, ids, Task((head,)), {head.name: self.contest.labels[rows]}, group=self.contest.groups[rows]
        )


def load(name: str, data: Path, cache: Path) -> Population:
    contest, file = SETS[name](data), cache / f"{name}.npy"
    if not file.is_file():
        recipe = compose_recipe("baseline", overrides=["image.size_px=96", "model.frozen_engine=torch"])
        recipe = resolve_without_autotune(resolve_recipe(recipe, median_side_px=96), CPU)
        cache.mkdir(parents=True, exist_ok=True)
        np.save(file, np.asarray(make_features(contest, recipe).features[0]))
    features = np.load(file)
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6) / np.sqrt(features.shape[1])
    groups, n_groups = number_groups(contest.groups)
    return Population(contest, groups, n_groups, features @ features.T)


def run_trial(whole: Population, name: str, n_train: int, n_test: int, strength: float, seed: int) -> dict[str, Any]:
    rng, item, head = np.random.default_rng(seed), metric(name), whole.contest.head
    drawn = rng.permutation(whole.n_groups)
    train, test = whole.rows_of(drawn[:n_train]), whole.rows_of(drawn[n_train : n_train + n_test])
    samples, labels = whole.samples(train), whole.contest.labels[train]
    fold = make_folds(samples, folds=5, split_seed=seed).fold
    is_half = make_folds(samples, folds=2, split_seed=seed).fold == 0
    oof, half, tests = np.zeros((len(train), head.n_classes)), np.zeros((len(train), head.n_classes)), []
    for k in range(5):
        valid = fold == k
        found = whole.fit(train[~valid], np.concatenate([train[valid], test]), strength)
        oof[valid] = found[: valid.sum()]
        tests.append(found[valid.sum() :])
        half[valid] = whole.fit(train[~valid & is_half], train[valid], strength) if k < 3 else 0

    def on_test(probs: Array) -> float:
        return item.function(probs, whole.contest.labels[test], head)

    some, own = fold < 3, item.function(oof, labels, head)
    perfect = perfect_score(item, labels, head)
    points = [item.function(probs[some], labels[some], head) for probs in (half, oof)]
    gain = measure_training_gain(*points, error=abs(perfect - own), perfect=perfect, train_fraction=0.8)
    judged, n_resamples = Judged(head, oof, labels, (item,)), 500 if item.from_counts else 200
    keys, n_keys = number_groups(samples.group_keys)
    (resampled,) = resample([judged], keys, n_keys, n_resamples=n_resamples, seed=seed)
    stated = measure(item, judged, resampled.values[name], groups=keys, level=LEVEL).interval
    size = {"n_images": len(test), "n_groups": n_test, "n_resamples": n_resamples, "seed": seed, "level": LEVEL}
    expected, blind = (
        expect_score(item, head, oof, labels, samples.group_keys, some_gain, **size)
        for some_gain in (gain, unmeasured_gain(error=abs(perfect - own), train_fraction=0.8))
    )
    wider, one = np.sqrt(1 + n_train / n_test), float(np.mean([on_test(probs) for probs in tests]))
    mean, refit = on_test(np.mean(tests, axis=0)), on_test(whole.fit(train, test, strength))
    reach = own - wider * (own - stated.low), own + wider * (stated.high - own)
    return {
        "score": own,
        "gain of the mean": mean - one,
        "gain of a refit": refit - one,
        "measured gain": gain.value,
        "width": expected.high - expected.low,
        "fold model": reach[0] <= one <= reach[1],
        "mean": expected.low <= mean <= expected.high,
        "mean above": mean > expected.high,
        "refit": expected.low <= refit <= expected.high,
        "mean, gain not measured": blind.low <= mean <= blind.high,
        "mean in the first interval": stated.low <= mean <= stated.high,
    }


def choose_strength(whole: Population, name: str, n_train: int) -> float:
    item, rng = metric(name), np.random.default_rng(99)
    rows = whole.rows_of(rng.permutation(whole.n_groups)[:n_train])
    fold, labels, head = make_folds(whole.samples(rows), folds=5).fold, whole.contest.labels[rows], whole.contest.head

    def judge(strength: float) -> float:
        oof = np.zeros((len(rows), head.n_classes))
        for k in range(5):
            oof[fold == k] = whole.fit(rows[fold != k], rows[fold == k], strength)
        return item.function(oof, labels, head)

    return max(STRENGTHS, key=judge)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the features")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.trials)
    for name, metric_name, n_train, n_test in TRIALS:
        if name not in options.sets:
            continue
        whole, started = load(name, options.data, options.cache), time.process_time()
        strength = choose_strength(whole, metric_name, n_train)
        rows = [run_trial(whole, metric_name, n_train, n_test, strength, seed) for seed in seeds]
        means = ", ".join(f"{key} {np.mean([row[key] for row in rows]):.4f}" for key in rows[0])
        spent = time.process_time() - started
        print(
            f"{name}, {metric_name}, {n_train} and {n_test} groups, strength {strength}, {spent:.0f} s: {means}",
            flush=True,
        )


if __name__ == "__main__":
    main()
