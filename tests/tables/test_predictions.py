"""The table of predictions: what it refuses, joining by id, means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from podium.errors import DataError, SourceError
from podium.tables import (
    MEAN_OF_FOLDS,
    Head,
    Predictions,
    Task,
    as_text_array,
    concat_predictions,
    mean_predictions,
)

SINGLE = Task((Head("animal", "single", ("cat", "dog")),))


def single(ids: list[str], cat: list[float], fold: int = 0, task: Task = SINGLE) -> Predictions:
    probs = np.column_stack([cat, 1 - np.array(cat)])
    return Predictions(task, as_text_array(ids), np.full(len(ids), fold), {"animal": probs})


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        ([[0.5, 0.6]], "rows of 'animal' for these ids are not probabilities: "),
        ([[np.nan, 1.0]], "not probabilities"),
        ([[1.5, -0.5]], "not probabilities"),
        ([[np.inf, 0.0]], "not probabilities"),
        ([[0.2, 0.3, 0.5]], r"shape \(1, 3\)"),
    ],
)
def test_rows_that_are_no_probabilities_are_refused(probs: list[list[float]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Predictions(SINGLE, as_text_array(["a"]), np.zeros(1, dtype=np.int64), {"animal": np.array(probs)})


def test_rows_of_a_multi_label_head_need_not_sum_to_one() -> None:
    task = Task((Head("tags", "multi", ("x", "y")),))
    values = np.array([[0.9, 0.9], [0.0, 0.0]])
    predictions = Predictions(task, as_text_array(["a", "b"]), np.zeros(2, dtype=np.int64), {"tags": values})
    assert predictions.decide("tags").tolist() == [[1, 1], [0, 0]]
    assert predictions.decide("tags", threshold=0.95).tolist() == [[0, 0], [0, 0]]


def test_every_target_must_be_there(predictions: Predictions) -> None:
    probs = {name: values for name, values in predictions.probs.items() if name != "class"}
    with pytest.raises(DataError, match="the task needs"):
        replace(predictions, probs=probs)


def test_ids_may_occur_once_and_every_row_has_a_fold(predictions: Predictions) -> None:
    with pytest.raises(DataError, match="predicted twice"):
        predictions.take(np.array([0, 0]))
    with pytest.raises(DataError, match="4 ids but 3 fold numbers"):
        replace(predictions, fold=np.zeros(3, dtype=np.int64))


def test_arrays_are_read_only(predictions: Predictions) -> None:
    for column in (predictions.ids, predictions.fold, *predictions.probs.values()):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]


def test_align_joins_by_id(predictions: Predictions) -> None:
    aligned = predictions.align(["a.jpg", "b.jpg"])
    assert aligned.fold.tolist() == [0, 1]
    np.testing.assert_array_equal(aligned.probs["tags"], predictions.probs["tags"][[1, 3]])
    with pytest.raises(SourceError, match=r"these ids have no prediction: z\.jpg\."):
        predictions.align(["a.jpg", "z.jpg"])


def test_decide_takes_the_most_probable_class(predictions: Predictions) -> None:
    assert predictions.decide("class").tolist() == [int(np.argmax(row)) for row in predictions.probs["class"]]


def test_the_mean_joins_by_id_and_does_not_depend_on_row_order() -> None:
    first, second = single(["a", "b"], [0.2, 0.8]), single(["b", "a"], [0.4, 0.6], fold=1)
    mean = mean_predictions([first, second])
    assert mean.ids.tolist() == ["a", "b"]
    np.testing.assert_allclose(mean.probs["animal"][:, 0], [(0.2 + 0.6) / 2, (0.8 + 0.4) / 2])
    assert mean.fold.tolist() == [MEAN_OF_FOLDS, MEAN_OF_FOLDS]


def test_the_mean_of_one_is_that_one() -> None:
    alone = single(["a", "b"], [0.2, 0.8], fold=3)
    mean = mean_predictions([alone])
    assert mean.fold.tolist() == [3, 3]
    np.testing.assert_array_equal(mean.probs["animal"], alone.probs["animal"])


def test_tables_of_other_classes_are_never_averaged_or_joined() -> None:
    turned = Task((Head("animal", "single", ("dog", "cat")),))
    parts = [single(["a"], [0.2]), single(["b"], [0.8], task=turned)]
    with pytest.raises(DataError, match="different tasks"):
        concat_predictions(parts)
    with pytest.raises(DataError, match="different tasks"):
        mean_predictions([parts[0], single(["a"], [0.8], task=turned)])


def test_concat_keeps_rows_and_folds_and_refuses_a_row_twice() -> None:
    joined = concat_predictions([single(["a"], [0.2]), single(["b"], [0.8], fold=1)])
    assert (joined.ids.tolist(), joined.fold.tolist()) == (["a", "b"], [0, 1])
    with pytest.raises(DataError, match="'a' is predicted twice"):
        concat_predictions([single(["a"], [0.2]), single(["a"], [0.8], fold=1)])
