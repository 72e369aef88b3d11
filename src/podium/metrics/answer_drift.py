"""Whether a test set is answered with other classes than the out-of-fold images, more than luck makes of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.metrics.bootstrap import number_groups
from podium.metrics.prediction_interval import count_test_groups

__all__ = ["AnswerDrift", "measure_drift"]

_Floats = NDArray[np.float64]
_N_DRAWN = 400


@dataclass(frozen=True)
class AnswerDrift:
    """How far the classes of a test set's answers are from those out of fold.

    Args:
        target: The target.
        distance: Of the shares of classes, in [0, 1]: half the sum of all differences (total variation); for several
            labels their mean.
        luck: What 19 in 20 test sets of this size, drawn from the same groups, stay below.
        name: The class that differs most.
        answered: Its share among the answers.
        out_of_fold: Its share among the answers out of fold.
        labelled: Its share among the labels.
    """

    target: str
    distance: float
    luck: float
    name: str
    answered: float
    out_of_fold: float
    labelled: float

    @property
    def is_beyond_luck(self) -> bool:
        """Whether luck alone would rarely give this."""
        return self.distance > self.luck

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        return asdict(self) | {"is_beyond_luck": self.is_beyond_luck}


def measure_drift(
    target: str,
    classes: tuple[str, ...],
    answered: NDArray[np.integer[Any]],
    out_of_fold: NDArray[np.bool_],
    labelled: NDArray[np.bool_],
    group_keys: NDArray[np.object_],
    *,
    n_images: int,
    is_multi: bool,
    seed: int = 0,
) -> AnswerDrift:
    """The drift of one target, beside what luck gives: groups drawn anew from the training set, as many as the test's.

    Args:
        target: Its name.
        classes: Its classes.
        answered: Test images a class, shape (C,).
        out_of_fold: Which class each training image is answered with, shape (N, C).
        labelled: Which class its label is, shape (N, C); rows without one are all False.
        group_keys: Their groups, shape (N,).
        n_images: Images of the test set.
        is_multi: Whether an image may have several classes.
        seed: Of the draws.
    """
    numbers, n_groups = number_groups(group_keys)
    counts = np.zeros((n_groups, len(classes)))
    np.add.at(counts, numbers, out_of_fold)
    sizes = np.bincount(numbers, minlength=n_groups).astype(np.float64)
    own = counts.sum(axis=0) / sizes.sum()
    shares = np.asarray(answered, dtype=np.float64) / n_images
    n_drawn = count_test_groups(n_images, None, per_group=len(numbers) / n_groups)
    generator, distances = np.random.default_rng(seed), []
    for _ in range(_N_DRAWN):
        rows = generator.integers(0, n_groups, n_drawn)
        distances.append(_distance(counts[rows].sum(axis=0) / sizes[rows].sum(), own, is_multi))
    known = labelled.any(axis=1) if not is_multi else np.ones(len(labelled), dtype=bool)
    truth = labelled[known].mean(axis=0) if known.any() else np.full(len(classes), np.nan)
    most = int(np.abs(shares - own).argmax())
    return AnswerDrift(
        target,
        _distance(shares, own, is_multi),
        float(np.quantile(distances, 0.95)),
        classes[most],
        float(shares[most]),
        float(own[most]),
        float(truth[most]),
    )


def _distance(a: _Floats, b: _Floats, is_multi: bool) -> float:
    gaps = np.abs(a - b)
    return float(gaps.mean() if is_multi else gaps.sum() / 2)
