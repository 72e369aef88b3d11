from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from podium.splits.draw_proxy import draw_at_random, draw_proxy, find_drift, label_shares
from podium.tables import Head, Samples, Task, as_text_array

MASK, TAGS = Head("mask", "single", tuple("abcdef")), Head("tags", "multi", ("hat", "beard", "scar"))


def make_samples(n: int = 1200, *, per_group: int = 1, seed: int = 0) -> Samples:
    """Skewed labels, some of them missing, that groups share in part."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(6, size=n, p=[0.5, 0.25, 0.12, 0.08, 0.03, 0.02])
    labels[rng.random(n) < 0.02] = -1
    tags = (rng.random((n, 3)) < [0.4, 0.1, 0.03]).astype(np.int8)
    group = None if per_group == 1 else as_text_array([f"g{row // per_group}" for row in range(n)])
    ids = as_text_array([f"{row:05d}.png" for row in range(n)])
    return Samples(Path(), ids, ids, Task((MASK, TAGS)), {"mask": labels, "tags": tags}, group=group)


def worst(samples: Samples, rows: np.ndarray) -> float:
    return max(one.max for one in find_drift(samples.take(rows), samples))


@pytest.mark.slow
@pytest.mark.parametrize("per_group", [1, 7])
def test_labels_keep_their_shares_better_than_in_any_random_draw(per_group: int) -> None:
    samples = make_samples(per_group=per_group)
    rows = draw_proxy(samples, 240)
    assert abs(len(rows) - 240) <= 10
    assert worst(samples, rows) < 0.01
    assert worst(samples, rows) < min(worst(samples, draw_at_random(samples, 240, seed=k)) for k in range(50))
    inside = set(samples.group_keys[rows])
    assert not inside & set(np.delete(samples.group_keys, rows)), "groups are whole"


@pytest.mark.slow
def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_the_rows() -> None:
    samples = make_samples(400, per_group=4)
    rows = draw_proxy(samples, 100, seed=3)
    assert np.array_equal(rows, draw_proxy(samples, 100, seed=3))
    shuffled = samples.take(np.random.default_rng(0).permutation(400))
    assert set(shuffled.ids[draw_proxy(shuffled, 100, seed=3)]) == set(samples.ids[rows])
    assert set(rows) != set(draw_proxy(samples, 100, seed=4))


def test_shares_are_of_known_labels() -> None:
    samples = make_samples(200)
    known = samples.labels["mask"][samples.labels["mask"] >= 0]
    np.testing.assert_allclose(label_shares(samples, "mask"), [(known == k).mean() for k in range(6)])
    np.testing.assert_allclose(label_shares(samples, "tags"), samples.labels["tags"].mean(axis=0))
