"""Stacking: a logistic regression on the logits of several models, shrunk towards their equal mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.decisions.logistic import Logistic, choose_strength, fit_logistic
from podium.decisions.table_columns import ColumnPlan
from podium.errors import UsageError
from podium.listing import count_of
from podium.tables import Head, Task

__all__ = ["Stack", "fit_stack", "logits_of"]

FloatArray = NDArray[np.float64]
_LEAST = 1e-6
_MOST_WEIGHTS = 200_000
_MOST_ROWS = 20_000
"""Rows on which the strength of the shrinkage is chosen."""


@dataclass(frozen=True, eq=False)
class Stack:
    """How the probabilities of several models, and columns of a table, become one.

    Args:
        models: Per target, the regression: of the members' logits, a block of classes a member, then the columns.
        weights: Per target, how far the answer moves with each member's own logit of a class, on average over classes;
            equal members without a regression have 1 / M each. They may be negative and need not sum to 1.
        columns: How cells become numbers; None without columns.
    """

    models: Mapping[str, Logistic]
    weights: Mapping[str, tuple[float, ...]]
    columns: ColumnPlan | None = None

    kind = "stack"

    def combine(
        self, parts: Sequence[Mapping[str, NDArray[np.floating[Any]]]], task: Task, extra: FloatArray | None = None
    ) -> dict[str, FloatArray]:
        """Probabilities of every target, shape (N, C) each; rows sum to 1 except for multi-label heads.

        Args:
            parts: Per model, probabilities of every target; rows of all are in the same order.
            task: The targets.
            extra: What `columns` makes of the rows' cells, shape (N, K); None without columns.
        """
        found = {}
        for head in task.targets:
            base, features = logits_of([part[head.name] for part in parts], head, extra)
            found[head.name] = self.models[head.name].probs(base, features, is_multi=head.is_multi)
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return {
            "kind": self.kind,
            "weights": {name: list(own) for name, own in self.weights.items()},
            "models": {name: model.to_dict() for name, model in self.models.items()},
            "columns": None if self.columns is None else self.columns.to_dict(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Stack:
        """The stack that `to_dict` wrote."""
        columns = record["columns"]
        return cls(
            {name: Logistic.from_dict(own) for name, own in record["models"].items()},
            {name: tuple(own) for name, own in record["weights"].items()},
            None if columns is None else ColumnPlan.from_dict(columns),
        )


def logits_of(
    parts: Sequence[NDArray[np.floating[Any]]], head: Head, extra: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """The equal mean of the members' logits, shape (N, C), and what the regression sees, shape (N, M C + K)."""
    clipped = [np.clip(np.asarray(part, dtype=np.float64), _LEAST, 1 - _LEAST) for part in parts]
    logs = [np.log(part) - np.log1p(-part) if head.is_multi else np.log(part) for part in clipped]
    base = np.mean(np.stack(logs), axis=0)
    return base, np.concatenate([*logs, *([] if extra is None else [extra])], axis=1)


def fit_stack(
    parts: Sequence[Mapping[str, NDArray[np.floating[Any]]]],
    labels: Mapping[str, NDArray[np.integer[Any]]],
    inner: NDArray[np.int64],
    task: Task,
    *,
    extra: FloatArray | None = None,
    columns: ColumnPlan | None = None,
) -> Stack:
    """Fit a stack on rows that no member was trained on.

    How strongly it is shrunk towards equal weights is chosen for each target by the log loss on inner folds; where no
    strength is better there, equal weights of the logits stay.

    Args:
        parts: Per member, probabilities of every target.
        labels: Per target, labels of these rows; -1 is missing.
        inner: Inner fold of each row, which divides no group.
        task: The targets.
        extra: Numbers of the columns, shape (N, K).
        columns: How these were made.

    Raises:
        UsageError: If there are too many classes for a weight of each member's class for each class.

    Source:
        Wolpert 1992, "Stacked Generalization"; Ting and Witten 1999, "Issues in Stacked Generalization".
    """
    models, weights = {}, {}
    for head in task.targets:
        base, features = logits_of([part[head.name] for part in parts], head, extra)
        if features.shape[1] * head.n_classes > _MOST_WEIGHTS:
            raise UsageError(
                f"{head.name!r} has {count_of(head.n_classes, 'class')}: too many for stacking.",
                field="weights",
                fix="Choose weights by 'search' or 'greedy'.",
            )
        own = labels[head.name]
        known = (own >= 0).any(axis=1) if head.is_multi else own >= 0
        rows = np.flatnonzero(known)
        few = np.sort(np.random.default_rng(0).permutation(rows)[:_MOST_ROWS])
        chosen = choose_strength(base[few], features[few], own[few], inner[few], is_multi=head.is_multi)
        model = fit_logistic(base[rows], features[rows], own[rows], chosen, is_multi=head.is_multi)
        models[head.name] = model
        weights[head.name] = _pulls(model, len(parts), head.n_classes)
    return Stack(models, weights, columns)


def _pulls(model: Logistic, n_members: int, n_classes: int) -> tuple[float, ...]:
    slopes = model.coefficients / model.scale[:, None]  # (F, C)
    own = [np.diagonal(slopes[m * n_classes : (m + 1) * n_classes]).mean() for m in range(n_members)]
    return tuple(float(1 / n_members + value) for value in own)
