"""Whether the gain that `podium decide --tune` promises is the gain on new images.

Made data. `posters`: 18 labels on 2 to 30 % of the images, six images a group that share some of the error, and
probabilities that are too low, as on film posters. `kinds`: six classes, the rarest on 2 %. `ages`: five ordered
classes. Per split: out-of-fold predictions of `--images` images in 5 folds choose; the promised gain is of folds that
did not choose, the true gain of the final rule is on 40,000 new images, and "seems" is the gain where it was chosen.

    python benchmarks/threshold_gain.py --splits 20
    python benchmarks/threshold_gain.py --speed 100000
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from numpy.typing import NDArray

from podium.decisions import tune_head
from podium.metrics import METRICS, score
from podium.tables import Head, as_certain_probs, decide

Array = NDArray[np.float64]
POSTERS = Head("tags", "multi", tuple(f"tag{i}" for i in range(18)))
KINDS = Head("kind", "single", tuple("abcdef"))
AGES = Head("age", "ordinal", ("a", "b", "c", "d", "e"))
LETTERS = Head("letters", "multi", tuple("abcdefghijklmnopqrstuvwxyz"))


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def shared(n: int, n_columns: int, rng: np.random.Generator, size: int = 6) -> Array:
    return rng.normal(size=(n // size + 1, n_columns))[np.arange(n) // size]


def draw_tags(n: int, rng: np.random.Generator, head: Head = POSTERS) -> tuple[Array, NDArray[np.int64]]:
    rate = np.geomspace(0.02, 0.3, head.n_classes)
    signal = rng.normal(size=(n, head.n_classes)) * 1.2 + np.log(rate / (1 - rate))
    labels = (rng.uniform(size=signal.shape) < sigmoid(signal)).astype(np.int64)
    seen = signal + 0.4 * shared(n, head.n_classes, rng) + 1.1 * (labels - 0.5)
    return sigmoid(0.8 * seen - 0.25), labels


def draw_kinds(n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    labels = rng.choice(6, n, p=(0.4, 0.3, 0.15, 0.08, 0.05, 0.02))
    logits = rng.normal(size=(n, 6)) + 1.6 * np.eye(6)[labels] + 0.4 * shared(n, 6, rng)
    probs = np.exp(logits + np.log((0.5, 0.3, 0.1, 0.06, 0.03, 0.01)))
    return probs / probs.sum(axis=1, keepdims=True), labels


def draw_ages(n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
    age = rng.normal(size=n)
    labels = np.digitize(age, (-1.0, 0.2, 0.8, 1.6))
    seen = age + 0.5 * rng.normal(size=n) + 0.3 * shared(n, 1, rng)[:, 0]
    probs = np.exp(-((seen[:, None] * 0.7 - (-1.5, -0.4, 0.4, 1.2, 2.0)) ** 2))
    return probs / probs.sum(axis=1, keepdims=True), labels.astype(np.int64)


CASES = (
    ("posters, one threshold", "f1_micro", POSTERS, draw_tags, True),
    ("posters", "f1_micro", POSTERS, draw_tags, False),
    ("posters", "f1_macro", POSTERS, draw_tags, False),
    ("posters", "f1_samples", POSTERS, draw_tags, False),
    ("posters", "subset_accuracy", POSTERS, draw_tags, False),
    ("kinds", "f1_macro", KINDS, draw_kinds, False),
    ("kinds", "balanced_accuracy", KINDS, draw_kinds, False),
    ("ages", "quadratic_kappa", AGES, draw_ages, False),
    ("ages", "mean_absolute_error", AGES, draw_ages, False),
)


def judge(n_splits: int, n: int) -> None:
    print("data                    metric                without  promised      true     seems  promised-true")
    for title, name, head, draw, one in CASES:
        rows = []
        for seed in range(n_splits):
            rng = np.random.default_rng((seed, 7))
            probs, labels = draw(n, rng)
            groups = np.array([f"g{i // 6}" for i in range(n)], dtype=object)
            fold = rng.permutation(n // 6 + 1)[np.arange(n) // 6] % 5
            found = tune_head(probs, labels, fold, groups, METRICS[name], head, one_threshold=one)
            new, truth = draw(40_000, rng)
            rule = {"thresholds": found.values} if head.is_multi else {found.kind: found.values}
            answers = as_certain_probs(decide(new, head, **rule), head)  # type: ignore[arg-type]
            before = score(name, as_certain_probs(decide(new, head), head), truth, head)
            gain = score(name, answers, truth, head) - before
            rows.append((before, found.gain.difference.value, gain, found.seeming))
        table = np.array(rows)
        gap = table[:, 1] - table[:, 2]
        error = gap.std(ddof=1) / np.sqrt(len(gap))
        numbers = " ".join(f"{value:9.4f}" for value in table.mean(axis=0))
        print(f"{title:23} {name:19} {numbers}  {gap.mean():+.4f} +- {error:.4f}")


def time_it(n: int) -> None:
    probs, labels = draw_tags(n, np.random.default_rng(0), LETTERS)
    groups = np.array([f"g{i // 10}" for i in range(n)], dtype=object)
    start = time.process_time()
    found = tune_head(probs, labels, np.arange(n) // 10 % 5, groups, METRICS["f1_macro"], LETTERS)
    seconds = time.process_time() - start
    print(f"26 thresholds nested on {n:,} rows: {seconds:.2f} CPU s, torch {'torch' in sys.modules}")
    print(*found.lines("letters"), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--speed", type=int, default=0)
    given = parser.parse_args()
    if given.speed:
        time_it(given.speed)
    else:
        judge(given.splits, given.images)
