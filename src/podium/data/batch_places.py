"""Where the batches of an epoch begin and end."""

from __future__ import annotations

__all__ = ["batch_starts", "batch_stop"]


def batch_starts(n: int, batch_size: int, offset: int = 0) -> range:
    """Where the batches of `n` samples begin, from `offset` on.

    A last batch of one sample would have no variance, which batch norm refuses: that sample joins the batch before.

    Args:
        n: Samples of the epoch.
        batch_size: Samples a batch, at least 1; 1 means it, and nothing is joined.
        offset: Where a batch begins, such as the end of the one before.

    Example:
        >>> list(batch_starts(9, 4)), list(batch_starts(10, 4))
        ([0, 4], [0, 4, 8])
    """
    joins = batch_size > 1 and n - offset > 1
    return range(offset, n - 1 if joins else n, batch_size)


def batch_stop(start: int, n: int, batch_size: int) -> int:
    """Where the batch that begins at `start` ends.

    Example:
        >>> batch_stop(4, 9, 4), batch_stop(4, 10, 4)
        (9, 8)
    """
    stop = start + batch_size
    return n if batch_size > 1 and n - stop <= 1 else min(stop, n)
