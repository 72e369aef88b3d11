"""The best constant answer, against every constant answer there is."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier

from podium.metrics import METRICS, Metric, chance_score, fitting_metrics, metric, perfect_score, score
from podium.tables import Head

Array = NDArray[Any]


def _head(kind: str, n_classes: int) -> Head:
    return Head("target", kind, tuple(f"c{i}" for i in range(n_classes)))  # type: ignore[arg-type]


def _score_all(item: Metric, answers: Array, labels: Array, head: Head) -> list[float]:
    """The score of every answer (A, C), given to all images."""
    values = [score(item, np.broadcast_to(answer, (len(labels), head.n_classes)), labels, head) for answer in answers]
    return [value for value in values if np.isfinite(value)]


def _is_best(item: Metric, found: float, values: list[float]) -> bool:
    return all(found >= value - 1e-12 if item.greater_is_better else found <= value + 1e-12 for value in values)


def _grid(n_classes: int) -> Array:
    """Every list of probabilities in steps of a sixth that sums to 1."""
    cells = [cell for cell in product(range(7), repeat=n_classes) if sum(cell) == 6]
    return np.array(cells) / 6


@pytest.mark.long
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_no_constant_answer_beats_chance_and_one_reaches_it(data: st.DataObject) -> None:
    """Six images or a part of six, so that their class shares are on the grid of answers that is walked."""
    n_classes = data.draw(st.integers(2, 3))
    n = data.draw(st.sampled_from([1, 2, 3, 6]))
    labels = np.array(data.draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n)))
    head = _head("ordinal", n_classes)
    answers = _grid(n_classes)
    seen = np.append(labels, -1)  # a missing label changes nothing
    for name in fitting_metrics(head):
        item = METRICS[name]
        values = _score_all(item, answers, seen, head)
        found = chance_score(item, seen, head)
        if not values:
            assert np.isnan(found), name
            continue
        assert _is_best(item, found, values), name
        assert min(abs(found - value) for value in values) < 1e-12, name


@pytest.mark.long
@given(st.data())
@settings(max_examples=15, deadline=None)
def test_no_constant_set_of_labels_beats_chance_and_one_reaches_it(data: st.DataObject) -> None:
    n_classes, n = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([1, 2, 4]))
    cells = st.lists(st.integers(0, 1), min_size=n * n_classes, max_size=n * n_classes)
    labels = np.array(data.draw(cells)).reshape(n, n_classes)
    head = _head("multi", n_classes)
    sets = np.array(list(product((0.0, 1.0), repeat=n_classes)))
    shares = np.array(list(product(np.linspace(0, 1, 5), repeat=n_classes)))
    for name in fitting_metrics(head):
        item = METRICS[name]
        values = _score_all(item, sets if item.needs == "decisions" else shares, labels, head)
        found = chance_score(item, labels, head)
        if not values:
            assert np.isnan(found), name
            continue
        assert name.startswith("map_at_") or _is_best(item, found, values), name  # its best order has no formula
        assert min(abs(found - value) for value in values) < 1e-12, name


@pytest.mark.long
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_missing_labels_leave_chance_exact_but_for_means_over_images(data: st.DataObject) -> None:
    """With labels missing, means over images of several labels have a good constant answer, not surely the best."""
    n_classes, n = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 7))
    cells = st.lists(st.integers(-1, 1), min_size=n * n_classes, max_size=n * n_classes)
    labels = np.array(data.draw(cells)).reshape(n, n_classes)
    head = _head("multi", n_classes)
    sets = np.array(list(product((0.0, 1.0), repeat=n_classes)))
    for name in fitting_metrics(head):
        item = METRICS[name]
        values = _score_all(item, sets, labels, head)
        found = chance_score(item, labels, head)
        if not values:
            assert np.isnan(found), name
        elif name == "subset_accuracy" or name.endswith("_samples"):
            assert min(abs(found - value) for value in values) < 1e-12, name
        elif not name.startswith("map_at_"):
            assert _is_best(item, found, values), name


def test_it_is_what_scikit_learn_s_dummies_score_on_the_rows_they_learned_from() -> None:
    labels = np.random.default_rng(0).choice(4, 300, p=[0.5, 0.3, 0.15, 0.05])
    head = _head("single", 4)
    images = np.zeros((len(labels), 1))
    for strategy, names in (("most_frequent", ("accuracy", "f1_macro")), ("prior", ("log_loss", "brier"))):
        probs = DummyClassifier(strategy=strategy).fit(images, labels).predict_proba(images)
        for name in names:
            assert chance_score(metric(name), labels, head) == pytest.approx(score(name, probs, labels, head))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("roc_auc_macro", 0.5), ("cohen_kappa", 0.0), ("matthews_corrcoef", 0.0), ("average_precision_macro", 1 / 3)],
)
def test_well_known_chances(name: str, expected: float) -> None:
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    assert chance_score(metric(name), labels, _head("single", 3)) == pytest.approx(expected, abs=1e-12)


def test_rare_labels_make_label_accuracy_high_and_average_precision_low() -> None:
    labels = (np.random.default_rng(1).random((400, 26)) < 0.08).astype(np.int8)
    head = _head("multi", 26)
    assert chance_score(metric("label_accuracy"), labels, head) == pytest.approx(1 - labels.mean())
    assert chance_score(metric("average_precision_macro"), labels, head) == pytest.approx(labels.mean())


@pytest.mark.slow
def test_many_classes_are_searched_in_parts() -> None:
    labels = np.random.default_rng(2).integers(0, 5000, 20_000)
    n_most = np.bincount(labels).max()
    expected = 2 * n_most / (len(labels) + n_most) / 5000
    assert chance_score(metric("f1_macro"), labels, _head("single", 5000)) == pytest.approx(expected)


def test_a_metric_of_one_s_own_has_no_chance_unless_it_names_its_constant_answers() -> None:
    def half_right(probs: Array, labels: Array, head: Head) -> float:
        return float((probs[np.arange(len(labels)), labels] >= 0.5).mean())

    labels, head = np.array([0, 1, 1]), _head("single", 2)
    assert np.isnan(chance_score(Metric("mine", ("single",), "probs", True, half_right), labels, head))
    item = Metric("mine", ("single",), "probs", True, half_right, constants=lambda *_: [np.array([0.5, 0.5])])
    assert chance_score(item, labels, head) == 1.0


@pytest.mark.parametrize("kind", ["single", "ordinal", "multi"])
def test_no_label_has_no_chance(kind: str) -> None:
    head = _head(kind, 3)
    labels = np.full((5, 3) if head.is_multi else 5, -1)
    for name in fitting_metrics(head):
        assert np.isnan(chance_score(METRICS[name], labels, head)), name
        assert np.isnan(perfect_score(METRICS[name], labels, head)), name


@pytest.mark.slow
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_perfect_is_the_score_of_the_labels(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["ordinal", "multi"]))
    head = _head(kind, data.draw(st.integers(2, 4)))
    n = data.draw(st.integers(1, 9))
    shape = (n, head.n_classes) if head.is_multi else (n,)
    top = 1 if head.is_multi else head.n_classes - 1
    labels = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-1, top + 1, shape)
    probs = np.maximum(labels, 0) * 1.0 if head.is_multi else np.eye(head.n_classes)[np.maximum(labels, 0)]
    for name in fitting_metrics(head):
        found = perfect_score(METRICS[name], labels, head)
        np.testing.assert_allclose(found, score(name, probs, labels, head), atol=1e-15, err_msg=name)
