"""Several ways to train, each by the runs of one or more seeds, compared with one of them on the same images."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.bootstrap import Judged, Resampled, effective_groups, number_groups, resample
from podium.metrics.counts import ClassCounts, count_classes
from podium.metrics.definition import Metric
from podium.metrics.interval import Interval, make_interval, none_if_nan
from podium.metrics.paired import Verdict, verdict_of
from podium.metrics.ratio import divide
from podium.metrics.registry import score
from podium.metrics.simultaneous import simultaneous_level
from podium.metrics.worst_group import number_parts, score_parts, worst_group
from podium.tables import Head, decide

__all__ = ["Arm", "ArmDifference", "ClassDifference", "TargetComparison", "compare_arms"]

FloatArray = NDArray[np.float64]
Bound = Callable[..., Interval]
"""`make_interval` for the groups at hand; lacks the value, its resamples and the level."""

_POWER = 0.8
_MOST_TIMES = 1000
"""More groups or seeds than so many times those at hand are no advice."""


@dataclass(frozen=True, eq=False)
class Arm:
    """A way to train.

    Args:
        name: What it is called.
        probs: Out-of-fold probabilities of one target, one array a seed, shape (N, C) each.
    """

    name: str
    probs: tuple[NDArray[np.floating[Any]], ...]


@dataclass(frozen=True)
class ArmDifference:
    """What an arm does in comparison with the reference.

    Args:
        name: The arm.
        n_seeds: Its runs.
        score: Its score, the mean over its seeds.
        seed_deviation: Standard deviation of the scores of its seeds; nan with one.
        difference: Its score minus that of the reference. The interval speaks for other groups, and, where several
            seeds were trained, for other seeds.
        verdict: "helps", "hurts" or "cannot tell"; all verdicts of a comparison hold together at its level.
        n_groups_needed: Groups with which a true difference of this size would be seen four times in five; None
            where the verdict is clear or no number of groups is enough.
        n_seeds_needed: As `n_groups_needed`, seeds of each arm; None also where one seed each was trained.
    """

    name: str
    n_seeds: int
    score: float
    seed_deviation: float
    difference: Interval
    verdict: Verdict
    n_groups_needed: int | None = None
    n_seeds_needed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        numbers = {"score": none_if_nan(self.score), "seed_deviation": none_if_nan(self.seed_deviation)}
        return self.__dict__ | numbers | {"difference": self.difference.to_dict()}


@dataclass(frozen=True)
class ClassDifference:
    """A class that two arms find unequally well.

    Args:
        arm: The arm.
        name: The class.
        n: Images of it.
        before: Its F1 in the reference.
        after: Its F1 in the arm.
        difference: The F1 after minus before; the intervals of all classes of a target hold together.
        verdict: As in `ArmDifference`.
    """

    arm: str
    name: str
    n: int
    before: float
    after: float
    difference: Interval
    verdict: Verdict

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        numbers = {"before": none_if_nan(self.before), "after": none_if_nan(self.after)}
        return self.__dict__ | numbers | {"difference": self.difference.to_dict()}


@dataclass(frozen=True)
class TargetComparison:
    """All arms on one target.

    Args:
        target: Name of the head or composite class.
        metric: Name of the metric.
        n: Images with a label.
        n_groups: Groups among them.
        reference: Name of the arm that the others are compared with.
        reference_score: Its score, the mean over its seeds.
        n_seeds: Runs of the reference.
        greater_is_better: Whether a higher score is better.
        arms: The others.
        classes: Every class of every other arm, in that order.
        worst: Per arm, the part that it serves worst, where arms are compared by that; else empty.
    """

    target: str
    metric: str
    n: int
    n_groups: int
    reference: str
    reference_score: float
    n_seeds: int
    greater_is_better: bool
    arms: tuple[ArmDifference, ...]
    classes: tuple[ClassDifference, ...]
    worst: Mapping[str, str] = field(default_factory=dict)

    @property
    def differing_classes(self) -> list[ClassDifference]:
        """Classes with a clear verdict, the largest difference first."""
        clear = [one for one in self.classes if one.verdict != "cannot tell"]
        return sorted(clear, key=lambda one: -abs(one.difference.value))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        lists = {"arms": [one.to_dict() for one in self.arms], "classes": [one.to_dict() for one in self.classes]}
        worst = {"worst": dict(self.worst)} if self.worst else {}
        plain = {name: value for name, value in self.__dict__.items() if name != "worst"}
        return plain | lists | {"reference_score": none_if_nan(self.reference_score)} | worst


def compare_arms(
    arms: Sequence[Arm],
    labels: NDArray[np.integer[Any]],
    groups: Sequence[str] | NDArray[np.object_],
    metric: Metric,
    head: Head,
    *,
    parts: Sequence[str] | None = None,
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> TargetComparison:
    """Compare every arm with the first, on the same images and the same resamples of groups.

    Where arms have several seeds, their spread, pooled over all arms, widens the intervals: the two errors, of groups
    and of seeds, are added in squares. With one seed each, the intervals are of these runs on other groups.

    Args:
        arms: Two or more; the first is the reference. Rows of all are in the same order.
        labels: Labels of these rows, shape (N,), or (N, C) for a multi-label head; -1 is missing.
        groups: Group of every row, shape (N,).
        metric: The metric.
        head: The target.
        parts: The part of every row, "" for none: arms are compared by the score of their worst part, which is looked
            for anew in every resample.
        level: At which all verdicts hold together.
        n_resamples: Resamples of groups.
        seed: Seed of the resamples.

    Source:
        Zou and Donner 2008, "Construction of confidence limits about effect measures: a general approach" (MOVER).
    """
    is_known = np.asarray((labels >= 0).any(axis=1) if head.is_multi else labels >= 0)
    names: list[str] = []
    if parts is not None:
        numbered, names = number_parts(parts)
        is_known = is_known & (numbered >= 0)
        plain, numbered = metric, numbered[is_known]
        metric = worst_group(metric, numbered)
    labels = labels[is_known]
    numbers, n_groups = number_groups(np.asarray(groups, dtype=object)[is_known])
    runs = [Judged(head, probs[is_known], labels, (metric,)) for arm in arms for probs in arm.probs]
    drawn = resample(runs, numbers, n_groups, n_resamples=n_resamples, seed=seed) if n_groups else []
    bound = partial(make_interval, n_groups=n_groups, shifts=False, n_effective=effective_groups(numbers))
    seeds = _Seeds([len(arm.probs) for arm in arms])
    scores = np.array([score(metric, run.probs, labels, head) for run in runs])
    values = [found.values[metric.name] for found in drawn]
    main = _Differences(seeds, scores, np.stack(values, axis=1) if values else np.empty((0, len(runs))), level)
    found = [
        _judge_arm(place, arm, main, bound, greater_is_better=metric.greater_is_better)
        for place, arm in enumerate(arms[1:])
    ]
    return TargetComparison(
        head.name,
        metric.name,
        len(labels),
        n_groups,
        arms[0].name,
        float(main.means[0]),
        len(arms[0].probs),
        metric.greater_is_better,
        tuple(found),
        tuple(_judge_classes(arms, runs, drawn, seeds, bound, level)),
        _find_worst(arms, is_known, plain, numbered, names, labels, head) if parts is not None else {},
    )


def _find_worst(
    arms: Sequence[Arm],
    rows: NDArray[np.bool_],
    metric: Metric,
    parts: NDArray[np.int64],
    names: Sequence[str],
    labels: NDArray[np.integer[Any]],
    head: Head,
) -> dict[str, str]:
    """The worst part of each arm, by the mean probabilities of its seeds."""
    found = {}
    for arm in arms:
        probs = np.mean(np.stack([values[rows] for values in arm.probs]), axis=0)
        _, worst = score_parts(metric, parts, probs, labels, head)
        found[arm.name] = names[worst] if worst >= 0 else ""
    return found


class _Seeds:
    """Which columns of a table with a column a run belong to which arm."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = np.array(sizes)
        self._starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])

    def means(self, values: FloatArray) -> FloatArray:
        """Means over the runs of each arm, shape (..., A) from (..., R)."""
        return np.asarray(np.add.reduceat(values, self._starts, axis=-1) / self.sizes)

    def of(self, arm: int, values: FloatArray) -> FloatArray:
        """The columns of an arm."""
        return values[..., self._starts[arm] : self._starts[arm] + self.sizes[arm]]

    @property
    def n_spare(self) -> int:
        """Degrees of freedom of the spread of seeds."""
        return int((self.sizes - 1).sum())


class _Differences:
    """Scores of all arms, and their differences from the first."""

    def __init__(self, seeds: _Seeds, scores: FloatArray, resampled: FloatArray, level: float) -> None:
        self.seeds, self.scores = seeds, scores
        self.means = seeds.means(scores)
        means = seeds.means(resampled)
        self.resampled = means[:, 1:] - means[:, :1]
        self.level = simultaneous_level(self.resampled, level)
        spread = scores - np.repeat(self.means, seeds.sizes)
        self._variance = float(spread @ spread) / seeds.n_spare if seeds.n_spare else 0.0

    def of_groups(self, place: int, bound: Bound) -> Interval:
        """The difference of an arm, with the interval that other groups give it."""
        value = float(self.means[place + 1] - self.means[0])
        return bound(value, self.resampled[:, place], level=self.level)

    def of_seeds(self, place: int) -> float:
        """How far other seeds may move the difference; 0 where one seed each was trained."""
        if not self._variance:
            return 0.0
        from scipy.special import stdtrit

        shares = 1 / self.seeds.sizes[0] + 1 / self.seeds.sizes[place + 1]
        reach = float(stdtrit(self.seeds.n_spare, (1 + self.level) / 2))
        return reach * math.sqrt(self._variance * shares)


def _judge_arm(place: int, arm: Arm, main: _Differences, bound: Bound, *, greater_is_better: bool) -> ArmDifference:
    alone, by_seeds = main.of_groups(place, bound), main.of_seeds(place)
    difference = replace(
        alone,
        low=alone.value - math.hypot(alone.value - alone.low, by_seeds),
        high=alone.value + math.hypot(alone.high - alone.value, by_seeds),
    )
    verdict = verdict_of(difference, greater_is_better=greater_is_better)
    own = main.seeds.of(place + 1, main.scores)
    found = ArmDifference(
        arm.name,
        len(own),
        float(main.means[place + 1]),
        float(own.std(ddof=1)) if len(own) > 1 else math.nan,
        difference,
        verdict,
    )
    if verdict != "cannot tell" or not difference.has_bounds or not difference.value:
        return found
    by_groups = alone.value - alone.low if alone.value > 0 else alone.high - alone.value
    groups, seeds = _needed(abs(alone.value), by_groups, by_seeds, main.level)
    fewest = min(int(main.seeds.sizes[0]), len(own))
    return replace(
        found,
        n_groups_needed=None if groups is None else math.ceil(groups * alone.n_groups),
        n_seeds_needed=None if seeds is None else math.ceil(seeds * fewest),
    )


def _needed(size: float, by_groups: float, by_seeds: float, level: float) -> tuple[float | None, float | None]:
    """How many times as many groups, or seeds, would show a difference of this size with power 0.8."""
    normal = NormalDist()
    reach = normal.inv_cdf((1 + level) / 2)
    factor = (reach + normal.inv_cdf(_POWER)) / reach
    groups, seeds = (factor * by_groups) ** 2, (factor * by_seeds) ** 2
    return _times(size**2, groups, seeds), _times(size**2, seeds, groups)


def _times(size: float, own: float, other: float) -> float | None:
    """How many times less the own error must be so that both are no more than the size, all in squares."""
    if not own or size <= other or own / (size - other) > _MOST_TIMES:
        return None
    return own / (size - other)


def _judge_classes(
    arms: Sequence[Arm],
    runs: Sequence[Judged],
    drawn: Sequence[Resampled],
    seeds: _Seeds,
    bound: Bound,
    level: float,
) -> list[ClassDifference]:
    if not drawn:
        return []
    counts = [count_classes(decide(run.probs, run.head), run.labels, run.head) for run in runs]
    means = seeds.means(np.stack([_f1(one) for one in counts], axis=-1))  # (C, A)
    resampled = seeds.means(np.stack([_f1(one.counts) for one in drawn], axis=-1))  # (B, C, A)
    found = []
    head, n_images = runs[0].head, counts[0].actual
    for place, arm in enumerate(arms[1:], start=1):
        differences = resampled[..., place] - resampled[..., 0]
        each = simultaneous_level(differences, level)
        for number, name in enumerate(head.classes):
            before, after = float(means[number, 0]), float(means[number, place])
            interval = bound(after - before, differences[:, number], level=each)
            verdict = verdict_of(interval, greater_is_better=True)
            found.append(ClassDifference(arm.name, name, int(n_images[number]), before, after, interval, verdict))
    return found


def _f1(counts: ClassCounts) -> FloatArray:
    return divide(2 * counts.hits, counts.actual + counts.predicted, otherwise=0.0)
