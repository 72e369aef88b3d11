"""Spurious cues: whether something that should not matter tells the class, judged on groups that were not counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from podium.auditing.auc import area_of_classes, area_with_interval, deal_groups
from podium.auditing.finding import Finding
from podium.auditing.looked_at import LookedAt
from podium.auditing.traits import bin_traits, traits_of
from podium.listing import shorten
from podium.metrics import Interval
from podium.metrics.interval import none_if_nan
from podium.tables import Head

__all__ = ["Cue", "find_cues", "measure_cues", "predict_from_bins"]

MOST_IMAGES = 20_000
MOST_CLASSES = 30
"""Of a head with more classes the most frequent ones are asked about."""
FEWEST_GROUPS = 10
"""Groups with a class, and without it, below which nothing is said about it."""
ASKED = 0.6
"""Mean area from which on resampling is worth its time."""
ASKED_OF_BEST, BEST_OF_MANY = 0.8, 0.1
"""The same for the class that is told best, and by how much higher its bound has to be."""
WORTH_SAYING, STRONG = 0.6, 0.75
"""Lower bound of the area from which on a cue is noted, and from which on it is a caution."""
_OF_FILES = ("width", "height", "shape", "kind of file")
_OF_ORDER = ("number in the name", "place in the table")
_PRIOR = 2.0
"""Images of the usual mixture that every bin is given beforehand."""


@dataclass(frozen=True)
class Cue:
    """How well a trait of images tells the classes of a head.

    Args:
        head: The head.
        trait: The trait.
        area: Mean area under the ROC curve, each class against the rest; 0.5 is chance. Without bounds where it is
            near that.
        best_class: The class that it tells best.
        best_area: The area of that class.
        best_low: Lower bound of that; nan where nobody asked, because all classes are told anyway, or none is.
    """

    head: str
    trait: str
    area: Interval
    best_class: str
    best_area: float
    best_low: float = float("nan")

    @property
    def low(self) -> float:
        """How sure it is: the lower bound for all classes, or that of the best one, less as it is the best of many."""
        return float(np.nanmax([self.area.low, self.best_low - BEST_OF_MANY, -1.0]))

    def to_dict(self) -> dict[str, object]:
        """The cue as JSON-ready data."""
        return {
            "head": self.head,
            "trait": self.trait,
            "area": none_if_nan(self.area.value),
            "low": none_if_nan(self.area.low),
            "high": none_if_nan(self.area.high),
            "best_class": self.best_class,
            "best_area": self.best_area,
            "best_low": none_if_nan(self.best_low),
        }


def measure_cues(looked: LookedAt, groups: NDArray[np.object_]) -> list[Cue]:
    """Every trait against every head, the strongest first.

    A trait is cut into bins; a bin's class frequencies in four fifths of the groups are the answer for the images of
    the other fifth. So nothing is assumed of how a class depends on the trait, and images of one group do not tell of
    each other.

    Args:
        looked: Usable images with labels.
        groups: Group of each image, near-duplicates together, shape (N,).
    """
    rows = np.linspace(0, len(looked) - 1, min(len(looked), MOST_IMAGES)).round().astype(np.int64)
    fold, group, n_groups = deal_groups(groups[rows])
    traits = {name: bin_traits(values)[rows] for name, values in traits_of(looked).items()}
    cues = []
    for head in looked.samples.task.heads if looked.samples.task else ():
        labels, names = _one_against_rest(head, looked.samples.labels[head.name][rows], group)
        for trait, bins in traits.items():
            if names and bins.max() > 0:
                cues.append(_measure(head.name, trait, bins, labels, names, fold, group, n_groups))
    return sorted(cues, key=lambda cue: -cue.area.value)


def _one_against_rest(
    head: Head, labels: NDArray[np.integer], group: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[str]]:
    """1, 0 or -1 for each class that enough groups have and lack, shape (N, K), and the names of those classes."""
    if not head.is_multi:
        labels = np.where(labels[:, None] < 0, -1, labels[:, None] == np.arange(head.n_classes))
    sides = np.array([[len(np.unique(group[labels[:, k] == side])) for k in range(head.n_classes)] for side in (0, 1)])
    asked = np.flatnonzero(sides.min(axis=0) >= FEWEST_GROUPS)
    asked = asked[np.argsort(-sides[1][asked], kind="stable")][:MOST_CLASSES]
    return labels[:, asked].astype(np.int64), [head.classes[k] for k in asked]


def _measure(
    head: str,
    trait: str,
    bins: NDArray[np.int64],
    labels: NDArray[np.int64],
    names: list[str],
    fold: NDArray[np.int64],
    group: NDArray[np.int64],
    n_groups: int,
) -> Cue:
    scores = predict_from_bins(bins, labels, fold)
    areas = area_of_classes(scores, labels)
    best = int(np.nanargmax(areas))
    nan = float("nan")
    cue = Cue(head, trait, Interval(float(np.nanmean(areas)), nan, nan, n_groups, 0, nan), names[best], areas[best])
    if cue.area.value >= ASKED:
        cue = replace(cue, area=area_with_interval(scores, labels, group, n_groups))
    if cue.best_area >= ASKED_OF_BEST and not cue.area.low > WORTH_SAYING:
        alone = area_with_interval(scores[:, [best]], labels[:, [best]], group, n_groups)
        cue = replace(cue, best_low=alone.low)
    return cue


def predict_from_bins(
    bins: NDArray[np.int64], labels: NDArray[np.int64], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Share of each class among the images of the same bin in the other folds, shape (N, K).

    Args:
        bins: Bin of each image, shape (N,).
        labels: 1, 0 or -1, shape (N, K).
        fold: Fold of each image, shape (N,).
    """
    n_folds, n_bins = int(fold.max()) + 1, int(bins.max()) + 1
    cell = fold * n_bins + bins
    scores = np.empty(labels.shape)
    for k, column in enumerate(labels.T):
        hits, known = (
            np.bincount(cell, weights=marks, minlength=n_folds * n_bins).reshape(n_folds, n_bins)
            for marks in ((column == 1).astype(float), (column >= 0).astype(float))
        )
        hits, known = hits.sum(axis=0) - hits, known.sum(axis=0) - known
        usual = hits.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
        # Only the order within a fold tells: a fold with more of a class has fewer of it in all others.
        share = (hits + _PRIOR * usual) / (known + _PRIOR) - usual
        scores[:, k] = share[fold, bins]
    return scores


def find_cues(cues: list[Cue]) -> Iterator[Finding]:
    """The cues that are surely more than chance; of those that say much the same, the strongest."""
    for head in dict.fromkeys(cue.head for cue in cues):
        sure = [cue for cue in cues if cue.head == head and cue.low > WORTH_SAYING]
        for traits in (_OF_FILES, _OF_ORDER, ("brightness",), ("contrast", "sharpness", "bytes per pixel")):
            own = [cue for cue in sure if cue.trait in traits]
            if own:
                yield _say(own[0], [cue.trait for cue in own[1:]])


def _say(cue: Cue, others: list[str]) -> Finding:
    more = f"; so {'does' if len(others) == 1 else 'do'} {', '.join(others)}" if others else ""
    is_order = cue.trait in _OF_ORDER
    best = repr(shorten(cue.best_class, most=40))
    if cue.area.low > WORTH_SAYING:
        what = f"{cue.head!r}: AUC {cue.area.value:.2f} [{cue.area.low:.2f}, {cue.area.high:.2f}], 0.5 is chance;"
        what += f" best {best} with {cue.best_area:.2f}"
    else:
        what = f"{best} of {cue.head!r}: AUC {cue.best_area:.2f}, at least {cue.best_low:.2f}, 0.5 is chance"
    return Finding(
        "caution" if cue.low >= STRONG and not is_order else "note",
        "cue",
        f"{cue.trait.capitalize()} alone tells {what}{more}.",
        todo=_todo(cue.trait),
    )


def _todo(trait: str) -> str:
    if trait in _OF_ORDER:
        return "The data is in an order. No model sees it; but what comes in a row may be one session: name a group."
    if trait in _OF_FILES:
        return "Classes may come from different sources, and a model may learn these. Check on images of one source."
    return "If that is not what the class is about, a model may learn it instead; augment it, and check on new images."
