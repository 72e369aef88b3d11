"""A metric of the user's own: a formula in Python, known by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.errors import UnknownNameError, UsageError
from podium.metrics.constant_answers import class_shares, each_class, frequent_label_set
from podium.metrics.definition import ALL_KINDS, Metric
from podium.metrics.registry import add_metric
from podium.tables import Head, HeadKind, decide

__all__ = ["Formula", "make_own_metric", "register_metric"]

FloatArray = NDArray[np.float64]
Labels = NDArray[np.integer[Any]]
Formula = Callable[[NDArray[Any], NDArray[Any]], float]


def register_metric(
    name: str,
    fn: Formula,
    *,
    kinds: Sequence[HeadKind] = ("single", "ordinal"),
    needs: Literal["decisions", "probs"] = "probs",
    greater_is_better: bool = True,
    best: float | None = None,
) -> None:
    """Make a metric of your own known, as `metric="NAME"` of a recipe and everywhere else.

    Args:
        name: What it is called. Registering a name again replaces the metric.
        fn: `fn(y_true, y_score)` or, with `needs="decisions"`, `fn(y_true, y_pred)`, as in `sklearn.metrics`: a number.
            One class per image: `y_true` and `y_pred` have shape (N,), `y_score` has shape (N, C). Several labels: all
            have shape (N, C). Images without a label are left out. It is called some hundred times for the interval.
        kinds: Heads it fits: "single", "ordinal", "multi".
        needs: Whether it judges probabilities ("probs") or the classes chosen ("decisions").
        greater_is_better: False for losses and errors.
        best: The perfect value, which no interval goes beyond, if there is one.

    Raises:
        UsageError: If the name is one of Podium's own metrics, or `fn` cannot be called.
        UnknownNameError: If a kind, or what it needs, does not exist.

    Example:
        >>> from sklearn.metrics import fbeta_score
        >>> register_metric(
        ...     "f2_macro",
        ...     lambda y_true, y_pred: fbeta_score(y_true, y_pred, beta=2, average="macro"),
        ...     needs="decisions",
        ...     best=1.0,
        ... )
    """
    add_metric(make_own_metric(name, fn, kinds=kinds, needs=needs, greater_is_better=greater_is_better, best=best))


def make_own_metric(
    name: str,
    fn: Formula,
    *,
    kinds: Sequence[HeadKind],
    needs: Literal["decisions", "probs"],
    greater_is_better: bool,
    best: float | None = None,
) -> Metric:
    """The metric that `register_metric` makes known, which raises as that does."""
    if not callable(fn):
        raise UsageError(f"fn must be a function, got {type(fn).__name__}.")
    for kind in kinds:
        if kind not in ALL_KINDS:
            raise UnknownNameError("kind", str(kind), ALL_KINDS, field="kinds")
    if needs not in ("decisions", "probs"):
        raise UnknownNameError("value", str(needs), ("decisions", "probs"), field="needs")

    def function(probs: NDArray[np.floating[Any]], labels: Labels, head: Head) -> float:
        is_known = (labels >= 0).all(axis=1) if head.is_multi else labels >= 0
        if not is_known.any():
            return float("nan")
        answers: NDArray[Any] = decide(probs, head) if needs == "decisions" else np.asarray(probs)
        return float(fn(labels[is_known], answers[is_known]))

    def constants(labels: Labels, counts: FloatArray, head: Head) -> Sequence[FloatArray]:
        if needs == "probs":
            return class_shares(labels, counts, head)
        return (frequent_label_set if head.is_multi else each_class)(labels, counts, head)

    return Metric(name, tuple(kinds), needs, greater_is_better, function, best=best, constants=constants)
