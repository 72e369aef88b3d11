"""Labels of a batch in the types that losses take, and columns that do not fit the loader's rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from podium.data.batch import Batch, check_columns, gather_targets
from podium.errors import UsageError


def test_targets_are_class_indices_or_marks_of_the_rows_asked_for() -> None:
    columns = {"age": np.array([2, 0, -1], np.int8), "tags": np.array([[0, 1], [1, -1], [1, 1]], np.int8)}
    found = gather_targets(columns, np.array([2, 0, 2]))
    assert found["age"].tolist() == [-1, 2, -1]
    assert found["tags"].tolist() == [[1, 1], [0, 1], [1, 1]]
    assert (found["age"].dtype, found["tags"].dtype) == (np.int64, np.float32)
    assert gather_targets(columns, np.array([], np.int64))["tags"].shape == (0, 2)


def test_a_column_of_another_length_is_named() -> None:
    check_columns(3, {"age": np.zeros(3), "tags": np.zeros((3, 2))})
    for n in (2, 4):
        with pytest.raises(UsageError, match=f"tags has {n} entries, the loader has 3 rows"):
            check_columns(3, {"age": np.zeros(3), "tags": np.zeros((n, 2))})


def test_a_batch_is_as_long_as_its_rows() -> None:
    assert len(Batch(torch.zeros(3, 8, 8, 3), {}, np.array([7, 8, 9]), 10)) == 3
