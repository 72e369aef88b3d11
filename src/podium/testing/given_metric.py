"""A formula given in the place of a metric's name: made known, after it has shown that it can judge."""

from __future__ import annotations

import inspect
import warnings
from typing import Literal

from podium.errors import UsageError
from podium.metrics import register_metric
from podium.metrics.definition import ALL_KINDS
from podium.metrics.own import Formula, make_own_metric
from podium.tables import HeadKind
from podium.testing.metric_contract import check_metric

__all__ = ["GivenMetric", "name_metric"]

GivenMetric = str | Formula
"""Name of a metric, or a function of y_true and y_pred, or of y_true and y_score."""

_DECISIONS, _PROBS = ("y_pred",), ("y_score", "y_prob", "y_proba", "probs")
_ERRORS = ("loss", "error")
_FIX = "Register it with all that there is to say: podium.register_metric(name, fn, kinds=..., needs=...)."


def name_metric(metric: GivenMetric) -> str:
    """The name of a metric; a function becomes known by its own, with what its signature says.

    The second parameter tells what it judges: `y_pred` decisions, `y_score` or `y_prob` probabilities, as in
    scikit-learn. A name that ends in `loss` or `error` is better when lower. It fits the kinds of heads on which it
    passes `podium.testing.check_metric`.

    Args:
        metric: A name, which is given back, or a function.

    Raises:
        UsageError: If the function has no name of its own, its signature does not say what it judges, or it passes the
            contract for no kind of head; says why.

    Example:
        >>> from sklearn.metrics import jaccard_score
        >>> def jaccard(y_true, y_pred):
        ...     return jaccard_score(y_true, y_pred, average="macro", zero_division=0)
        >>> name_metric(jaccard)
        'jaccard'
    """
    if isinstance(metric, str):
        return metric
    name, needs = _name_of(metric), _needs_of(metric)
    is_better = not name.endswith(_ERRORS)
    tried = {kind: _try(metric, name, kind, needs, is_better=is_better) for kind in ALL_KINDS}
    kinds = [kind for kind, problem in tried.items() if problem is None]
    if not kinds:
        told = [f"{kind}: {problem}" for kind, problem in tried.items()]
        raise UsageError(f"{name!r} cannot judge any kind of head.", field="metric", fix=_FIX, details=told)
    register_metric(name, metric, kinds=kinds, needs=needs, greater_is_better=is_better)
    return name


def _name_of(metric: Formula) -> str:
    name = str(getattr(metric, "__name__", ""))
    if not callable(metric) or not name.isidentifier():
        what = "is neither the name of a metric nor a function that has a name."
        raise UsageError(what, field="metric", fix="Write it with def.")
    return name


def _needs_of(metric: Formula) -> Literal["decisions", "probs"]:
    try:
        names = list(inspect.signature(metric).parameters)
    except (TypeError, ValueError):
        names = []
    if len(names) >= 2 and names[1] in _DECISIONS:
        return "decisions"
    if len(names) >= 2 and names[1] in _PROBS:
        return "probs"
    what = f"the function takes {', '.join(names) or 'nothing that is known'}, expected y_true and y_pred (decisions),"
    raise UsageError(f"{what} or y_true and y_score (probabilities).", field="metric", fix=_FIX)


def _try(
    metric: Formula, name: str, kind: HeadKind, needs: Literal["decisions", "probs"], *, is_better: bool
) -> str | None:
    """Why a formula cannot judge a kind of head; None where it can."""
    made = make_own_metric(name, metric, kinds=[kind], needs=needs, greater_is_better=is_better)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_metric(made)
    except Exception as problem:  # the function is the user's: it may raise anything
        return str(problem) or type(problem).__name__
    return None
