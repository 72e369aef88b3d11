"""No fold divides a bag: half of its images would be judged by a model that learnt the other half's label."""

from __future__ import annotations

import numpy as np

from podium.advice import option, options
from podium.errors import SplitError
from podium.listing import count_of
from podium.tables import Folds, Samples, number_bags

__all__ = ["require_whole_bags"]


def require_whole_bags(samples: Samples, folds: Folds) -> None:
    """Refuse folds that divide a bag, whatever leak is accepted; extra images, which are never judged, do not count.

    Raises:
        SplitError: If they do; names the bags and their folds.
    """
    if samples.bag is None:
        return
    judged = np.flatnonzero(~samples.is_extra)
    bag, fold = samples.bag[judged], folds.fold[judged]
    numbers = number_bags(samples.ids[judged], bag)
    firsts = np.unique(numbers, return_index=True)[1]
    wrong = np.unique(numbers[fold != fold[firsts][numbers]])
    if len(wrong):
        told = [f"{bag[firsts[number]]!r} in {_sides(fold[numbers == number])}" for number in wrong.tolist()]
        raise SplitError(
            f"the folds divide {count_of(len(told), 'bag')}: {told[0]}. One answer is for all images of a bag.",
            details=told,
            fix=f"Make folds that keep bags whole, with {options(split_method='auto')} and without"
            f" {option('fold_column')} and {option('folds_from')}; or name another {option('answer_per')}.",
        )


def _sides(fold: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    names = {-1: "train alone", -2: "the holdout", -3: "what is left out"}
    return " and ".join(names.get(number, f"fold {number}") for number in sorted(set(fold.tolist())))
