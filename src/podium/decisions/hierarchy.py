"""Classes that belong to parent classes, such as species to genera: answers that agree with the best parent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.errors import LabelError, UsageError
from podium.listing import count_of, list_some
from podium.tables import Head, Predictions, Task
from podium.texttable import read_table

__all__ = [
    "Parents",
    "find_parents",
    "known_parents",
    "mistake_height",
    "read_parent_table",
    "read_parents",
    "within_best_parent",
]


@dataclass(frozen=True)
class Parents:
    """The parent of every class of a head.

    Args:
        of: Name of the parent of each class, in the head's order.
    """

    of: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The parents, in the order in which their first classes stand."""
        return tuple(dict.fromkeys(self.of))

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Number of each class's parent, shape (C,)."""
        return np.array([self.names.index(name) for name in self.of], dtype=np.int64)

    def label(self, classes: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Numbers of the parents of classes, shape (N,); -1 stays -1."""
        return np.where(classes < 0, -1, self.numbers[np.maximum(classes, 0)])

    def sum_probs(self, probs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Probability of every parent: the sum over its classes, shape (N, P) from (N, C)."""
        is_child = self.numbers[:, None] == np.arange(len(self.names))
        return np.asarray(np.asarray(probs, dtype=np.float64) @ is_child, dtype=np.float64)


def read_parents(path: Path, task: Task) -> dict[str, Parents]:
    """The parents of the classes of each head that a table knows.

    Args:
        path: A table with the columns `class` and `parent`.
        task: The heads; one with one class per image all of whose classes are in the table has parents.

    Raises:
        TableError: If the table or a column is missing.
        LabelError: If a class has two parents, or all classes of a head have the same one or each their own.
        UsageError: If no head's classes are all there; says which are missing.
    """
    inside = () if task.composite is None else task.composite.heads
    return find_parents(read_parent_table(path), [head for head in task.heads if head.name not in inside], where=path)


def read_parent_table(path: Path) -> dict[str, str]:
    """The parent of each class, from a table with the columns `class` and `parent`.

    Raises:
        TableError: If the table or a column is missing.
        LabelError: If a class has two parents or none.
    """
    table = read_table(path)
    found: dict[str, str] = {}
    for name, parent in zip(
        table.column("class", field="hierarchy"), table.column("parent", field="hierarchy"), strict=True
    ):
        if not parent or found.setdefault(name, parent) != parent:
            has = f"{found[name]!r} and {parent!r}" if parent else "an empty cell"
            raise LabelError(f"class {name!r} needs one parent, has {has}.", where=path)
    return found


def known_parents(found: Mapping[str, str], heads: Sequence[Head]) -> dict[str, Parents]:
    """The parents of the heads with one class per image all of whose classes have one, by head name.

    A head whose classes all have the same parent, or each its own, has none.

    Example:
        >>> heads = [Head("kind", "single", ("cat", "dog", "ant")), Head("sex", "single", ("f", "m"))]
        >>> known_parents({"cat": "pet", "dog": "pet", "ant": "insect"}, heads)["kind"].names
        ('pet', 'insect')
    """
    return {name: parents for name, parents in _all_parents(found, heads).items() if _is_level(parents)}


def _all_parents(found: Mapping[str, str], heads: Sequence[Head]) -> dict[str, Parents]:
    return {
        head.name: Parents(tuple(found[name] for name in head.classes))
        for head in heads
        if not head.is_multi and set(head.classes) <= found.keys()
    }


def _is_level(parents: Parents) -> bool:
    """Whether parents say something: there are several, and fewer than classes."""
    return 1 < len(parents.names) < len(parents.of)


def find_parents(
    found: Mapping[str, str], heads: Sequence[Head], *, where: Path | str | None = None
) -> dict[str, Parents]:
    """The same, refused where no head has any.

    Args:
        found: Parent of each class.
        heads: The heads.
        where: What says so, for errors.

    Raises:
        LabelError: If all classes of a head have the same parent, or each its own.
        UsageError: If no head's classes are all there; says which are missing.
    """
    known = known_parents(found, heads)
    if known:
        return known
    for name, parents in _all_parents(found, heads).items():
        raise LabelError(
            f"the {count_of(len(parents.of), 'class')} of {name!r} have {count_of(len(parents.names), 'parent')}:"
            " no level between.",
            where=where,
        )
    raise _unknown(where, [head for head in heads if not head.is_multi], found)


def within_best_parent(predictions: Predictions, hierarchy: Mapping[str, Parents]) -> Predictions:
    """Predictions whose probabilities are those of the classes of the most probable parent, made to sum to 1.

    A parent's probability is the sum of its classes'. The best class may be of another parent: three likely species
    of one genus together outweigh one that is a little likelier than each.

    Args:
        predictions: The predictions.
        hierarchy: Parents by head name.
    """
    probs = dict(predictions.probs)
    for name, parents in hierarchy.items():
        own = np.asarray(probs[name], dtype=np.float64)
        best = parents.sum_probs(own).argmax(axis=1)
        kept = np.where(parents.numbers == best[:, None], own, 0.0)
        probs[name] = kept / kept.sum(axis=1, keepdims=True)
    return replace(predictions, probs=probs)


def mistake_height(answers: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]], parents: Parents) -> float:
    """Mean height of the lowest common ancestor of answer and truth, over the mistakes; nan where there are none.

    1 is a mistake inside the right parent, 2 one outside.

    Args:
        answers: Classes, shape (N,).
        labels: Classes, shape (N,), -1 where missing.
        parents: Their parents.

    Source:
        Bertinetto et al. 2020, "Making Better Mistakes: Leveraging Class Hierarchies with Deep Networks".

    Example:
        >>> mistake_height(np.array([0, 1, 2]), np.array([0, 0, 0]), Parents(("cat", "cat", "dog")))
        1.5
    """
    is_wrong = (labels >= 0) & (answers != labels)
    if not is_wrong.any():
        return float("nan")
    return float(1 + (parents.label(answers[is_wrong]) != parents.label(labels[is_wrong])).mean())


def _unknown(where: Path | str | None, heads: Sequence[Head], found: Mapping[str, str]) -> UsageError:
    lacking = {head.name: [name for name in head.classes if name not in found] for head in heads}
    if not lacking:
        return UsageError(
            "a hierarchy is for heads with one class per image that are in no composite class.", where=where
        )
    name = min(lacking, key=lambda item: len(lacking[item]))
    return UsageError(f"these classes of {name!r} have no parent: {list_some(lacking[name])}.", where=where)
