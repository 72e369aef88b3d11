"""The probabilities of several pieces of every image made those of the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.tables import DECISION_THRESHOLD, Head, Task

__all__ = ["pool_pieces"]


def pool_pieces(
    pieces: Sequence[Mapping[str, NDArray[np.floating[Any]]]], pool: str, task: Task
) -> dict[str, NDArray[np.float64]]:
    """Probabilities per head, float64 (N, C).

    Args:
        pieces: For each piece of the images, probabilities per head, shape (N, C).
        pool: "mean"; "max", the largest of each class, made to sum to 1 again where classes exclude each other; "vote",
            the share of the pieces that decide for a class.
        task: The heads.

    Example:
        >>> from podium.tables import Head, Task
        >>> task = Task((Head("mask", "single", ("no", "yes")),))
        >>> pieces = [{"mask": np.array([[0.9, 0.1]])}, {"mask": np.array([[0.4, 0.6]])}]
        >>> pool_pieces(pieces, "vote", task)["mask"]
        array([[0.5, 0.5]])
    """
    return {head.name: _pool([piece[head.name] for piece in pieces], pool, head) for head in task.heads}


def _pool(pieces: Sequence[NDArray[np.floating[Any]]], pool: str, head: Head) -> NDArray[np.float64]:
    if len(pieces) == 1 and pool != "vote":
        return np.asarray(pieces[0], dtype=np.float64)
    if pool == "vote":
        pieces = [_votes(piece, head) for piece in pieces]
    if pool != "max":
        return np.asarray(np.mean(pieces, axis=0), dtype=np.float64)
    largest: NDArray[np.float64] = np.max(pieces, axis=0).astype(np.float64)
    return largest if head.is_multi else largest / largest.sum(axis=1, keepdims=True)


def _votes(probs: NDArray[np.floating[Any]], head: Head) -> NDArray[np.float64]:
    if head.is_multi:
        return (probs >= DECISION_THRESHOLD).astype(np.float64)
    return np.asarray(np.eye(head.n_classes)[probs.argmax(axis=1)])
