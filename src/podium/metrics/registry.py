"""All metrics by name. The names are scikit-learn's where it has one."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import options
from podium.errors import UnknownNameError, UsageError
from podium.listing import count_of
from podium.metrics.absolute_error import mean_absolute_error_totals
from podium.metrics.accuracy import accuracy, label_accuracy, subset_accuracy_totals
from podium.metrics.average_precision import average_precision_macro
from podium.metrics.balanced_accuracy import balanced_accuracy
from podium.metrics.brier import brier_totals
from podium.metrics.calibration_error import calibration_error_from_totals, calibration_error_totals
from podium.metrics.constant_answers import class_shares, each_class, frequent_label_set, overlapping_label_set
from podium.metrics.definition import (
    ALL_KINDS,
    ONE_CLASS,
    Metric,
    count_metric,
    mean_metric,
    total_metric,
    weighted_metric,
)
from podium.metrics.f1 import f1_macro, f1_micro, f1_samples_totals, f1_weighted
from podium.metrics.fbeta import fbeta_macro, fbeta_micro, fbeta_samples_totals
from podium.metrics.kappa import cohen_kappa, quadratic_kappa_from_totals, quadratic_kappa_totals
from podium.metrics.log_loss import LARGEST_LOSS, log_loss_totals
from podium.metrics.map_at_k import map_at_k_totals
from podium.metrics.matthews import matthews_corrcoef
from podium.metrics.partial_roc_auc import partial_roc_auc, roc_auc_above_tpr
from podium.metrics.precision_recall import precision_macro, recall_macro
from podium.metrics.roc_auc import roc_auc_macro
from podium.metrics.roc_auc_weighted import roc_auc_weighted
from podium.metrics.top_k import top_k_accuracy_totals
from podium.tables import Head

__all__ = [
    "METRICS",
    "add_metric",
    "check_metric_fits",
    "default_metric",
    "fitting_metrics",
    "metric",
    "score",
    "usual_metrics",
]


def _minus_one(_head: Head) -> float:
    return -1.0


def _largest_loss(_head: Head, *, clip: float) -> float:
    return -math.log(clip)


_BETAS = (0.5, 2.0)

_ALL = (
    count_metric("accuracy", ONE_CLASS, accuracy),
    count_metric("balanced_accuracy", ONE_CLASS, balanced_accuracy),
    count_metric("f1_macro", ALL_KINDS, f1_macro),
    count_metric("f1_micro", ALL_KINDS, f1_micro),
    count_metric("f1_weighted", ALL_KINDS, f1_weighted),
    count_metric("precision_macro", ALL_KINDS, precision_macro),
    count_metric("recall_macro", ALL_KINDS, recall_macro),
    count_metric("matthews_corrcoef", ONE_CLASS, matthews_corrcoef, _minus_one),
    count_metric("cohen_kappa", ONE_CLASS, cohen_kappa, _minus_one),
    total_metric(
        "quadratic_kappa",
        ("ordinal",),
        "decisions",
        quadratic_kappa_totals,
        quadratic_kappa_from_totals,
        greater_is_better=True,
        worst=_minus_one,
        constants=each_class,
    ),
    mean_metric(
        "mean_absolute_error",
        ("ordinal",),
        "decisions",
        mean_absolute_error_totals,
        greater_is_better=False,
        worst=lambda head: head.n_classes - 1.0,
        constants=each_class,
    ),
    *(
        mean_metric(
            f"top_{k}_accuracy",
            ONE_CLASS,
            "probs",
            partial(top_k_accuracy_totals, k=k),
            greater_is_better=True,
            constants=class_shares,
        )
        for k in (2, 3, 5, 10)
    ),
    mean_metric(
        "log_loss",
        ALL_KINDS,
        "probs",
        log_loss_totals,
        greater_is_better=False,
        worst=lambda _head: LARGEST_LOSS,
        constants=class_shares,
    ),
    mean_metric(
        "brier",
        ALL_KINDS,
        "probs",
        brier_totals,
        greater_is_better=False,
        worst=lambda head: 2.0 if not head.is_multi and head.n_classes > 2 else 1.0,
        constants=class_shares,
    ),
    total_metric(
        "expected_calibration_error",
        ALL_KINDS,
        "probs",
        calibration_error_totals,
        calibration_error_from_totals,
        greater_is_better=False,
        worst=lambda _head: 1.0,
        constants=class_shares,
    ),
    weighted_metric("roc_auc_macro", ALL_KINDS, roc_auc_macro),
    weighted_metric("average_precision_macro", ALL_KINDS, average_precision_macro),
    count_metric("label_accuracy", ("multi",), label_accuracy),
    mean_metric(
        "subset_accuracy",
        ("multi",),
        "decisions",
        subset_accuracy_totals,
        greater_is_better=True,
        constants=frequent_label_set,
    ),
    mean_metric(
        "f1_samples",
        ("multi",),
        "decisions",
        f1_samples_totals,
        greater_is_better=True,
        constants=overlapping_label_set,
    ),
    *(count_metric(f"fbeta_{beta:g}_macro", ALL_KINDS, partial(fbeta_macro, beta=beta)) for beta in _BETAS),
    *(count_metric(f"fbeta_{beta:g}_micro", ALL_KINDS, partial(fbeta_micro, beta=beta)) for beta in _BETAS),
    *(
        mean_metric(
            f"fbeta_{beta:g}_samples",
            ("multi",),
            "decisions",
            partial(fbeta_samples_totals, beta=beta),
            greater_is_better=True,
            constants=partial(overlapping_label_set, beta=beta),
        )
        for beta in _BETAS
    ),
    *(
        mean_metric(
            f"map_at_{k}",
            ALL_KINDS,
            "probs",
            partial(map_at_k_totals, k=k),
            greater_is_better=True,
            constants=class_shares,
        )
        for k in (3, 5, 10)
    ),
    weighted_metric("roc_auc_weighted", ALL_KINDS, roc_auc_weighted),
    weighted_metric("partial_roc_auc_0.1", ALL_KINDS, partial(partial_roc_auc, max_fpr=0.1)),
    replace(weighted_metric("roc_auc_above_tpr_0.8", ALL_KINDS, partial(roc_auc_above_tpr, min_tpr=0.8)), best=1 - 0.8),
    *(
        replace(
            mean_metric(
                f"log_loss_clip_{clip:g}",
                ALL_KINDS,
                "probs",
                partial(log_loss_totals, clip=clip),
                greater_is_better=False,
                worst=partial(_largest_loss, clip=clip),
                constants=class_shares,
            ),
            best=-math.log1p(-clip),
        )
        for clip in (0.001, 0.01)
    ),
)

_BUILT_IN = frozenset(item.name for item in _ALL)
_known = {item.name: item for item in _ALL}

METRICS = MappingProxyType(_known)
"""Every metric by name, the user's own among them."""

_USUAL = {
    "single": ("f1_macro", "accuracy", "balanced_accuracy", "f1_weighted", "matthews_corrcoef", "log_loss"),
    "ordinal": ("f1_macro", "accuracy", "balanced_accuracy", "quadratic_kappa", "mean_absolute_error", "log_loss"),
    "multi": ("average_precision_macro", "f1_macro", "f1_micro", "label_accuracy", "subset_accuracy", "log_loss"),
}


def metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UnknownNameError: If there is none; names the nearest.
    """
    if name not in METRICS:
        raise UnknownNameError("metric", name, METRICS, field="metric")
    return METRICS[name]


def add_metric(item: Metric) -> None:
    """Make a metric known by its name; one of the user's that had the name before is replaced.

    Raises:
        UsageError: If the name is that of one of Podium's own metrics, or is empty.
    """
    if item.name in _BUILT_IN or not item.name.strip():
        raise UsageError(f"a metric cannot be called {item.name!r}.", fix="Choose a name that Podium does not use.")
    _known[item.name] = item


def default_metric(head: Head) -> str:
    """Name of the metric that scores a head where the user names none."""
    return "average_precision_macro" if head.is_multi else "f1_macro"


def usual_metrics(head: Head) -> tuple[str, ...]:
    """Names of the metrics a report shows for a head, the default one first."""
    return _USUAL[head.kind]


def fitting_metrics(head: Head) -> tuple[str, ...]:
    """Names of all metrics that fit a head."""
    return tuple(name for name, item in METRICS.items() if item.fits(head))


def check_metric_fits(chosen: Metric, head: Head) -> None:
    """Raise unless the metric is defined for the head.

    Raises:
        UsageError: If it is not; lists those that are.
    """
    if not chosen.fits(head):
        names = ", ".join(fitting_metrics(head))
        in_order = head.kind == "single" and chosen.fits(replace(head, kind="ordinal"))
        hint = f" If its classes are in order, set {options(ordinal=[head.name])}." if in_order else ""
        if chosen.name == "accuracy" and head.kind == "multi":
            hint = " Share of right labels: label_accuracy. Share of images with all labels right: subset_accuracy."
        raise UsageError(
            f"metric {chosen.name!r} does not fit {head.kind} target {head.name!r}.",
            field="metric",
            fix=f"These do: {names}.{hint}",
        )


def score(name: str | Metric, probs: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], head: Head) -> float:
    """The value of a metric.

    Args:
        name: A name in `METRICS`, or a metric of your own.
        probs: Probabilities, shape (N, C).
        labels: Class indices (N,), or 0 and 1 (N, C) for a multi-label head; -1 (missing) does not count.
        head: Fixes the classes, so a class that does not occur is not forgotten.

    Returns:
        The value; nan where no label is known or the metric is not defined for these labels.

    Raises:
        UnknownNameError: If there is no such metric.
        UsageError: If it does not fit the head or the shapes disagree.

    Example:
        >>> head = Head("animal", "single", ("cat", "dog", "owl"))
        >>> probs = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
        >>> round(score("f1_macro", probs, np.array([0, 1, 0]), head), 4)
        0.6667
    """
    chosen = name if isinstance(name, Metric) else metric(name)
    check_metric_fits(chosen, head)
    shape = (len(probs), head.n_classes)
    if probs.shape != shape or labels.shape != (shape if head.is_multi else shape[:1]):
        raise UsageError(
            f"probabilities {probs.shape} and labels {labels.shape} do not fit {head.kind} target {head.name!r}"
            f" of {count_of(head.n_classes, 'class')}."
        )
    return chosen.function(probs, labels, head)
