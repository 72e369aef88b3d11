"""Which unlabelled images to label next: those that the model is unsure of, and that are not alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import DataError, UsageError
from podium.listing import count_of
from podium.tables import Head, Predictions

__all__ = ["NextImage", "choose_next", "uncertainty"]

_SHOWN = 2


@dataclass(frozen=True)
class NextImage:
    """An image that is worth a label.

    Args:
        image: Its id.
        uncertainty: Mean entropy of the answers over all heads, in [0, 1]; 1 is not to know at all.
        distance: Distance to the nearest image above it in the list, in [0, 1]; 1 for the first.
        guess: The most probable answers of each head, in words.
    """

    image: str
    uncertainty: float
    distance: float
    guess: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return asdict(self)


def uncertainty(predictions: Predictions) -> NDArray[np.float64]:
    """Entropy of every image's answers over the largest possible one, shape (N,): the mean over heads, and over the
    labels of a multi-label head.

    Example:
        >>> from podium.tables import Task
        >>> task = Task((Head("kind", "single", ("a", "b")),))
        >>> probs = {"kind": np.array([[0.5, 0.5], [1.0, 0.0]])}
        >>> uncertainty(Predictions(task, np.array(["1", "2"], dtype=object), np.array([0, 0]), probs)).tolist()
        [1.0, 0.0]
    """
    found = [_entropy(head, predictions.probs[head.name]) for head in predictions.task.heads]
    return np.asarray(np.mean(found, axis=0), dtype=np.float64)


def _entropy(head: Head, probs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    values = np.clip(np.asarray(probs, dtype=np.float64), 0, 1)
    if head.is_multi:
        return np.asarray((_plogp(values) + _plogp(1 - values)).mean(axis=1) / np.log(2))
    return np.asarray(_plogp(values).sum(axis=1) / np.log(head.n_classes))


def _plogp(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return -values * np.log(np.where(values > 0, values, 1.0))


def choose_next(
    predictions: Predictions, n: int, *, directions: NDArray[np.floating[Any]] | None = None
) -> list[NextImage]:
    """The images to label next, the first one first: each is the one with the largest product of uncertainty and
    distance to those before it.

    Without the distance, the first dozen are often a dozen of one kind, of which one label would do.

    Args:
        predictions: Of unlabelled images.
        n: How many.
        directions: Images as rows of length 1, shape (N, D), see `podium.twins.make_directions`; None compares the
            answers themselves.

    Raises:
        UsageError: If `n` is below 1.
        DataError: If there are other rows of directions than predictions.

    Source:
        Sener and Savarese 2018, "Active Learning for Convolutional Neural Networks: A Core-Set Approach" (greedy
        k-centre), each distance times the entropy.
    """
    if n < 1:
        raise UsageError(f"n must be at least 1, got {n}.")
    if directions is None:
        directions = _answers(predictions)
    if len(directions) != len(predictions):
        raise DataError(f"{count_of(len(directions), 'direction')} for {count_of(len(predictions), 'prediction')}.")
    unsure = uncertainty(predictions)
    order = np.argsort(predictions.ids.astype(str), kind="stable")  # ties do not depend on the order of the rows
    distance, chosen = np.ones(len(predictions)), []
    is_free = np.ones(len(predictions), dtype=bool)
    for _ in range(min(n, len(predictions))):
        worth = np.where(is_free, unsure * distance, -1.0)
        row = int(order[worth[order].argmax()])
        values = (float(unsure[row]), float(distance[row]))
        chosen.append(NextImage(str(predictions.ids[row]), *values, _guess(predictions, row)))
        is_free[row] = False
        distance = np.minimum(distance, np.clip((1 - directions @ directions[row]) / 2, 0, 1))
    return chosen


def _answers(predictions: Predictions) -> NDArray[np.float64]:
    """Square roots of the probabilities, so that the product of two rows is their Bhattacharyya coefficient."""
    parts: list[NDArray[np.float64]] = []
    for head in predictions.task.heads:
        values = np.clip(np.asarray(predictions.probs[head.name], dtype=np.float64), 0, 1)
        whole = np.concatenate([values, 1 - values], axis=1) if head.is_multi else values
        parts.append(np.sqrt(whole / whole.sum(axis=1, keepdims=True)))
    return np.asarray(np.concatenate(parts, axis=1) / np.sqrt(len(parts)), dtype=np.float64)


def _guess(predictions: Predictions, row: int) -> str:
    said = []
    for head in predictions.task.heads:
        probs = predictions.probs[head.name][row]
        best: Sequence[int] = np.argsort(-probs, kind="stable")[:_SHOWN].tolist()
        said.append(f"{head.name}: " + ", ".join(f"{head.classes[place]} {probs[place]:.2f}" for place in best))
    return "; ".join(said)
