from __future__ import annotations

import numpy as np

from podium.crossval.compared_rows import RUN, choose_compared


def test_whole_classes_while_they_fit() -> None:
    kinds = np.random.default_rng(0).integers(0, 40, 9000)
    rows = choose_compared(kinds, 4000)
    assert 2000 <= len(rows) <= 4000
    for kind in np.unique(kinds[rows]):
        assert (kinds[rows] == kind).sum() == (kinds == kind).sum()
    assert np.array_equal(choose_compared(kinds, 9000), np.arange(9000))


def test_runs_of_neighbours_of_large_classes() -> None:
    rows = choose_compared(np.arange(50_000) % 2, 20_000)
    assert len(rows) == 20_000
    ends = np.flatnonzero(np.diff(rows) > 1)
    assert (np.diff(ends) % RUN == 0).all()
    assert rows[0] == 0
    assert rows[-1] == 49_999
