"""Features of a rehearsal: as many as the run has, all different, and near those of a like image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from podium.tables import Samples
from podium.training import rehearsed_features
from podium.training.rehearsed_features import spread_features

Contest = Callable[[str], Samples]


@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_every_image_is_near_one_with_its_label(shape: str, contest: Contest) -> None:
    samples = contest(shape)
    assert samples.task is not None
    labels = samples.labels[samples.task.heads[0].name]
    few = 100 * np.random.default_rng(0).standard_normal((2, 12, 200), dtype=np.float32)
    found = spread_features(few, samples)
    assert found.shape == (2, len(samples), 200)
    assert found.dtype == np.float32
    assert len(np.unique(found[0, :, 0])) == len(samples)
    nearest = ((found[0][:, None] - few[0][None]) ** 2).sum(axis=2).argmin(axis=1)
    known = {tuple(np.atleast_1d(label)) for label in labels[:12]}
    for row, place in enumerate(nearest):
        if tuple(np.atleast_1d(labels[row])) in known:
            assert np.array_equal(labels[place], labels[row])
    np.testing.assert_array_equal(found, spread_features(few, samples))


def test_they_take_no_more_memory_than_they_may(contest: Contest, monkeypatch: pytest.MonkeyPatch) -> None:
    few = np.ones((2, 4, 8), np.float32)
    monkeypatch.setattr(rehearsed_features, "MOST_BYTES", 10 * few[:, 0].nbytes)
    assert spread_features(few, contest("single")).shape == (2, 10, 8)
    monkeypatch.setattr(rehearsed_features, "MOST_BYTES", 1)
    assert spread_features(few, contest("single")).shape == (2, 4, 8)
