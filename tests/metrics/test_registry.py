"""Every metric equals scikit-learn's, for label sets with absent classes and missing labels too."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from podium.errors import UnknownNameError, UsageError
from podium.metrics import METRICS, default_metric, fitting_metrics, metric, score, usual_metrics
from podium.tables import Head

Array = NDArray[Any]


def _head(kind: str, n_classes: int) -> Head:
    return Head("target", kind, tuple(f"c{i}" for i in range(n_classes)))  # type: ignore[arg-type]


@st.composite
def one_class_data(draw: st.DrawFn, *, fewest_classes: int = 2) -> tuple[Array, Array, int]:
    """Probabilities (N, C), labels (N,) from a part of the classes, C; ties and sure mistakes occur."""
    n_classes = draw(st.integers(fewest_classes, 7))
    n = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    used = rng.choice(n_classes, size=draw(st.integers(1, n_classes)), replace=False)
    probs = rng.dirichlet(np.full(n_classes, draw(st.sampled_from([0.02, 0.5, 5.0]))), n)
    if draw(st.booleans()):
        probs = np.round(probs, 1) + 0.05
    probs /= probs.sum(axis=1, keepdims=True)
    return probs, rng.choice(used, n), n_classes


@st.composite
def multi_data(draw: st.DrawFn) -> tuple[Array, Array, int]:
    """Probabilities and 0/1 labels (N, C); whole columns of 0 or of 1 occur."""
    n_classes, n = draw(st.integers(1, 6)), draw(st.integers(2, 50))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    probs = np.round(rng.random((n, n_classes)), draw(st.sampled_from([1, 6])))
    share = rng.choice([0.0, 0.1, 0.5, 1.0], n_classes)
    return probs, (rng.random((n, n_classes)) < share).astype(np.int8), n_classes


def _quiet(function: Any, *args: Any, **kwargs: Any) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(function(*args, **kwargs))


def _close(name: str, expected: float, probs: Array, labels: Array, head: Head) -> None:
    np.testing.assert_allclose(score(name, probs, labels, head), expected, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.long
@given(one_class_data())
@settings(max_examples=60, deadline=None)
def test_decisions_of_one_class_equal_scikit_learn(data: tuple[Array, Array, int]) -> None:
    probs, y, n_classes = data
    d = probs.argmax(axis=1)
    fixed = {"labels": list(range(n_classes)), "zero_division": 0}
    all_classes = {"labels": list(range(n_classes))}
    expected = {
        "accuracy": _quiet(oracle.accuracy_score, y, d),
        "balanced_accuracy": _quiet(oracle.balanced_accuracy_score, y, d),
        "f1_macro": _quiet(oracle.f1_score, y, d, average="macro", **fixed),
        "f1_micro": _quiet(oracle.f1_score, y, d, average="micro", **fixed),
        "f1_weighted": _quiet(oracle.f1_score, y, d, average="weighted", **fixed),
        "precision_macro": _quiet(oracle.precision_score, y, d, average="macro", **fixed),
        "recall_macro": _quiet(oracle.recall_score, y, d, average="macro", **fixed),
        "matthews_corrcoef": _quiet(oracle.matthews_corrcoef, y, d),
        "cohen_kappa": _quiet(oracle.cohen_kappa_score, y, d, **all_classes),
        "quadratic_kappa": _quiet(oracle.cohen_kappa_score, y, d, weights="quadratic", **all_classes),
        "mean_absolute_error": _quiet(oracle.mean_absolute_error, y, d),
    }
    for name, value in expected.items():
        _close(name, value, probs, y, _head("ordinal", n_classes))


@pytest.mark.long
@given(one_class_data(fewest_classes=3))
@settings(max_examples=60, deadline=None)
def test_probabilities_of_one_class_equal_scikit_learn(data: tuple[Array, Array, int]) -> None:
    probs, y, n_classes = data
    head = _head("single", n_classes)
    all_classes = {"labels": list(range(n_classes))}
    _close("log_loss", _quiet(oracle.log_loss, y, probs, **all_classes), probs, y, head)
    _close("brier", _quiet(oracle.brier_score_loss, y, probs, **all_classes), probs, y, head)
    for k in (2, 3, 5):
        top = _quiet(oracle.top_k_accuracy_score, y, probs, k=k, **all_classes)
        _close(f"top_{k}_accuracy", top, probs, y, head)
    one_hot = np.eye(n_classes)[y]
    precision = _quiet(oracle.average_precision_score, one_hot, probs, average="macro")
    _close("average_precision_macro", precision, probs, y, head)
    defined = [c for c in range(n_classes) if 0 < one_hot[:, c].sum() < len(y)]
    areas = [oracle.roc_auc_score(one_hot[:, c], probs[:, c]) for c in defined]
    _close("roc_auc_macro", float(np.mean(areas)) if areas else np.nan, probs, y, head)
    if len(defined) == n_classes:
        area = oracle.roc_auc_score(y, probs, multi_class="ovr", average="macro", **all_classes)
        _close("roc_auc_macro", area, probs, y, head)


def test_two_classes_have_the_area_of_one_probability() -> None:
    y, p = np.array([0, 1, 1, 0]), np.array([0.1, 0.6, 0.4, 0.9])
    _close("roc_auc_macro", oracle.roc_auc_score(y, p), np.stack([1 - p, p], axis=1), y, _head("single", 2))


@pytest.mark.long
@given(multi_data())
@settings(max_examples=60, deadline=None)
def test_multi_label_equals_scikit_learn(data: tuple[Array, Array, int]) -> None:
    probs, y, n_classes = data
    head = _head("multi", n_classes)
    d = (probs >= 0.5).astype(int)
    # With one column scikit-learn takes labels for a binary task; an all-zero second column undoes that.
    wide_y, wide_d = np.pad(y, ((0, 0), (0, 1))), np.pad(d, ((0, 0), (0, 1)))
    fixed = {"labels": list(range(n_classes)), "zero_division": 0}
    expected = {
        "label_accuracy": _quiet(oracle.accuracy_score, y.ravel(), d.ravel()),
        "subset_accuracy": _quiet(oracle.accuracy_score, wide_y, wide_d),
        "f1_samples": _quiet(oracle.f1_score, wide_y, wide_d, average="samples", zero_division=0),
        "brier": float(np.mean((probs - y) ** 2)),
        "log_loss": _quiet(oracle.log_loss, y.ravel(), probs.ravel(), labels=[0, 1]),
        "average_precision_macro": float(
            np.mean([_quiet(oracle.average_precision_score, y[:, c], probs[:, c]) for c in range(n_classes)])
        ),
    }
    for average in ("macro", "micro", "weighted"):
        expected[f"f1_{average}"] = _quiet(oracle.f1_score, wide_y, wide_d, average=average, **fixed)
    expected["precision_macro"] = _quiet(oracle.precision_score, wide_y, wide_d, average="macro", **fixed)
    expected["recall_macro"] = _quiet(oracle.recall_score, wide_y, wide_d, average="macro", **fixed)
    areas = [oracle.roc_auc_score(y[:, c], probs[:, c]) for c in range(n_classes) if 0 < y[:, c].sum() < len(y)]
    expected["roc_auc_macro"] = float(np.mean(areas)) if areas else np.nan
    for name, value in expected.items():
        _close(name, value, probs, y, head)


@pytest.mark.parametrize("kind", ["single", "ordinal", "multi"])
def test_missing_labels_count_as_if_their_rows_were_gone(kind: str) -> None:
    rng = np.random.default_rng(5)
    head = _head(kind, 4)
    probs = rng.dirichlet(np.ones(4), 80)
    labels = rng.integers(0, 2, (80, 4)) if kind == "multi" else rng.integers(0, 4, 80)
    holes = labels.copy()
    holes[::3] = -1
    kept = np.arange(80) % 3 != 0
    for name in fitting_metrics(head):
        _close(name, score(name, probs[kept], labels[kept], head), probs, holes, head)


def test_a_single_missing_label_of_a_multi_label_head_drops_only_its_cell() -> None:
    head = _head("multi", 2)
    probs = np.array([[0.9, 0.2], [0.7, 0.6], [0.1, 0.8]])
    labels = np.array([[1, -1], [0, 1], [0, 1]], dtype=np.int8)
    _close("label_accuracy", 4 / 5, probs, labels, head)
    _close("subset_accuracy", 2 / 3, probs, labels, head)
    _close("f1_macro", (2 / 3 + 1) / 2, probs, labels, head)
    _close("log_loss", -np.log([0.9, 0.3, 0.6, 0.9, 0.8]).mean(), probs, labels, head)
    _close("roc_auc_macro", 1.0, probs, labels, head)


@pytest.mark.parametrize("kind", ["single", "ordinal", "multi"])
def test_without_a_known_label_every_metric_is_nan(kind: str) -> None:
    head = _head(kind, 3)
    labels = np.full((4, 3) if kind == "multi" else 4, -1)
    probs = np.full((4, 3), 1 / 3)
    assert all(np.isnan(score(name, probs, labels, head)) for name in fitting_metrics(head))


@pytest.mark.slow
@given(one_class_data(), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_order_of_rows_does_not_matter(data: tuple[Array, Array, int], seed: int) -> None:
    probs, y, n_classes = data
    head = _head("ordinal", n_classes)
    order = np.random.default_rng(seed).permutation(len(y))
    for name in fitting_metrics(head):
        _close(name, score(name, probs[order], y[order], head), probs, y, head)


@pytest.mark.parametrize("kind", ["single", "ordinal", "multi"])
def test_direction_and_needs_are_as_declared(kind: str) -> None:
    rng = np.random.default_rng(8)
    head = _head(kind, 12)
    labels = rng.integers(0, 2, (200, 12)) if kind == "multi" else rng.integers(0, 12, 200)
    truth = labels.astype(float) if kind == "multi" else np.eye(12)[labels]
    noise = rng.random((200, 12)) if kind == "multi" else rng.dirichlet(np.ones(12), 200)
    good, bad = 0.6 * truth + 0.4 * noise, noise
    sharpened = (good >= 0.5).astype(float) if kind == "multi" else np.eye(12)[good.argmax(axis=1)]
    for name in fitting_metrics(head):
        item = metric(name)
        if name != "expected_calibration_error":
            gain = score(name, good, labels, head) - score(name, bad, labels, head)
            assert gain > 0 if item.greater_is_better else gain < 0, name
        if item.needs == "decisions":
            assert score(name, sharpened, labels, head) == score(name, good, labels, head), name


def test_names_are_found_or_the_nearest_is_named() -> None:
    with pytest.raises(UnknownNameError, match="f1_macro"):
        metric("f1-macro")
    for kind in ("single", "ordinal", "multi"):
        head = _head(kind, 3)
        assert default_metric(head) == usual_metrics(head)[0]
        assert set(usual_metrics(head)) <= set(fitting_metrics(head))
    assert all(name == item.name for name, item in METRICS.items())


def test_a_metric_that_does_not_fit_says_which_do() -> None:
    with pytest.raises(UsageError, match="label_accuracy"):
        score("accuracy", np.zeros((2, 3)), np.zeros((2, 3), dtype=int), _head("multi", 3))
    with pytest.raises(UsageError, match="do not fit"):
        score("accuracy", np.full((2, 3), 1 / 3), np.zeros(3, dtype=int), _head("single", 3))
