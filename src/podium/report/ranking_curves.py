"""Precision over recall, and the ROC curve, of each class of a target against the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.metrics import rank_classes
from podium.report.judged import JudgedRows

__all__ = ["RankingCurve", "RankingCurves", "describe_ranking"]

MOST_CURVES = 40
"""Of more classes only those with the lowest average precision have curves of their own."""
MOST_CELLS = 20_000_000
"""Images x classes; more would take many seconds to sort."""
N_STEPS = 100


@dataclass(frozen=True)
class RankingCurve:
    """One class against the rest, or the mean of all classes.

    Args:
        name: The class; "macro" for the mean.
        n: Images of it, of all known ones.
        share: Their share, which is the precision of chance.
        average_precision: Mean precision at each new image of the class; exact.
        roc_auc: Area under the ROC curve; exact.
        precision: Precision at each recall of the grid.
        true_positive_rate: True positive rate at each false positive rate of the grid.
    """

    name: str
    n: int
    share: float
    average_precision: float
    roc_auc: float
    precision: tuple[float, ...]
    true_positive_rate: tuple[float, ...]


@dataclass(frozen=True)
class RankingCurves:
    """The curves of a target.

    Args:
        grid: Recall, and false positive rate, at which the curves are read.
        macro: The mean of all classes that have a curve.
        classes: Classes with images inside and outside; of very many the weakest only.
    """

    grid: tuple[float, ...]
    macro: RankingCurve
    classes: tuple[RankingCurve, ...]


def describe_ranking(judged: JudgedRows | None) -> RankingCurves | None:
    """The curves; None without out-of-fold predictions, without a class that has both, and for very large tables."""
    if judged is None or judged.probs.size > MOST_CELLS:
        return None
    grid = np.linspace(0, 1, N_STEPS + 1)
    classes = []
    for name, ranked in zip(judged.head.classes, rank_classes(judged.probs, judged.labels, judged.head), strict=True):
        if ranked.n_positives == 0 or ranked.n_negatives == 0:
            continue
        classes.append(
            RankingCurve(
                name=name,
                n=ranked.n_positives,
                share=ranked.n_positives / (ranked.n_positives + ranked.n_negatives),
                average_precision=ranked.average_precision,
                roc_auc=ranked.roc_auc,
                precision=_rounded(ranked.precision_at(grid)),
                true_positive_rate=_rounded(ranked.true_positive_rate_at(grid)),
            )
        )
    if not classes:
        return None
    shown = classes
    if len(classes) > MOST_CURVES:
        shown = sorted(classes, key=lambda item: item.average_precision)[:MOST_CURVES]
    return RankingCurves(_rounded(grid), _mean_of(classes), tuple(shown))


def _mean_of(classes: list[RankingCurve]) -> RankingCurve:
    return RankingCurve(
        name="macro",
        n=sum(item.n for item in classes),
        share=float(np.mean([item.share for item in classes])),
        average_precision=float(np.mean([item.average_precision for item in classes])),
        roc_auc=float(np.mean([item.roc_auc for item in classes])),
        precision=_rounded(np.mean([item.precision for item in classes], axis=0)),
        true_positive_rate=_rounded(np.mean([item.true_positive_rate for item in classes], axis=0)),
    )


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(np.round(values, 6).tolist())
