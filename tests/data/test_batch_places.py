"""Batches cover every sample once, are as large as asked, and none but a lone one holds a single sample."""

from __future__ import annotations

import pytest

from podium.data.batch_places import batch_starts, batch_stop


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 13, 100])
def test_batches_of_every_number_of_samples(batch_size: int) -> None:
    for n in range(40):
        starts = batch_starts(n, batch_size)
        sizes = [batch_stop(start, n, batch_size) - start for start in starts]
        assert sum(sizes) == n
        assert all(size == batch_size for size in sizes[:-1])
        assert all(1 <= size <= batch_size + (batch_size > 1) for size in sizes)
        assert 1 not in sizes or batch_size == 1 or n == 1


@pytest.mark.parametrize("batch_size", [1, 2, 5, 13])
def test_the_rest_of_an_epoch_has_the_same_batches(batch_size: int) -> None:
    for n in range(40):
        starts = list(batch_starts(n, batch_size))
        for place, start in enumerate(starts):
            assert list(batch_starts(n, batch_size, start)) == starts[place:]
        assert not batch_starts(n, batch_size, n)
