"""Bags: the images that one answer is for, such as the photos of a product or the slices of a patient."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.errors import LabelError, SourceError
from podium.listing import count_of, list_some

if TYPE_CHECKING:
    from podium.tables.samples import Samples
    from podium.tables.task import Head

__all__ = ["bag_keys", "check_bags", "describe_bags", "find_disagreement", "join_bags", "join_labels", "number_bags"]

_Text = NDArray[np.object_]
_Numbers = NDArray[np.int64]


def bag_keys(ids: _Text, bag: _Text) -> _Text:
    """The name that each image is answered under, shape (N,): that of its bag, or its own id where it has none."""
    return np.where(bag == "", ids, bag).astype(object)


def number_bags(ids: _Text, bag: _Text) -> _Numbers:
    """The number of each image's bag, shape (N,), in the order in which bags come first."""
    _, first, inverse = np.unique(bag_keys(ids, bag).astype(str), return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first, kind="stable")] = np.arange(len(first))
    numbers: _Numbers = place[inverse]
    return numbers


def check_bags(samples: Samples) -> None:
    """Refuse bags that cannot have one answer: a bag in two groups, or images that differ in a single-label head.

    Labels of a multi-label head may differ: the bag has every label that one of its images has.

    Raises:
        SourceError: If a bag is in several groups, or has the name of an image that is in no bag; names the bags.
        LabelError: If labels of one bag differ; names the bags.
    """
    assert samples.bag is not None, "the samples have bags"
    clash = set(samples.bag.tolist()) & set(samples.ids[samples.bag == ""].tolist())
    if clash:
        raise SourceError(
            f"{list_some(sorted(map(repr, clash)))} names a bag, and an image that is in none.", field="answer_per"
        )
    numbers = number_bags(samples.ids, samples.bag)
    _check_groups(samples, numbers)
    for head in samples.task.heads if samples.task else ():
        if not head.is_multi:
            _check_labels(samples, head, numbers)


def _check_groups(samples: Samples, numbers: _Numbers) -> None:
    if samples.group is None:
        return
    keys = np.unique(samples.group_keys.astype(str), return_inverse=True)[1]
    named = bag_keys(samples.ids, samples.bag)  # type: ignore[arg-type]
    wrong = _differing(keys, numbers)
    if wrong.any():
        told = [_tell(named, numbers, bag, samples.group) for bag in np.flatnonzero(wrong).tolist()]
        raise SourceError(
            f"{count_of(len(told), 'bag lies', 'bags lie')} in several groups: {told[0]}. A bag is judged as one, so it"
            " cannot be divided.",
            field="answer_per",
            fix=f"Name a {option('group')} that holds whole bags, or leave it out: then each bag is a group.",
            details=told,
        )


def _check_labels(samples: Samples, head: Head, numbers: _Numbers) -> None:
    wrong = find_disagreement(samples.labels[head.name], numbers)
    if wrong.any():
        named = bag_keys(samples.ids, samples.bag)  # type: ignore[arg-type]
        words = np.array([*head.classes, ""], dtype=object)[samples.labels[head.name]]
        told = [_tell(named, numbers, bag, words) for bag in np.flatnonzero(wrong).tolist()]
        raise LabelError(
            f"{head.name!r} differs inside {count_of(len(told), 'bag')}: {told[0]}. One answer cannot be both.",
            field="answer_per",
            fix="Correct the labels, learn something that is the same for all images of a bag, or name another column.",
            details=told,
        )


def find_disagreement(labels: NDArray[np.integer[Any]], numbers: _Numbers) -> NDArray[np.bool_]:
    """Which bags have images whose known labels differ, shape (bags,); labels have shape (N,) or (N, C)."""
    n_bags = int(numbers.max(initial=-1)) + 1
    columns = labels.reshape(len(labels), -1)
    found = np.zeros(n_bags, dtype=bool)
    for column in columns.T:
        known = column >= 0
        found |= _differing(column[known], numbers[known], n_bags)
    return found


def _differing(values: NDArray[np.integer[Any]], numbers: _Numbers, n_bags: int | None = None) -> NDArray[np.bool_]:
    n = int(numbers.max(initial=-1)) + 1 if n_bags is None else n_bags
    low, high = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
    np.minimum.at(low, numbers, values.astype(np.int64))
    np.maximum.at(high, numbers, values.astype(np.int64))
    return np.asarray(high > low)


def _tell(named: _Text, numbers: _Numbers, bag: int, words: _Text) -> str:
    rows = np.flatnonzero(numbers == bag)
    return f"{named[rows[0]]!r} ({list_some(sorted(set(map(str, words[rows])) - {''}), most=4)})"


def describe_bags(samples: Samples) -> str:
    """How many bags there are, in a sentence."""
    assert samples.bag is not None, "the samples have bags"
    n_bags = len(set(samples.bag[samples.bag != ""].tolist()))
    alone = int((samples.bag == "").sum())
    rest = f" {count_of(alone, 'image is', 'images are')} in no bag and answered alone." if alone else ""
    return f"One answer for each of {count_of(n_bags, 'bag')} over {count_of(len(samples) - alone, 'image')}.{rest}"


def join_bags(samples: Samples) -> Samples:
    """The samples with one row for each bag: its name, its first image's path, and the labels of all its images.

    The label of a single-label head is the one that all images share. A multi-label head has each label that an image
    of the bag has; labels that are missing are left out. Soft labels and weights, which only training uses, are gone.
    """
    if samples.bag is None:
        return samples
    numbers = number_bags(samples.ids, samples.bag)
    firsts = np.unique(numbers, return_index=True)[1]
    labels = {name: join_labels(column, numbers, len(firsts)) for name, column in samples.labels.items()}
    one = replace(samples, bag=None, soft={}, weight=None, corrections=()).take(firsts)
    return replace(one, ids=bag_keys(samples.ids, samples.bag)[firsts], labels=labels)


def join_labels(labels: NDArray[np.integer[Any]], numbers: _Numbers, n_bags: int) -> NDArray[np.integer[Any]]:
    """A label of every bag, shape (n_bags, ...): the one of its images, or each one that an image has; -1 is missing.

    Args:
        labels: Of the images, shape (N,) or (N, C).
        numbers: The bag of each image, shape (N,).
        n_bags: How many bags there are.
    """
    joined = np.full((n_bags, *labels.shape[1:]), -1, dtype=labels.dtype)
    np.maximum.at(joined, numbers, labels)
    return joined
