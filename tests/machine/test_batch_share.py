"""A batch is dealt whole: every sample once, in pieces that are those of one process."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.machine.batch_share import BatchShare, split_batch


@pytest.mark.slow
@given(st.integers(1, 70), st.integers(1, 9), st.none() | st.integers(1, 20))
def test_every_sample_is_dealt_once_and_pieces_stay_whole(n: int, size: int, micro_batch: int | None) -> None:
    shares = [BatchShare(rank, size, micro_batch) for rank in range(size)]
    assert sorted(np.concatenate([share.rows(n) for share in shares]).tolist()) == list(range(n))
    for place, piece in enumerate(split_batch(n, micro_batch)):
        dealt = [list(share.pieces(n))[place] for share in shares]
        taken = [share.rows(n)[part.rows] for share, part in zip(shares, dealt, strict=True)]
        assert np.concatenate(taken).tolist() == list(range(piece.start, piece.stop))
        assert {part.n for part in dealt} == {piece.stop - piece.start}
        assert max(map(len, taken)) - min(map(len, taken)) <= 1
        starts = [rows[0] - piece.start for rows in taken if len(rows)]
        assert starts == [part.begin for part in dealt if part.n_own]
