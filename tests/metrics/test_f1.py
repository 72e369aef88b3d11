"""F1 against scikit-learn, in stacks of resamples, and its empty cases."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from podium.metrics.counts import ClassCounts
from podium.metrics.f1 import class_f1, f1_macro, f1_micro, f1_samples_totals, f1_weighted
from podium.tables import Head
from tiny.confusion import from_confusion


def confusion_of(true: list[int], decided: list[int], n_classes: int) -> ClassCounts:
    table = np.zeros((n_classes, n_classes))
    np.add.at(table, (true, decided), 1)
    return from_confusion(table)


def test_each_average_is_scikit_learns_with_an_absent_class() -> None:
    rng = np.random.default_rng(1)
    true, decided = (
        rng.integers(0, 3, 50).tolist(),
        rng.integers(0, 4, 50).tolist(),
    )  # class 3 is only predicted, 4 never
    counts = confusion_of(true, decided, 5)
    fixed = {"labels": list(range(5)), "zero_division": 0}
    np.testing.assert_allclose(class_f1(counts), f1_score(true, decided, average=None, **fixed))
    for average, ours in (("macro", f1_macro), ("micro", f1_micro), ("weighted", f1_weighted)):
        assert float(ours(counts)) == pytest.approx(f1_score(true, decided, average=average, **fixed))
    assert class_f1(counts)[4] == 0.0


def test_a_stack_of_resamples_gives_what_each_gives_alone() -> None:
    tables = np.random.default_rng(2).integers(0, 4, (6, 3, 3))
    for formula in (class_f1, f1_macro, f1_micro, f1_weighted):
        alone = [formula(from_confusion(table)) for table in tables]
        np.testing.assert_array_equal(formula(from_confusion(tables)), alone)


def test_micro_f1_of_one_class_per_sample_is_the_accuracy() -> None:
    table = np.random.default_rng(3).integers(1, 9, (4, 4))
    assert float(f1_micro(from_confusion(table))) == pytest.approx(np.trace(table) / table.sum())


def test_without_samples_every_average_is_nan() -> None:
    counts = from_confusion(np.zeros((3, 3)))
    assert np.isnan([f1_macro(counts), f1_micro(counts), f1_weighted(counts)]).all()


def test_samples_average_drops_missing_cells_and_rows_without_labels() -> None:
    head = Head("target", "multi", ("a", "b", "c"))
    probs = np.array([[0.9, 0.8, 0.1], [0.9, 0.9, 0.9], [0.1, 0.1, 0.1], [0.9, 0.9, 0.2]])
    labels = np.array([[1, 0, 0], [-1, -1, -1], [0, 0, 0], [1, -1, 1]])
    totals = f1_samples_totals(probs, labels, head)
    # Row 0: one of two decided is true. Row 3: the sure decision for b is not counted, c is missed.
    np.testing.assert_allclose(totals, [[2 / 3, 1], [0, 0], [0, 1], [2 / 3, 1]])
