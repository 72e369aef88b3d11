"""How often the intervals of `podium compare` hold the true difference, and how often all of them do at once.

Made data in the shape of a face contest, as in `interval_coverage.py`: groups are people with 1 to 13 images, the class
is the person's, one class is rare, and each person is easier or harder to tell. Every arm is better than the reference
by an amount of its own; where several seeds are trained, each run of an arm moves by chance besides. The truth is the
mean difference of 200 runs an arm on 2,000 people.

    python benchmarks/paired_coverage.py --trials 1000 --level 0.9
"""

from __future__ import annotations

import argparse

import numpy as np
from interval_coverage import HEAD, SHARES, Array
from numpy.typing import NDArray

from podium.metrics import Arm, compare_arms, metric, score

GAINS = (0.0, 0.1, 0.25, 0.5)
"""Skill of the reference and of the arms beside what all share."""


def draw(
    n_groups: int, n_seeds: int, spread: float, rng: np.random.Generator
) -> tuple[list[Arm], NDArray[np.int64], NDArray[np.int64]]:
    sizes = rng.integers(1, 14, n_groups)
    groups = np.repeat(np.arange(n_groups), sizes)
    labels = rng.choice(3, n_groups, p=SHARES)[groups]
    shared = rng.normal(0, 1.0, (n_groups, 3))[groups] + rng.normal(0, 1.0, (len(groups), 3))
    logits = np.array([0.0, 0.0, -0.7]) + shared + 1.5 * np.eye(3)[labels]
    arms = []
    for number, gain in enumerate(GAINS):
        runs = []
        for _ in range(n_seeds):
            skill = gain + spread * rng.normal()
            runs.append(_softmax(logits + rng.normal(0, 0.5, logits.shape) + skill * np.eye(3)[labels]))
        arms.append(Arm(str(number), tuple(runs)))
    return arms, labels, groups


def _softmax(logits: Array) -> Array:
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


def measure(name: str, n_groups: int, n_seeds: int, spread: float, n_trials: int, level: float) -> None:
    rng, chosen = np.random.default_rng(n_groups + n_seeds), metric(name)
    many, truth_labels, _ = draw(2_000, 200, spread, rng)
    scores = [np.mean([score(chosen, run, truth_labels, HEAD) for run in arm.probs]) for arm in many]
    truth = np.array(scores[1:]) - scores[0]
    held = {"one comparison": [], "each of three": [], "all three at once": []}
    for seed in range(n_trials):
        arms, labels, groups = draw(n_groups, n_seeds, spread, rng)
        keys = groups.astype(object)
        for count in (2, len(arms)):
            found = compare_arms(arms[:count], labels, keys, chosen, HEAD, level=level, n_resamples=500, seed=seed)
            inside = [
                arm.difference.low <= true <= arm.difference.high for arm, true in zip(found.arms, truth, strict=False)
            ]
            if count == 2:
                held["one comparison"].append(inside[0])
            else:
                held["each of three"].append(np.mean(inside))
                held["all three at once"].append(all(inside))
    shares = ", ".join(f"{what} {np.mean(values):.3f}" for what, values in held.items())
    print(f"{name:9s} {n_groups:4d} groups, {n_seeds} seed{'s' if n_seeds > 1 else ' '}: {shares}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--level", type=float, default=0.9)
    options = parser.parse_args()
    print(f"level {options.level:g}, {options.trials} trials; share of trials whose interval holds the true difference")
    for name in ("accuracy", "f1_macro"):
        for n_groups in (50, 200):
            for n_seeds, spread in ((1, 0.0), (3, 0.2)):
                measure(name, n_groups, n_seeds, spread, options.trials, options.level)


if __name__ == "__main__":
    main()
