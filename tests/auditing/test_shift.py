"""A difference between data and test set that was put in is found, and no other."""

from __future__ import annotations

import re

import numpy as np
import pytest

from podium.auditing import find_shift, measure_shift
from tiny.looked import KIND, look


@pytest.mark.slow
@pytest.mark.parametrize("by", ["light", "features", "nothing"])
def test_a_shift_is_measured_where_there_is_one(by: str) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    data = look(300, labels, KIND, seed=1)
    test = look(200, labels[:200], KIND, seed=2, **({"brightness": 0.5 + rng.random(200)} if by == "light" else {}))
    features = rng.standard_normal((500, 40)).astype(np.float32)
    features[300:, :5] += 2.0 * (by == "features")
    both = features[:300], features[300:]
    shifts = {shift.by: shift for shift in measure_shift(data, test, (data.samples.ids, test.samples.ids), both)}
    strong = {name for name, shift in shifts.items() if shift.area.low > 0.6}
    expected = {"light": {"brightness", "size, light and files"}, "features": {"features"}, "nothing": set()}
    assert strong == expected[by]
    telling = shifts["features"]
    assert all(name.startswith("test:") for name in telling.least_like_train)
    assert not any(name.startswith("test:") for name in telling.most_like_test)
    found = list(find_shift(list(shifts.values())))
    assert [finding.level for finding in found] == ([] if by == "nothing" else ["caution"])
    told = set(re.findall("by (features|size, light and files)", found[0].what)) if found else set()
    assert told == expected[by] - {"brightness"}
