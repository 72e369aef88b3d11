"""Groupings by names: the true one is among them, with the class folder where tracks are counted anew."""

from __future__ import annotations

import re

import numpy as np
import pytest

from podium.splits import list_name_groupings


def keys_of(names: list[str], keys: list[str]) -> bytes:
    """Groups numbered by their first image."""
    order = list(dict.fromkeys(keys))
    assert len(names) == len(keys)
    return np.array([order.index(key) for key in keys], dtype=np.int64).tobytes()


@pytest.mark.parametrize(
    ("names", "truth"),
    [
        ([f"{c}/{t:05d}_{f:05d}.ppm" for c in "ab" for t in range(3) for f in range(4)], r"(.*)_"),
        ([f"{c}/{t:05d}_{f:05d}.ppm" for c in "ab" for t in range(3) for f in range(4)], r"/(.*)_"),
        ([f"p{t}-left-{f}.png" for t in range(5) for f in range(3)], r"(p\d+)"),
        ([f"{c}/person{t}/{f}.jpg" for c in "ab" for t in range(4) for f in range(3)], r"/(.*)/"),
        ([f"IMG{t}frame{f}.jpg" for t in "abc" for f in range(12)], r"IMG(.)"),
        ([f"{c}/shot{t}.jpg" for c in ("raw", "sharp") for t in "abcdef"], r"shot(.)"),
    ],
)
def test_the_true_grouping_is_among_them(names: list[str], truth: str) -> None:
    keys = [found[1] for name in names if (found := re.search(truth, name))]
    assert keys_of(names, keys) in {grouping.group.tobytes() for grouping in list_name_groupings(names)}


def test_every_pattern_cuts_the_groups_that_it_says() -> None:
    names = [f"c{i % 2}/t{i // 6}_{i % 3}_{i:02d}.jpg" for i in range(24)]
    found = list_name_groupings(names)
    assert len({grouping.group.tobytes() for grouping in found}) == len(found)
    for grouping in found:
        keys = [re.search(grouping.pattern, name)[1] for name in names]  # type: ignore[index]
        assert keys_of(names, keys) == grouping.group.tobytes()


def test_names_that_say_nothing_give_none() -> None:
    assert list_name_groupings([f"{i * 7919 % 9973}.jpg" for i in range(30)]) == []
