from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from linear.conftest import N, standardised
from podium.linear import FeatureRows, feature_rows
from podium.linear.design import Design, make_design


def test_products_are_the_same_in_memory_and_in_blocks(features: NDArray[np.float32], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(feature_rows, "BLOCK", 50)
    source = standardised(features, n_views=2)
    kept, read_again = make_design(source), Design(source, None)
    weights, values = torch.randn(source.n_features, 3), torch.randn(2 * N, 3)
    torch.testing.assert_close(read_again.multiply(weights), kept.multiply(weights), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        read_again.multiply_transposed(values), kept.multiply_transposed(values), atol=1e-3, rtol=0
    )


def test_few_rows_become_few_columns_and_keep_their_inner_products(features: NDArray[np.float32]) -> None:
    few = standardised(features)
    few = FeatureRows(features, np.arange(9), few.mean, few.scale)
    design = make_design(few)
    assert design.n_columns == 9
    assert design.is_turned
    without = make_design(few, with_axes=False)
    assert without.matrix is not None
    torch.testing.assert_close(without.matrix, design.matrix, atol=1e-4, rtol=1e-4)
    assert design.matrix is not None
    x = few.read()
    torch.testing.assert_close(design.matrix @ design.matrix.T, x @ x.T, atol=1e-3, rtol=1e-4)
    weights = torch.randn(9, 2)
    torch.testing.assert_close(x @ design.to_features(weights), design.multiply(weights), atol=1e-4, rtol=1e-4)
