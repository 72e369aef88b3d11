"""How far a score falls when images are spoiled: paired with the clean images, over the same resamples of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.bootstrap import Judged, Resampled, effective_groups, number_groups, resample
from podium.metrics.counts import ClassCounts, count_classes
from podium.metrics.definition import Metric
from podium.metrics.interval import Interval, make_interval
from podium.metrics.measured import measure
from podium.metrics.paired import PairedDifference, verdict_of
from podium.metrics.registry import score
from podium.metrics.simultaneous import simultaneous_level
from podium.tables import Head, decide

__all__ = ["ClassDrop", "CorruptionCurve", "Robustness", "judge_robustness"]

FloatArray = NDArray[np.float64]
Probs = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class CorruptionCurve:
    """Scores under one corruption.

    Args:
        name: The corruption.
        scores: Score at each severity with its interval.
        change: Mean over the severities minus the clean score. Intervals of all corruptions hold together.
    """

    name: str
    scores: tuple[Interval, ...]
    change: PairedDifference


@dataclass(frozen=True)
class ClassDrop:
    """What corruptions do to the recall of one class.

    Args:
        name: The class.
        n: Samples of it.
        clean: Recall on clean images.
        change: Mean recall over all corruptions and severities minus the clean one. Intervals of all classes hold
            together.
        worst: The corruption under which its mean recall is lowest.
        worst_recall: That mean recall.
    """

    name: str
    n: int
    clean: float
    change: PairedDifference
    worst: str
    worst_recall: float


@dataclass(frozen=True)
class Robustness:
    """Scores of one target on clean and on corrupted images.

    Args:
        target: The target.
        metric: By what it is judged.
        n: Answers.
        n_groups: Groups of them that have a label.
        level: Level of all intervals.
        clean: Score on clean images.
        mean: Mean over all corruptions and severities minus the clean score.
        curves: Every corruption.
        classes: Every class that occurs, the one that loses most first.
    """

    target: str
    metric: str
    n: int
    n_groups: int
    level: float
    clean: Interval
    mean: PairedDifference
    curves: tuple[CorruptionCurve, ...]
    classes: tuple[ClassDrop, ...]

    @property
    def harmful(self) -> tuple[str, ...]:
        """Corruptions that hurt beyond chance, the worst first."""
        hurt = [one for one in self.curves if one.change.verdict == "hurts"]
        return tuple(one.name for one in sorted(hurt, key=lambda one: -abs(one.change.difference.value)))

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        curves = [
            {"name": one.name, "scores": [item.to_dict() for item in one.scores], "change": one.change.to_dict()}
            for one in self.curves
        ]
        classes = [one.__dict__ | {"change": one.change.to_dict()} for one in self.classes]
        made = {"clean": self.clean.to_dict(), "mean": self.mean.to_dict(), "curves": curves, "classes": classes}
        return self.__dict__ | made | {"harmful": list(self.harmful)}


def judge_robustness(
    clean: Probs,
    corrupted: Mapping[str, Sequence[Probs]],
    labels: NDArray[np.integer[Any]],
    groups: Sequence[str] | NDArray[np.object_],
    metric: Metric,
    head: Head,
    *,
    level: float = 0.9,
    n_resamples: int = 1000,
    seed: int = 0,
) -> Robustness:
    """Scores under every corruption beside the clean ones, whole groups resampled, the same for all.

    Args:
        clean: Probabilities for clean images, shape (N, C).
        corrupted: By corruption, the probabilities at each severity, rows in the same order; at least one.
        labels: Labels of these rows; -1 is missing.
        groups: Group of every row.
        metric: The metric.
        head: The target.
        level: Confidence level: of each score, of the mean, of all corruptions together and of all classes together.
        n_resamples: Resamples of groups.
        seed: Seed of the resamples.
    """
    is_known = (labels >= 0).any(axis=1) if head.is_multi else labels >= 0
    every = [clean, *(probs for series in corrupted.values() for probs in series)]
    targets = [Judged(head, probs[is_known], labels[is_known], (metric,)) for probs in every]
    numbers, n_groups = number_groups(np.asarray(groups, dtype=object)[is_known])
    drawn = resample(targets, numbers, n_groups, n_resamples=n_resamples, seed=seed) if n_groups else []
    values = np.array([score(metric, one.probs, one.labels, head) for one in targets])  # (1 + levels,)
    draws = _stack([one.values[metric.name] for one in drawn], len(targets))  # (B, 1 + levels)
    scores = [
        measure(metric, one, draws[:, place], groups=numbers, level=level).interval for place, one in enumerate(targets)
    ]
    places = _places(corrupted)
    means = np.array([values[own].mean() - values[0] for own in places.values()])
    mean_draws = np.stack([draws[:, own].mean(axis=1) - draws[:, 0] for own in places.values()], axis=1)
    overall = _differ(metric, np.array([means.mean()]), mean_draws.mean(axis=1)[:, None], numbers, n_groups, level)
    changes = _differ(metric, means, mean_draws, numbers, n_groups, level)
    return Robustness(
        head.name,
        metric.name,
        int(is_known.sum()),
        n_groups,
        level,
        scores[0],
        overall[0],
        tuple(
            CorruptionCurve(name, tuple(scores[place] for place in own), change)
            for (name, own), change in zip(places.items(), changes, strict=True)
        ),
        _judge_classes(targets, drawn, places, numbers, n_groups, level),
    )


def _places(corrupted: Mapping[str, Sequence[Probs]]) -> dict[str, list[int]]:
    """Where the severities of each corruption lie behind the clean images."""
    places, start = {}, 1
    for name, series in corrupted.items():
        places[name] = list(range(start, start + len(series)))
        start += len(series)
    return places


def _stack(draws: Sequence[FloatArray], n: int) -> FloatArray:
    """Resampled values side by side; of ranking metrics the first resamples only, as many as all have."""
    shortest = min((len(values) for values in draws), default=0)
    return np.stack([values[:shortest] for values in draws], axis=1) if draws else np.empty((0, n))


def _differ(
    metric: Metric, values: FloatArray, draws: FloatArray, groups: NDArray[np.int64], n_groups: int, level: float
) -> list[PairedDifference]:
    """Differences (M,) with intervals from their resamples (B, M) that hold together."""
    together = simultaneous_level(draws, level)
    n_effective = effective_groups(groups)
    made = []
    for place, value in enumerate(values):
        interval = make_interval(
            float(value), draws[:, place], n_groups=n_groups, level=together, shifts=False, n_effective=n_effective
        )
        verdict = verdict_of(interval, greater_is_better=metric.greater_is_better)
        made.append(PairedDifference(metric.name, interval, verdict))
    return made


def _judge_classes(
    targets: Sequence[Judged],
    drawn: Sequence[Resampled],
    places: Mapping[str, list[int]],
    groups: NDArray[np.int64],
    n_groups: int,
    level: float,
) -> tuple[ClassDrop, ...]:
    head = targets[0].head
    counts = [count_classes(decide(one.probs, head), one.labels, head) for one in targets]
    there = np.flatnonzero(counts[0].actual > 0)
    if not len(there):
        return ()
    recalls = np.stack([_recall(one)[there] for one in counts])  # (1 + levels, classes)
    by_name = {name: recalls[own].mean(axis=0) for name, own in places.items()}
    changes = np.mean(list(by_name.values()), axis=0) - recalls[0]
    draws = _draw_recall_changes(drawn, places, there)
    judged = _differ(_RECALL, changes, draws, groups, n_groups, level)
    made = []
    for place, number in enumerate(there.tolist()):
        worst = min(by_name, key=lambda name: float(by_name[name][place]))
        made.append(
            ClassDrop(
                head.classes[number],
                int(counts[0].actual[number]),
                float(recalls[0, place]),
                judged[place],
                worst,
                float(by_name[worst][place]),
            )
        )
    return tuple(sorted(made, key=lambda one: one.change.difference.value))


def _draw_recall_changes(
    drawn: Sequence[Resampled], places: Mapping[str, list[int]], there: NDArray[np.int64]
) -> FloatArray:
    """Resampled changes of the mean recall, (B, classes); nan where a resample has no sample of a class."""
    if not drawn:
        return np.empty((0, len(there)))
    means = [np.mean([_recall(drawn[place].counts)[:, there] for place in own], axis=0) for own in places.values()]
    return np.asarray(np.mean(means, axis=0) - _recall(drawn[0].counts)[:, there])


def _recall(counts: ClassCounts) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(counts.hits / counts.actual, dtype=np.float64)


_RECALL = Metric("recall", ("single", "ordinal", "multi"), "decisions", True, lambda _p, _l, _h: float("nan"))
