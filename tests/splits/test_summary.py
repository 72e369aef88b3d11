from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from podium.splits import make_folds, summarise_folds
from podium.tables import HOLDOUT, Folds, Samples

Build = Callable[..., Samples]


def test_counts_and_deviation_equal_a_plain_count(make_samples: Build) -> None:
    rng = np.random.default_rng(0)
    labels = {"c": rng.integers(-1, 3, 90), "t": rng.integers(0, 2, (90, 2))}
    samples = make_samples(90, labels, group=[f"g{i % 12}" for i in range(90)])
    folds = make_folds(samples, split_method="random", folds=3, holdout_fraction=0.2)
    summary = summarise_folds(samples, folds)
    assert [part.name for part in summary.parts] == ["fold 0", "fold 1", "fold 2", "holdout"]
    for part, fold in zip(summary.parts, [0, 1, 2, HOLDOUT], strict=True):
        rows = folds.fold == fold
        assert part.n_samples == rows.sum()
        assert part.n_groups == len(set(samples.group[rows].tolist()))
        assert part.counts["c"] == {f"c{i}": int((labels["c"][rows] == i).sum()) for i in range(3)}
        assert part.counts["t"] == {f"t{i}": int(labels["t"][rows, i].sum()) for i in range(2)}
        columns = [labels["c"] == i for i in (-1, 0, 1, 2)] + [labels["t"][:, i] == 1 for i in range(2)]
        columns.append(~(labels["t"] == 1).any(axis=1))
        assert part.deviation == pytest.approx(max(abs(col[rows].mean() - col.mean()) for col in columns))
    assert summary.deviation == max(part.deviation for part in summary.parts)
    assert "ignores the groups" in summary.notes[0]


def test_record_and_table_are_plain_data(make_samples: Build) -> None:
    samples = make_samples(20, {"c": np.arange(20) % 2})
    summary = summarise_folds(samples, make_folds(samples))
    record = json.loads(json.dumps(summary.to_dict()))
    assert record["parts"][0]["counts"] == {"c": {"c0": 2, "c1": 2}}
    assert [row[0] for row in summary.rows()] == ["part", *(f"fold {i}" for i in range(5))]
    assert summary.notes == ()


def test_classes_that_cannot_be_judged_are_named(make_samples: Build) -> None:
    label = [0] * 40 + [1] * 10 + [2] * 3
    group = [f"g{i}" for i in range(40)] + ["big"] * 8 + ["x", "y"] + ["z"] * 3
    samples = make_samples(53, {"c": label}, group=group, classes={"c": ["a", "b", "rare", "never"]})
    notes = "\n".join(summarise_folds(samples, make_folds(samples)).notes)
    assert "missing from the validation part of some folds" in notes
    assert "c=rare (in 1 of 5 folds)" in notes
    assert "1 class without training images in some folds, whose models cannot know them: c=rare" in notes
    assert "c=b (80%)" in notes
    assert "1 class without any image: c=never" in notes


def test_samples_without_labels_have_sizes_only(make_samples: Build) -> None:
    samples = make_samples(12)
    summary = summarise_folds(samples, make_folds(samples))
    assert [part.n_samples for part in summary.parts] == np.bincount(make_folds(samples).fold).tolist()
    assert summary.deviation == 0.0


def test_training_only_rows_are_a_part(make_samples: Build) -> None:
    samples = make_samples(10, {"c": np.arange(10) % 2}, split=["train"] * 6 + ["valid"] * 4)
    summary = summarise_folds(samples, make_folds(samples))
    assert [(part.name, part.n_samples) for part in summary.parts] == [("fold 0", 4), ("train", 6)]
    folds = make_folds(samples)
    shuffled = samples.take([9, 3, 5, 1, 0, 2, 4, 6, 7, 8])
    assert summarise_folds(shuffled, folds).to_dict() == summary.to_dict()
    assert isinstance(folds, Folds)
