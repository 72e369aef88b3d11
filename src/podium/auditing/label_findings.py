"""What is odd about labels and groups, which needs no image: rare classes, one name in two spellings, missing words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from podium.auditing.finding import MOST_SHOWN, Finding
from podium.curate import same_names
from podium.listing import agree, count_of, list_some, part_of
from podium.tables import Head, Samples

__all__ = ["count_labels", "find_label_findings"]

_N_FOLDS = 5
MANY_WITHOUT_GROUP = 0.05
"""Share of images without a group, where others have one, from which on that may cost points."""
_UNEVEN = 20
"""How many times more images the largest class has than the smallest, from which on that is worth a word."""


def find_label_findings(samples: Samples) -> Iterator[Finding]:
    """Findings about labels and groups."""
    for head in samples.task.heads if samples.task else ():
        counts = _counts(head, samples.labels[head.name])
        yield from _find_spellings(head)
        yield from _find_rare(samples, head, counts)
        yield from _find_missing(samples, head)
    yield from _find_without_group(samples)


def count_labels(samples: Samples) -> dict[str, dict[str, int]]:
    """Images of each class, for every head; those without a label are not counted."""
    heads = samples.task.heads if samples.task else ()
    return {
        head.name: dict(zip(head.classes, _counts(head, samples.labels[head.name]).tolist(), strict=True))
        for head in heads
    }


def _counts(head: Head, labels: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    if head.is_multi:
        return np.asarray((labels == 1).sum(axis=0), dtype=np.int64)
    return np.bincount(labels[labels >= 0], minlength=head.n_classes)


def _find_spellings(head: Head) -> Iterator[Finding]:
    same = same_names(head.classes)
    if same:
        pairs = list_some([" and ".join(map(repr, names)) for names in same], most=4)
        yield Finding(
            "caution",
            "spellings",
            f"{count_of(len(same), 'class')} of {head.name!r} {agree(len(same), 'is', 'are')} spelt in several ways:"
            f" {pairs}.",
            change={"merge_spellings": True},
        )


def _find_rare(samples: Samples, head: Head, counts: NDArray[np.int64]) -> Iterator[Finding]:
    noun = "image"
    if samples.has_groups:
        counts, noun = _count_groups(samples, head), "group"
        if len(counts) > 2 and counts.max() == 1:
            yield _groups_are_classes(head)
            return
    rare = [f"{head.classes[row]!r} {counts[row]}" for row in np.argsort(counts, kind="stable")]
    n_rare = int((counts < _N_FOLDS).sum())
    if n_rare:
        yield Finding(
            "caution",
            "rare_classes",
            f"{part_of(n_rare, head.n_classes, 'class', 'has', 'have')} fewer than {_N_FOLDS} {noun}s in"
            f" {head.name!r}: {list_some(rare[:n_rare], most=4)}. Their score rests on chance, and some folds have none"
            " of them.",
            todo="Collect more, or join classes.",
        )
    elif counts.max() >= _UNEVEN * max(counts.min(), 1):
        yield Finding(
            "note",
            "balance",
            f"The largest class of {head.name!r} has {counts.max():,} {noun}s, the smallest {counts.min():,}"
            f" ({head.classes[int(counts.argmin())]!r}).",
            todo="Macro F1 counts both the same; accuracy hardly sees the smallest.",
        )


def _groups_are_classes(head: Head) -> Finding:
    return Finding(
        "error",
        "groups",
        f"Every class of {head.name!r} lies in one group: where its group is held out, no model has seen the class.",
        todo="Name another group, or none.",
        change={"group": "none"},
    )


def _count_groups(samples: Samples, head: Head) -> NDArray[np.int64]:
    """Groups that hold each class, shape (C,)."""
    labels = samples.labels[head.name]
    _, group = np.unique(samples.group_keys.astype(str), return_inverse=True)
    if head.is_multi:
        return np.array([len(np.unique(group[labels[:, place] == 1])) for place in range(head.n_classes)])
    return np.array([len(np.unique(group[labels == place])) for place in range(head.n_classes)])


def _find_missing(samples: Samples, head: Head) -> Iterator[Finding]:
    labels = samples.labels[head.name].reshape(len(samples), -1)
    rows = np.flatnonzero((labels < 0).any(axis=1))
    if len(rows):
        yield Finding(
            "note",
            "missing_labels",
            f"{part_of(len(rows), len(samples), 'image', 'lacks', 'lack')} a label of {head.name!r}.",
            n=len(rows),
            ids=tuple(samples.ids[rows[:MOST_SHOWN]].tolist()),
            todo="They teach nothing there, and are not scored there.",
        )


def _find_without_group(samples: Samples) -> Iterator[Finding]:
    if samples.group is None or not samples.has_groups:
        return
    rows = np.flatnonzero(samples.group == "")
    if len(rows):
        yield Finding(
            "caution" if len(rows) > MANY_WITHOUT_GROUP * len(samples) else "note",
            "missing_groups",
            f'{part_of(len(rows), len(samples), "image", "has", "have")} no group, or one that says "not known":'
            " each counts as a group of its own.",
            n=len(rows),
            ids=tuple(samples.ids[rows[:MOST_SHOWN]].tolist()),
            todo="If some of them belong together, a split may part them.",
        )
