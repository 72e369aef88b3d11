"""What folds must be, whoever made them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.listing import list_some
from podium.tables import Folds, Samples

__all__ = ["check_folds"]

Groups = NDArray[np.object_]
Rows = NDArray[np.int64]


def check_folds(folds: Folds, samples: Samples) -> None:
    """Check that folds give an honest score: all samples, every fold trained, groups whole.

    Args:
        folds: Folds of a splitter of your own, or read from a file.
        samples: The samples they divide. Groups are those of `samples.group`.

    Raises:
        AssertionError: If samples are missing or too many, if a fold has nothing to train on, or if images of one group
            are on both sides; names some of them.
    """
    _check_samples(folds, samples)
    groups = _groups(folds, samples)
    for number in range(folds.n_folds):
        train, valid = folds.train_rows(number), folds.valid_rows(number)
        assert len(train), f"fold {number} has nothing to train on"
        _check_apart(groups, train, valid, f"train and valid of fold {number}")
    rest = folds.learnt_rows
    _check_apart(groups, rest, folds.holdout_rows, "the folds and the holdout")


def _check_samples(folds: Folds, samples: Samples) -> None:
    ours, theirs = folds.ids.tolist(), samples.ids.tolist()
    assert len(set(ours)) == len(ours), "an id has more than one fold"
    missing, new = sorted(set(theirs) - set(ours)), sorted(set(ours) - set(theirs))
    assert not missing, f"samples without a fold: {list_some(missing, most=4)}"
    assert not new, f"folds of samples that do not exist: {list_some(new, most=4)}"
    assert folds.samples_digest == samples.digest, "samples_digest is not the digest of these samples"


def _groups(folds: Folds, samples: Samples) -> Groups:
    place = {name: row for row, name in enumerate(samples.ids.tolist())}
    return samples.group_keys[[place[name] for name in folds.ids.tolist()]]


def _check_apart(groups: Groups, one: Rows, other: Rows, sides: str) -> None:
    both = sorted(set(groups[one].tolist()) & set(groups[other].tolist()))
    assert not both, f"groups on both sides of {sides}: {list_some(both, most=4)}"
