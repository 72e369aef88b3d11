"""How long the search for the best subset of many runs takes, and greedy selection among them.

    python benchmarks/subset_search.py
    python benchmarks/subset_search.py --rows 100000 --models 12 --classes 10 --subsets 1000

Seconds of user CPU, with one thread of the matrix product (OMP_NUM_THREADS=1).
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from functools import partial

import numpy as np

from podium.decisions import Choice, choose_weights
from podium.metrics import metric
from podium.tables import Head


def draw(n: int, n_models: int, n_classes: int) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, n_classes, n)
    made = []
    for model in range(n_models):
        scores = rng.normal(size=(n, n_classes), scale=1.0 + model / n_models)
        scores[np.arange(n), labels] += 1.5
        made.append(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))
    return made, labels


def timed(work: Callable[[], object]) -> tuple[float, object]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    found = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--models", type=int, default=12)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--subsets", type=int, default=1000)
    options = parser.parse_args()
    head = Head("t", "single", tuple(f"c{n}" for n in range(options.classes)))
    probs, labels = draw(options.rows, options.models, options.classes)
    choice = Choice("mean", "subset", options.subsets)
    size = f"{options.rows:,} rows, {options.classes} classes"
    for name in ("accuracy", "f1_macro"):
        seconds, _ = timed(partial(choose_weights, choice, probs, labels, metric(name), head))
        print(f"{options.subsets} subsets of {options.models} runs, {size}, {name}: {seconds:.1f} s")
    n = min(options.rows, 10_000)
    probs, labels = draw(n, 50, options.classes)
    seconds, _ = timed(lambda: choose_weights(Choice("mean", "greedy"), probs, labels, metric("f1_macro"), head))
    print(f"greedy among 50 runs, {n:,} rows, {options.classes} classes, f1_macro: {seconds:.1f} s")


if __name__ == "__main__":
    main()
