"""Groups that swallow duplicates, so that a photo and its copies stay in one fold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from podium.errors import SplitError
from podium.listing import count_of
from podium.splits.make_folds import number_groups
from podium.tables import Samples
from podium.twins import join_pairs

__all__ = ["join_groups"]


def join_groups(samples: Samples, pairs: NDArray[np.integer]) -> NDArray[np.object_]:
    """A group column in which paired samples, and the groups they lie in, are one.

    Joining is transitive: if a is like b and b like c, all three share a group. A chain of look-alikes can so grow into
    one huge group; `summarise_folds` notes it.

    Args:
        samples: Samples with or without groups.
        pairs: Rows that belong together, shape (M, 2), such as `find_near_duplicates` gives.

    Returns:
        Group of each sample, shape (N,); "" for a sample that stays on its own. A joined group has the name of the
        first of its groups by name, or the first of its ids if it has none, whatever the order of rows and pairs.

    Raises:
        SplitError: If a pair names a row that does not exist.

    Example:
        >>> from pathlib import Path
        >>> from podium.tables import as_text_array
        >>> ids = as_text_array(["a", "b", "c", "d"])
        >>> samples = Samples(Path("."), ids, ids, group=as_text_array(["ann", "", "bob", ""]))
        >>> join_groups(samples, np.array([[1, 2]])).tolist()
        ['ann', 'bob', 'bob', '']
    """
    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= len(samples)):
        raise SplitError(
            f"pairs name rows {pairs.min()} to {pairs.max()}, there are {count_of(len(samples), 'sample')}."
        )
    unit = number_groups(samples.group_keys.tolist())
    component = join_pairs(int(unit.max(initial=-1)) + 1, unit[pairs])[unit]
    named = samples.group if samples.group is not None else np.full(len(samples), "", dtype=object)
    rows_in = np.bincount(component, minlength=len(samples))
    best: dict[int, tuple[bool, str]] = {}
    for row, root in enumerate(component.tolist()):
        candidate = (not named[row], str(named[row] or samples.ids[row]))
        best[root] = min(best.get(root, candidate), candidate)
    joined = np.empty(len(samples), dtype=object)
    for row, root in enumerate(component.tolist()):
        is_alone = rows_in[root] == 1 and not named[row]
        joined[row] = "" if is_alone else best[root][1]
    return joined
