"""The pool of bags that scores best out of fold, and what the choice itself would have scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from podium.columns import align_columns
from podium.decisions.pooling import Pool, judged_answers
from podium.errors import UsageError
from podium.metric_words import metric_words
from podium.metrics import METRICS, Interval, score, score_predictions
from podium.tables import Predictions, Samples, concat_predictions

__all__ = ["PoolChoice", "choose_pool"]


@dataclass(frozen=True)
class PoolChoice:
    """Every pool's score, and the honest one of choosing the best.

    Args:
        metric: The metric of the main target.
        pools: Score of each pool over all folds.
        best: The pool with the best score; of equal ones the first.
        nested: Score of the choice: the bags of each fold are pooled as is best on the other folds.
        by_fold: The pool that was best on the other folds, by fold.
    """

    metric: str
    pools: Mapping[Pool, Interval]
    best: Pool
    nested: Interval
    by_fold: Mapping[int, Pool]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "metric": self.metric,
            "pools": {name: found.to_dict() for name, found in self.pools.items()},
            "best": self.best,
            "nested": self.nested.to_dict(),
            "by_fold": {str(fold): pool for fold, pool in self.by_fold.items()},
        }

    def lines(self) -> list[str]:
        """The same for a terminal."""
        rows: list[tuple[str, ...]] = [
            (name, str(found), "best" if name == self.best else "") for name, found in self.pools.items()
        ]
        rows.append(("choice", str(self.nested), "each fold by the best pool of the others"))
        return align_columns(("pool", f"{metric_words(self.metric)} out of fold", ""), rows, left=3)


def choose_pool(predictions: Predictions, samples: Samples, *, metric: str) -> PoolChoice:
    """Judge every pool out of fold, and the choice among them by folds that did not choose.

    The best pool's own score is too good, as it was chosen by it; `nested` is what such a choice is worth.

    Args:
        predictions: Out-of-fold predictions of images.
        samples: Their labels, groups and bags.
        metric: A registered metric of the main target.

    Raises:
        UsageError: If there are no bags, or fewer than two folds.
    """
    folds = sorted(set(predictions.fold.tolist()))
    if samples.bag is None:
        raise UsageError("each image has an answer of its own, so there is nothing to pool.", field="pool")
    if len(folds) < 2:
        raise UsageError(
            "a choice of pool is judged on folds that did not choose, and this run has one fold.",
            field="pool",
            fix="Name the pool.",
        )
    head, found = predictions.task.main_target, METRICS[metric]
    answers = {pool: judged_answers(predictions, samples, pool)[0] for pool in get_args(Pool)}
    _, units = judged_answers(predictions, samples, "mean")
    labels = units.target_labels(head.name)[units.rows_of(answers["mean"].ids)]
    fold = answers["mean"].fold

    def best_on(is_asked: Any) -> Pool:
        values = {p: score(found, one.probs[head.name][is_asked], labels[is_asked], head) for p, one in answers.items()}
        signed = {p: value if found.greater_is_better else -value for p, value in values.items()}
        return max(signed, key=lambda p: -np.inf if np.isnan(signed[p]) else signed[p])

    def interval(of: Predictions) -> Interval:
        return score_predictions(of, units, metric=metric).main

    by_fold = {number: best_on(fold != number) for number in folds}
    nested = concat_predictions([answers[pool].take(fold == number) for number, pool in by_fold.items()])
    pools = {pool: interval(one) for pool, one in answers.items()}
    return PoolChoice(metric, pools, best_on(np.ones(len(fold), dtype=bool)), interval(nested), by_fold)
