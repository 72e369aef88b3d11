from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from podium.data.feature_loader import FeatureEvalLoader, FeatureTrainLoader
from podium.data.order import epoch_order
from podium.data.randomness import sample_keys
from podium.errors import UsageError

# Feature = (view, row), so that each value tells where it came from.
V, N = 3, 50
FEATURES = np.stack(np.broadcast_arrays(np.arange(V)[:, None], np.arange(N)[None, :]), axis=2).astype(np.float32)
ROWS = np.arange(5, 38)
KEYS = sample_keys([str(row) for row in ROWS])
LABELS = {"age": ROWS % 4}


def make_loader(**options: Any) -> FeatureTrainLoader:
    return FeatureTrainLoader(FEATURES, ROWS, LABELS, **({"keys": KEYS, "batch_size": 8, "seed": 2} | options))


def test_each_sample_once_with_its_own_features_and_labels() -> None:
    loader = make_loader()
    batches = list(loader.from_position(1))
    assert loader.n_batches == len(batches) == 4
    assert [len(batch) for batch in batches] == [8, 8, 8, 9]
    rows = np.concatenate([batch.rows for batch in batches])
    assert np.array_equal(rows, ROWS[epoch_order(2, 1, len(ROWS))])
    features = torch.cat([batch.images for batch in batches])
    assert features.dtype == torch.float32
    assert features[:, 1].tolist() == rows.tolist()
    assert torch.cat([batch.targets["age"] for batch in batches]).tolist() == (rows % 4).tolist()


def test_views_are_drawn_evenly_and_anew() -> None:
    views = np.empty((60, N))
    for epoch in range(60):
        for batch in make_loader().from_position(epoch):
            views[epoch, batch.rows] = batch.images[:, 0]
    views = views[:, ROWS]
    share = [(views == view).mean() for view in range(V)]
    assert share == pytest.approx([1 / 3] * 3, abs=0.05)
    assert (views.std(axis=0) > 0).all()


def test_resume_at_every_offset() -> None:
    whole = torch.cat([batch.images for batch in make_loader().from_position(3)])
    for offset in range(len(ROWS) + 1):
        rest = [batch.images for batch in make_loader(batch_size=5).from_position(3, offset)]
        assert torch.equal(torch.cat(rest or [whole[:0]]), whole[offset:])


def test_eval_goes_in_order() -> None:
    loader = FeatureEvalLoader(FEATURES, ROWS, 8, view=2, targets=LABELS)
    batches = list(loader)
    assert len(loader) == len(batches) == 5
    assert torch.cat([batch.images for batch in batches]).tolist() == [[2.0, float(row)] for row in ROWS]
    assert batches[-1].offset_after == len(ROWS)
    assert torch.cat([batch.targets["age"] for batch in batches]).tolist() == (ROWS % 4).tolist()


def test_wrong_input_is_refused() -> None:
    with pytest.raises(UsageError, match=r"floating \(V, N, ...\)"):
        FeatureEvalLoader(FEATURES[0], ROWS, 8)
    with pytest.raises(UsageError, match="3 views"):
        FeatureEvalLoader(FEATURES, ROWS, 8, view=3)
    with pytest.raises(UsageError, match="keys"):
        make_loader(keys=KEYS[:3])


def test_planned_views_come_in_turn() -> None:
    loader = make_loader(views=(2, 1))
    for epoch, view in enumerate((2, 1, 2, 1)):
        batches = list(loader.from_position(epoch))
        assert {int(value) for batch in batches for value in batch.images[:, 0]} == {view}
        rows = np.concatenate([batch.rows for batch in batches])
        assert np.array_equal(rows, ROWS[epoch_order(2, epoch, len(ROWS))])
        assert torch.cat([batch.images for batch in batches])[:, 1].tolist() == rows.tolist()


@pytest.mark.parametrize("views", [None, (2, 1, 0)])
def test_a_sample_that_is_drawn_again_is_seen_in_another_view(views: Any) -> None:
    weights = np.zeros(len(ROWS))
    weights[3] = 1
    batches = list(make_loader(views=views, weights=weights).from_position(1))
    seen = torch.cat([batch.images for batch in batches])
    assert (seen[:, 1] == ROWS[3]).all()
    if views is not None:
        assert seen[:4, 0].tolist() == [1.0, 0.0, 2.0, 1.0]
    assert set(seen[:, 0].tolist()) == {0.0, 1.0, 2.0}
    for offset in range(len(ROWS) + 1):
        rest = [b.images for b in make_loader(views=views, weights=weights, batch_size=5).from_position(1, offset)]
        assert torch.equal(torch.cat(rest or [seen[:0]]), seen[offset:])


def test_maps_of_half_precision_pass_through() -> None:
    maps = np.arange(2 * 6 * 2 * 2 * 3).reshape(2, 6, 2, 2, 3).astype(np.float16)
    loader = FeatureEvalLoader(maps, np.array([4, 0]), 8, view=1)
    (batch,) = list(loader)
    assert batch.images.dtype == torch.float16
    assert np.array_equal(batch.images.numpy(), maps[1, [4, 0]])
