"""A metric is refused where no answer could score."""

from __future__ import annotations

import numpy as np
import pytest

from podium.errors import LabelError
from podium.metrics import METRICS, check_metric_computable, fitting_metrics, metric
from podium.tables import Head

ANIMALS = Head("animal", "ordinal", ("cat", "dog", "owl"))
TAGS = Head("tags", "multi", ("red", "green"))


@pytest.mark.parametrize("name", ["roc_auc_macro", "matthews_corrcoef", "cohen_kappa", "quadratic_kappa"])
def test_one_class_has_no_ranking_and_no_correlation(name: str) -> None:
    with pytest.raises(LabelError) as caught:
        check_metric_computable(metric(name), np.array([1, 1, -1, 1]), ANIMALS, where="the validation images")
    assert f"metric '{name}' cannot be computed for the validation images: all of them are animal=dog." in str(
        caught.value
    )
    assert caught.value.fix is not None
    offered = caught.value.fix.rpartition(": ")[2].rstrip(".").split(", ")
    assert name not in offered
    for other in offered:
        check_metric_computable(metric(other), np.array([1, 1, -1, 1]), ANIMALS, where="")


def test_two_classes_are_enough_for_every_metric() -> None:
    for name in fitting_metrics(ANIMALS):
        check_metric_computable(METRICS[name], np.array([1, 2, -1]), ANIMALS, where="")


def test_labels_that_no_image_has_have_no_precision_and_f1_but_an_accuracy() -> None:
    labels = np.zeros((4, 2), dtype=np.int8)
    for name in ("average_precision_macro", "f1_macro", "roc_auc_macro"):
        with pytest.raises(LabelError, match="label_accuracy"):
            check_metric_computable(metric(name), labels, TAGS, where="fold 0")
    check_metric_computable(metric("label_accuracy"), labels, TAGS, where="fold 0")


def test_without_labels_nothing_can_be_computed() -> None:
    with pytest.raises(LabelError, match="none of them has a label of 'animal'") as caught:
        check_metric_computable(metric("accuracy"), np.full(3, -1), ANIMALS, where="fold 0")
    assert "choose a metric" not in str(caught.value.fix)
