"""What labels mean that scikit-learn's users give: a column, a 0/1 matrix, or several columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.utils.multiclass import type_of_target

from podium.dataset.given_labels import read_given_labels
from podium.errors import LabelError

KINDS = {
    "binary": "single",
    "multiclass": "single",
    "multilabel-indicator": "multi",
    "multiclass-multioutput": "outputs",
}


@pytest.mark.parametrize(
    "y",
    [
        np.array([3, 1, 3, 2]),
        ["cat", "dog", "cat", "dog"],
        np.array([True, False, True, True]),
        np.array([1.0, 2.0, 1.0, 1.0]),
        np.array([[0, 1], [1, 1], [0, 0], [1, 0]]),
        csr_array(np.array([[0, 1], [1, 1], [0, 0], [1, 0]])),
        np.array([[0, 1], [1, 2], [0, 0], [1, 0]]),
        np.array([[5, 1], [6, 2], [5, 3], [6, 1]]),
        pd.DataFrame({"a": [0, 1, 0, 1], "b": [1, 1, 0, 0]}),
    ],
    ids=str,
)
def test_the_kind_is_the_one_scikit_learn_sees(y: object) -> None:
    given = read_given_labels(y)
    kind = "multi" if given.is_multi_label else "outputs" if given.n_outputs > 1 else "single"
    assert kind == KINDS[type_of_target(y)]
    for head in given.task.heads:
        assert len(given.classes[head.name]) == head.n_classes
        assert tuple(map(str, given.classes[head.name])) == head.classes


def test_indices_lead_back_to_the_labels() -> None:
    frame = pd.DataFrame({"animal": ["owl", "cat", "owl"], "age": [7, 7, 3]})
    given = read_given_labels(frame)
    for name in frame.columns:
        assert given.classes[name][given.labels[name]].tolist() == frame[name].tolist()
    assert given.task.composite is None
    joint = read_given_labels(frame, joint=True).task.composite
    assert joint is not None
    assert joint.n_classes == 4


def test_columns_without_names_are_counted() -> None:
    assert [head.name for head in read_given_labels(np.array([[5, 1], [6, 2]])).task.heads] == ["output0", "output1"]
    assert read_given_labels(np.array([[0, 1], [1, 1]])).task.heads[0].classes == ("0", "1")


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(LabelError, match="share a name"):
        read_given_labels(pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]))
