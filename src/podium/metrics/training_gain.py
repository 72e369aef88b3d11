"""What a submission scores beyond its fold models: they learnt from a part of the images, and it from all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from podium.metrics.interval import nan_if_none, none_if_nan

__all__ = ["PUBLISHED_EXPONENT", "TrainingGain", "measure_training_gain", "share_of_gain", "unmeasured_gain"]

PUBLISHED_EXPONENT = 0.3
"""Of the top-1 error of image classifiers in the number of images (Hestness et al. 2017, table 1: 0.31)."""
MOST_EXPONENT = 1.0
"""A steeper fall is an accident of two points."""


@dataclass(frozen=True)
class TrainingGain:
    """How the error falls with more to learn from: as n to the power of minus `exponent`.

    Args:
        value: What a model on all images, or the mean of all fold models, is expected to score better by, positive;
            0 where nothing was measured.
        exponent: Of the power law.
        spread: Standard deviation of what is not known of the value, in score.
        is_measured: Whether heads were solved on half of the training part; else the exponent is a published one,
            and widens the range without moving it.
        score_half: Score of these heads; nan where nothing was measured.
        score_whole: Score on the same images of heads that learnt from the whole training part; nan as well.
    """

    value: float
    exponent: float
    spread: float
    is_measured: bool
    score_half: float = math.nan
    score_whole: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; nan is None."""
        return {name: none_if_nan(item) if isinstance(item, float) else item for name, item in asdict(self).items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> TrainingGain:
        """The gain that `to_dict` wrote."""
        scores = {name: nan_if_none(record[name]) for name in ("score_half", "score_whole")}
        return cls(**{**record, **scores})


def measure_training_gain(
    score_half: float, score_whole: float, *, error: float, perfect: float, train_fraction: float
) -> TrainingGain:
    """The gain from two points of the learning curve, continued as a power law.

    Args:
        score_half: Score of models that learnt from half of the groups in their training part.
        score_whole: Score of models that learnt from all of it, on the same images.
        error: Distance of the run's own score from a perfect one, at least 0.
        perfect: The perfect score.
        train_fraction: Share of all images that a fold model learns from, such as 0.8.

    Example:
        >>> round(measure_training_gain(0.902, 0.935, error=0.065, perfect=1.0, train_fraction=0.8).value, 3)
        0.008

    Source:
        Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically".
    """
    half, whole = abs(perfect - score_half), abs(perfect - score_whole)
    steep = MOST_EXPONENT if half > 0 else 0.0
    exponent = min(max(math.log2(half / whole), 0.0), MOST_EXPONENT) if half > 0 and whole > 0 else steep
    value = error * (1 - train_fraction**exponent)
    return TrainingGain(value, exponent, 0.0, True, score_half, score_whole)


def unmeasured_gain(*, error: float, train_fraction: float) -> TrainingGain:
    """No gain, as nothing was measured, but not sure to within what is usual for image classifiers.

    Args:
        error: Distance of the run's own score from a perfect one, at least 0.
        train_fraction: Share of all images that a fold model learns from.

    Example:
        >>> unmeasured_gain(error=0.1, train_fraction=0.8).value
        0.0
    """
    spread = error * (1 - train_fraction**PUBLISHED_EXPONENT)
    return TrainingGain(0.0, PUBLISHED_EXPONENT, spread, False)


def share_of_gain(n_models: int, n_folds: int) -> float:
    """Share of the gain that the mean of some of the folds' models has: none of it for one, all of it for every fold.

    The variance that a mean removes is the share 1 - 1 / n of one model's.

    Example:
        >>> share_of_gain(1, 5), share_of_gain(5, 5), round(share_of_gain(3, 5), 3)
        (0.0, 1.0, 0.833)
    """
    return (1 - 1 / n_models) / (1 - 1 / n_folds) if 1 < n_models <= n_folds else 0.0
