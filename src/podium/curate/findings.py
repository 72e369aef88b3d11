"""What the facts of many images say together: counts, odd files, equal files, equal files with different labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from podium.curate.rows import count_values
from podium.tables import IMAGE_FORMATS, Head, Samples

if TYPE_CHECKING:
    from podium.curate.audit import Audit

__all__ = [
    "HUGE_PX",
    "TINY_PX",
    "count_words",
    "find_conflicts",
    "find_duplicates",
    "find_emptied_classes",
    "odd_images",
]

TINY_PX = 32
"""An image with a side shorter than this is called tiny."""
HUGE_PX = 6000
"""An image with a side longer than this is called huge."""

_WIDE_MODES = ("I", "F")
_FORMAT_ENDINGS = {**IMAGE_FORMATS, "MPO": (*IMAGE_FORMATS["JPEG"], "mpo")}
_Sets = tuple[tuple[str, ...], ...]


def find_duplicates(ids: Sequence[str], sha256: Sequence[str]) -> _Sets:
    """Sets of ids whose files have the same bytes, each set and the sets among them in order of the ids.

    Args:
        ids: Sample ids, N of them.
        sha256: Hash of each file; "" is not compared.
    """
    sets: dict[str, list[str]] = {}
    for name, digest in zip(ids, sha256, strict=True):
        if digest:
            sets.setdefault(digest, []).append(name)
    return tuple(sorted(tuple(sorted(members)) for members in sets.values() if len(members) > 1))


def find_conflicts(samples: Samples, duplicates: _Sets) -> _Sets:
    """Those sets of equal files whose known labels differ in some head."""
    rows = samples.rows_of([name for members in duplicates for name in members])
    edges = np.cumsum([len(members) for members in duplicates])[:-1]
    return tuple(
        members
        for members, own in zip(duplicates, np.split(rows, edges), strict=False)
        if any(_differ(column[own]) for column in samples.labels.values())
    )


def _differ(labels: NDArray[np.integer[Any]]) -> bool:
    """Whether known labels differ, for shape (N,) or (N, C)."""
    columns = labels.reshape(len(labels), -1).T
    return any(len(set(column[column >= 0].tolist())) > 1 for column in columns)


def find_emptied_classes(samples: Samples, is_ok: NDArray[np.bool_]) -> tuple[str, ...]:
    """Classes that have images, but none that can be decoded, as "head: class"."""
    emptied = []
    for head in samples.task.heads if samples.task else ():
        labels = samples.labels[head.name]
        had, has = (_count_images(head, column) for column in (labels, labels[is_ok]))
        emptied += [f"{head.name}: {head.classes[index]}" for index in np.flatnonzero((had > 0) & (has == 0))]
    return tuple(emptied)


def _count_images(head: Head, labels: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Images of each class, shape (C,)."""
    if head.is_multi:
        return np.asarray(np.count_nonzero(labels == 1, axis=0))
    return np.bincount(labels[labels >= 0], minlength=head.n_classes)


def odd_images(audit: Audit) -> dict[str, NDArray[np.bool_]]:
    """What is unusual about each decodable image, shape (N,) each. None of it is an error."""
    ok = audit.is_ok
    short, long = np.minimum(audit.width, audit.height), np.maximum(audit.width, audit.height)
    endings = [PurePosixPath(name).suffix.lower().lstrip(".") for name in audit.ids]
    misnamed = [
        ending not in _FORMAT_ENDINGS.get(kind, (ending,)) for ending, kind in zip(endings, audit.format, strict=True)
    ]
    modes = audit.mode.astype(str)
    return {
        "alpha": ok & audit.has_alpha,
        "cmyk": ok & (modes == "CMYK"),
        "wide": ok & (np.char.startswith(modes, "I;16") | np.isin(modes, _WIDE_MODES)),
        "rotated": ok & (audit.orientation > 1),
        "tiny": ok & (short < TINY_PX),
        "huge": ok & (long > HUGE_PX),
        "several_frames": ok & (audit.n_frames > 1),
        "misnamed": ok & np.asarray(misnamed, dtype=bool),
        "black": ok & (audit.brightness < 0.01),
        "white": ok & (audit.brightness > 0.99),
    }


def count_words(words: Sequence[str], *, most: int = 10) -> dict[str, int]:
    """The most frequent values and how often they occur."""
    return dict(list(count_values(words).items())[:most])
