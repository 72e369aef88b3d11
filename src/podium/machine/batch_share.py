"""The part of every batch that one of several processes takes, so that together they take all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BatchShare", "PieceShare", "split_batch"]


def split_batch(n: int, size: int | None) -> Iterator[slice]:
    """Pieces of a batch of `n`; a last one of one sample gets another, because batch norm cannot train on one."""
    size = n if size is None else size
    edges = [*range(0, n, size), n]
    if size > 1 and n > size and n % size == 1:
        edges[-2:-1] = [edges[-2] - 1] if size > 2 else []  # halves of three would leave one again
    return map(slice, edges, edges[1:])


@dataclass(frozen=True)
class PieceShare:
    """What one process takes of a piece of a batch; it may be nothing.

    Args:
        n: Samples of the piece, over all processes.
        begin: Place in the piece of the first that it takes.
        rows: Those that it takes, as a slice of all its samples of the batch.
    """

    n: int
    begin: int
    rows: slice

    @property
    def n_own(self) -> int:
        """Samples that it takes."""
        return int(self.rows.stop - self.rows.start)


@dataclass(frozen=True)
class BatchShare:
    """What process `rank` of `size` takes of a batch: an equal part, up to one sample, of each of its pieces.

    So the pieces that are seen at once are those of one process, and with them what batch norm computes.

    Args:
        rank: Number of the process, from 0.
        size: Number of processes.
        micro_batch: Samples of a piece, over all processes; None takes the batch as one piece.

    Example:
        >>> [BatchShare(rank, 2, 4).rows(7).tolist() for rank in (0, 1)]
        [[0, 1, 4], [2, 3, 5, 6]]
    """

    rank: int
    size: int
    micro_batch: int | None = None

    def rows(self, n: int) -> NDArray[np.int64]:
        """Places of its samples in a batch of `n`."""
        return np.concatenate([np.arange(*self._part(piece)) for piece in split_batch(n, self.micro_batch)])

    def pieces(self, n: int) -> Iterator[PieceShare]:
        """Its part of each piece of a batch of `n`; their rows are those of what `rows` gives."""
        start = 0
        for piece in split_batch(n, self.micro_batch):
            begin, end = self._part(piece)
            yield PieceShare(piece.stop - piece.start, begin - piece.start, slice(start, start + end - begin))
            start += end - begin

    def _part(self, piece: slice) -> tuple[int, int]:
        n = piece.stop - piece.start
        return piece.start + n * self.rank // self.size, piece.start + n * (self.rank + 1) // self.size
