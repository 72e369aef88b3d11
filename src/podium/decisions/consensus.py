"""One answer for all images of a group, where the group has the attribute: probabilities pooled over its images."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.advice import option
from podium.decisions.pooling import pool_probs
from podium.errors import UnknownNameError, UsageError
from podium.listing import list_some, part_of
from podium.tables import Composite, Head, Predictions

__all__ = ["check_consensus", "pool_groups", "without_groups"]

_Labels = Mapping[str, NDArray[np.integer[Any]]]
_TINY = 1e-100


def pool_groups(predictions: Predictions, names: Collection[str]) -> Predictions:
    """Predictions in which all images of a group have the same probabilities of these heads.

    They are the mean of the log-probabilities over the group's images, made to sum to 1; for a multi-label head the
    mean log-odds of every label. The composite class follows: each of its probabilities times what its attributes
    gained (Jeffrey's rule), which is their product where it was one before. An image whose group is "" stays as it is.
    No label is looked at.

    Args:
        predictions: With the group of every row.
        names: Heads that are attributes of the group.

    Raises:
        UsageError: If the predictions name no groups.

    Source:
        Genest and Zidek 1986, "Combining Probability Distributions": the logarithmic opinion pool.
    """
    if not names:
        return predictions
    if predictions.group is None:
        raise without_groups(names)
    numbers = np.unique(_keys(predictions), return_inverse=True)[1]
    heads = [head for head in predictions.task.heads if head.name in names]
    pooled = {head.name: _pool(predictions.probs[head.name], head, numbers) for head in heads}
    found = dict(predictions.probs) | pooled
    composite = predictions.task.composite
    if composite is not None and set(composite.heads) & set(pooled):
        found[composite.name] = _update_joint(predictions.probs, composite, pooled)
    return replace(predictions, probs=found)


def without_groups(names: Collection[str]) -> UsageError:
    """The refusal of images that name no groups."""
    return UsageError(
        f"the run pools {list_some(sorted(names))} over the images of a group, and these images name no groups.",
        fix=f"Name them as the images are read ({option('group')}: a column, 'folder', or a regular expression with one"
        " pair of brackets), or set the rules of the run again without a consensus (`podium decide`).",
    )


def check_consensus(predictions: Predictions, labels: _Labels, names: Collection[str]) -> list[str]:
    """What the user should know before heads of out-of-fold predictions are pooled over groups.

    Args:
        predictions: Out-of-fold predictions with the group of every row.
        labels: Labels of these rows by head, -1 = missing: they only tell whether a head is an attribute of the group.
        names: Heads to pool.

    Raises:
        UnknownNameError: If there is no such head.
        UsageError: If no group has two images, a group lies in several folds, or a head differs inside most groups.
    """
    heads = [head.name for head in predictions.task.heads]
    for name in names:
        if name not in heads:
            raise UnknownNameError("head", name, heads, field="consensus")
    if not names:
        return []
    groups = [rows for rows in _rows_by_group(predictions) if len(rows) > 1]
    if not groups:
        raise UsageError(
            "no group of this run has two images, so there is nothing to agree on.",
            fix=f"Train with {option('group')}.",
        )
    divided = [rows for rows in groups if len(set(predictions.fold[rows].tolist())) > 1]
    if divided:
        raise UsageError(
            f"{part_of(len(divided), len(groups), 'group', 'lies', 'lie')} in several folds: a model that learnt from"
            " some of a group's images would answer for the others, and the score would be too good.",
            fix=f"Train with folds that keep groups whole ({option('split_method')}: auto or group).",
        )
    return [line for name in names if (line := _say_disagreement(name, labels[name], groups)) is not None]


def _say_disagreement(name: str, labels: NDArray[np.integer[Any]], groups: list[NDArray[np.int64]]) -> str | None:
    known = [rows[(labels[rows] >= 0).reshape(len(rows), -1).all(axis=1)] for rows in groups]
    judged = [rows for rows in known if len(rows) > 1]
    differing = [rows for rows in judged if (labels[rows] != labels[rows[:1]]).any()]
    if 2 * len(differing) > len(judged):
        raise UsageError(
            f"{name!r} differs inside {part_of(len(differing), len(judged), 'group')} with labels: it is no attribute"
            " of the group.",
            field="consensus",
            fix="Name only what is the same for all images of a group.",
        )
    return f"{name} differs inside {part_of(len(differing), len(judged), 'group')}." if differing else None


def _keys(predictions: Predictions) -> NDArray[np.str_]:
    """A text for every row that is equal inside a group only; rows without a group are on their own."""
    assert predictions.group is not None
    named = [
        f"group {group}" if group else f"image {name}"
        for name, group in zip(predictions.ids, predictions.group, strict=True)
    ]
    return np.array(named, dtype=np.str_)


def _rows_by_group(predictions: Predictions) -> list[NDArray[np.int64]]:
    if predictions.group is None:
        return []
    numbers = np.unique(_keys(predictions), return_inverse=True)[1]
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)


def _pool(probs: NDArray[np.floating[Any]], head: Head, numbers: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Pooled probabilities of every row, shape (N, C), from those of its group."""
    pooled = pool_probs(probs, head, numbers, "logit_mean")
    is_alone = (np.bincount(numbers) == 1)[numbers, None]
    return np.where(is_alone, probs, pooled[numbers])


def _update_joint(
    probs: Mapping[str, NDArray[np.floating[Any]]], composite: Composite, pooled: Mapping[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    joint = np.array(probs[composite.name], dtype=np.float64)
    for place, name in enumerate(composite.heads):
        if name in pooled:
            gain = pooled[name] / np.maximum(probs[name], _TINY)
            joint *= gain[:, composite.table[:, place]]
    total = joint.sum(axis=1, keepdims=True)
    product = composite.joint_probs({**probs, **pooled})
    return np.where(total > 0, joint / np.maximum(total, _TINY), product)
