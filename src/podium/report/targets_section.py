"""Per target: its metrics, its classes, and what it takes for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.metrics import ClassScore, Interval, TargetScore
from podium.report.contents import RunContents
from podium.report.judged import JudgedRows, judge_rows
from podium.report.numbers import KIND_WORDS
from podium.report.ranking_curves import RankingCurves, describe_ranking
from podium.report.section import Section

__all__ = ["ClassLine", "ConfusedPair", "DistanceLine", "TargetSection", "describe_targets"]

MOST_MATRIX = 40
"""More classes than this are shown as their most confused pairs only."""
N_PAIRS = 12
N_PAIRS_ALONE = 20


@dataclass(frozen=True)
class ClassLine:
    """A class: its scores, how often it was missed, and how often it was given to an image that lacks it."""

    score: ClassScore
    n_missed: int
    n_extra: int


@dataclass(frozen=True)
class ConfusedPair:
    """How often one class was taken for another, and which share of its images that is."""

    truth: str
    answer: str
    n: int
    share: float


@dataclass(frozen=True)
class DistanceLine:
    """How many answers are off by so many classes, or images by so many labels."""

    distance: int
    n: int
    share: float


@dataclass(frozen=True)
class TargetSection(Section):
    """One target.

    Args:
        name: The target.
        kind: "single", "multi" or "ordinal".
        words: What it asks.
        n: Images judged.
        n_groups: Groups they came from.
        unit: What an answer is for: image or bag.
        group_words: What groups are called: "groups", or "duplicate clusters" where nobody named one.
        is_main: Whether it is the main target.
        metrics: Scores by the name of the metric.
        chance: What the best answer that is the same for every image scores, by the name of the metric.
        classes: Scores of every class, in their order.
        confusion: How often each class (row) was answered with each class (column); empty for a multi-label target,
            and for more than 40 classes.
        pairs: Classes most often taken for another; for a multi-label target labels missed and given instead.
        distances: Answers of an ordinal target by prediction minus label, in classes.
        wrong_labels: Images of a multi-label target by their number of wrong labels.
        ranking: Precision over recall and ROC curves; None without out-of-fold predictions.
    """

    name: str
    kind: str
    words: str
    n: int
    n_groups: int
    unit: str
    group_words: str
    is_main: bool
    metrics: Mapping[str, Interval]
    chance: Mapping[str, float]
    classes: tuple[ClassLine, ...]
    confusion: tuple[tuple[int, ...], ...]
    pairs: tuple[ConfusedPair, ...]
    distances: tuple[DistanceLine, ...]
    wrong_labels: tuple[DistanceLine, ...]
    ranking: RankingCurves | None


def describe_targets(contents: RunContents) -> tuple[TargetSection, ...]:
    """A section a target, the main one first; none without scores."""
    if contents.scores is None:
        return ()
    main = contents.scores.main_target
    ordered = sorted(contents.scores.targets.values(), key=lambda target: target.target != main)
    return tuple(_make_section(contents, target, target.target == main) for target in ordered)


def _make_section(contents: RunContents, target: TargetScore, is_main: bool) -> TargetSection:
    is_multi = target.kind == "multi"
    names = [item.name for item in target.per_class]
    shows_matrix = not is_multi and len(names) <= MOST_MATRIX
    n_pairs = N_PAIRS if shows_matrix or is_multi else N_PAIRS_ALONE
    judged = _judge(contents, target)
    if is_multi:
        pairs = _mixed_up_labels(judged, names, n_pairs)
    elif len(names) > 2:
        pairs = _confused_pairs(target.confusion, names, n_pairs)
    else:
        pairs = ()
    return TargetSection(
        name=target.target,
        kind=target.kind,
        words=KIND_WORDS[target.kind].format(len(names)),
        n=target.n,
        n_groups=target.n_groups,
        unit=contents.unit,
        group_words=contents.group_words,
        is_main=is_main,
        metrics=dict(target.metrics),
        chance={name: target.chance_of(name) for name in target.metrics},
        classes=tuple(_class_line(target, place) for place in range(len(names))),
        confusion=tuple(map(tuple, target.confusion.tolist())) if shows_matrix else (),
        pairs=pairs,
        distances=_distances(target.confusion) if target.kind == "ordinal" else (),
        wrong_labels=_wrong_labels(judged) if is_multi else (),
        ranking=describe_ranking(judged),
    )


def _class_line(target: TargetScore, place: int) -> ClassLine:
    if target.kind == "multi":
        n_missed, n_extra = int(target.confusion[place, 1, 0]), int(target.confusion[place, 0, 1])
    else:
        right = int(target.confusion[place, place])
        n_missed = int(target.confusion[place].sum()) - right
        n_extra = int(target.confusion[:, place].sum()) - right
    return ClassLine(target.per_class[place], n_missed, n_extra)


def _confused_pairs(confusion: NDArray[np.int64], names: list[str], most: int) -> tuple[ConfusedPair, ...]:
    counts = confusion.copy()
    np.fill_diagonal(counts, 0)
    totals = confusion.sum(axis=1)
    order = np.argsort(-counts, axis=None, kind="stable")[:most]
    places = [divmod(int(place), len(names)) for place in order]
    return tuple(
        ConfusedPair(names[a], names[b], int(counts[a, b]), float(counts[a, b] / totals[a]))
        for a, b in places
        if counts[a, b] > 0
    )


def _mixed_up_labels(judged: JudgedRows | None, names: list[str], most: int) -> tuple[ConfusedPair, ...]:
    """Label missed, other label given instead, in the same image; the share is of the images that miss the first."""
    if judged is None:
        return ()
    missed = ((judged.labels == 1) & (judged.decisions == 0)).astype(np.float32)  # (N, C)
    extra = ((judged.labels == 0) & (judged.decisions == 1)).astype(np.float32)  # (N, C)
    together = np.rint(missed.T @ extra).astype(np.int64)  # (C, C)
    n_missed = missed.sum(axis=0)
    order = np.argsort(-together, axis=None, kind="stable")[:most]
    places = [divmod(int(place), len(names)) for place in order]
    return tuple(
        ConfusedPair(names[a], names[b], int(together[a, b]), float(together[a, b] / n_missed[a]))
        for a, b in places
        if together[a, b] > 0
    )


def _judge(contents: RunContents, target: TargetScore) -> JudgedRows | None:
    task = None if contents.samples is None else contents.samples.task
    for head in task.targets if task is not None else ():
        if head.name == target.target:
            return judge_rows(contents, head)
    return None


def _lines_of_counts(counts: dict[int, int]) -> tuple[DistanceLine, ...]:
    total = max(1, sum(counts.values()))
    return tuple(DistanceLine(distance, n, n / total) for distance, n in sorted(counts.items()))


def _distances(confusion: NDArray[np.int64]) -> tuple[DistanceLine, ...]:
    """Answers by answer minus truth, in classes."""
    n_classes = len(confusion)
    counts = {offset: int(np.trace(confusion, offset=offset)) for offset in range(1 - n_classes, n_classes)}
    reach = max([abs(offset) for offset, n in counts.items() if n] + [1])
    return _lines_of_counts({offset: n for offset, n in counts.items() if abs(offset) <= reach})


def _wrong_labels(judged: JudgedRows | None) -> tuple[DistanceLine, ...]:
    """Images by their number of wrong labels."""
    if judged is None:
        return ()
    counts = np.bincount(judged.is_wrong.sum(axis=1))
    return _lines_of_counts({distance: int(n) for distance, n in enumerate(counts)})
