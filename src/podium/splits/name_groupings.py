"""Every way in which names of images may tell what belongs together: where to cut them, with and without folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.splits.hint_patterns import EXTENSION, cut

__all__ = ["NameGrouping", "list_name_groupings"]

_SEPARATOR = "[-_. ]"
_WORD = "[^-_. /]"
MOST_CUTS = 4
"""Parts at the end, or at the start, of a name that are tried."""


@dataclass(frozen=True, eq=False)
class NameGrouping:
    """Groups as one expression cuts them out of the names.

    Args:
        pattern: Regular expression with one (), as the option `group` takes it.
        group: Number of each image's group, shape (N,).
    """

    pattern: str
    group: NDArray[np.int64]


def list_name_groupings(ids: Sequence[str]) -> list[NameGrouping]:
    """Groupings by names and folders that gather some images and not all, each once.

    Names are cut after each of their first parts and before each of their last ones, at separators and before a final
    number, with the folders above kept and without them: where tracks are counted anew in every class, only the folder
    tells them apart.

    Args:
        ids: Ids of the images.

    Example:
        >>> names = [f"c{i % 2}/{i // 4:02d}_{i:03d}.jpg" for i in range(16)]
        >>> [grouping.pattern for grouping in list_name_groupings(names)][0]
        '(.*)/[^/]*$'
    """
    found: dict[bytes, NameGrouping] = {}
    for pattern in _patterns():
        keys = cut(pattern, ids)
        if keys is None:
            continue
        _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        if not 1 < len(first) < len(ids):
            continue
        number = np.argsort(np.argsort(first))[group].astype(np.int64)  # by first image: equal groupings look equal
        found.setdefault(number.tobytes(), NameGrouping(pattern, number))
    return list(found.values())


def _patterns() -> Iterator[str]:
    yield "(.*)/[^/]*$"
    yield "([^/]*)/[^/]*$"
    yield "([^/]*)/[^/]*/[^/]*$"
    for folders in ("(?:.*/)?", ""):
        start = rf"^({folders}" if folders else r"(?:^|/)("
        for n in range(1, MOST_CUTS + 1):  # without the last n parts
            yield rf"{start}[^/]*?)(?:{_SEPARATOR}{_WORD}*){{{n}}}{EXTENSION}"
        for n in range(1, MOST_CUTS):  # the first n parts alone
            more = rf"(?:{_SEPARATOR}{_WORD}+){{{n - 1}}}" if n > 1 else ""
            yield rf"{start}{_WORD}+{more})(?:{_SEPARATOR}[^/]*)?{EXTENSION}"
        yield rf"{start}[^/]*?\D)\d+{EXTENSION}"  # a counter at the end
        yield rf"{start}[^/]*){EXTENSION}"  # the same name in several folders
    # A number before a separator, and any other name alone: 12-with-mask.jpg beside extra_image_12.jpg.
    yield rf"((?:(?<=/)|^)\d+(?={_SEPARATOR}[^/]*$)|^(?!(?:.*/)?\d+{_SEPARATOR}[^/]*$).*)"
