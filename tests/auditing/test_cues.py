"""A cue that was put in is found with the area that scikit-learn gives; noise, and cues of a group alone, are not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from podium.auditing import find_cues, measure_cues
from podium.auditing.auc import area_of_classes, area_with_interval
from podium.auditing.cues import predict_from_bins
from podium.tables import Head, as_text_array
from tiny.looked import KIND, look

TAGS = Head("tags", "multi", ("red", "wet"))


@pytest.mark.parametrize("head", [KIND, TAGS])
def test_a_planted_cue_is_the_only_one_found(head: Head) -> None:
    rng = np.random.default_rng(0)
    n = 600
    labels = rng.integers(0, 2, (n, 2)).astype(np.int8) if head.is_multi else rng.integers(0, 3, n)
    first = labels[:, 0] if head.is_multi else labels == 0
    looked = look(n, labels, head, brightness=np.where(first, 0.3, 0.6) + 0.05 * rng.standard_normal(n))
    cues = measure_cues(looked, looked.samples.ids)
    cue, found = cues[0], list(find_cues(cues))
    assert (cue.trait, cue.best_class) == ("brightness", head.classes[0])
    assert cue.best_area > 0.97
    assert len(found) == 1
    assert len({cue.trait for cue in cues}) == 8


@pytest.mark.slow
def test_a_cue_of_one_class_among_many_is_found() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 20, 2000)
    head = Head("kind", "single", tuple(f"class {k}" for k in range(20)))
    height, width = rng.integers(90, 120, 2000), np.where(labels == 7, 640, rng.integers(90, 120, 2000))
    looked = look(2000, labels, head, width=width, height=height, n_bytes=width * height * rng.integers(2, 4, 2000))
    (found,) = find_cues(measure_cues(looked, looked.samples.ids))
    assert "'class 7'" in found.what
    assert found.what.startswith(("Width", "Shape"))


@pytest.mark.slow
def test_noise_is_not_reported() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        looked = look(200, rng.integers(0, 3, 200), KIND, seed=seed)
        assert not list(find_cues(measure_cues(looked, looked.samples.ids)))


def test_what_a_group_has_by_chance_tells_nothing_of_other_groups() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 20)
    own_light, own_class = rng.random(40)[group], rng.permutation(np.arange(40) % 3)[group]
    looked = look(800, own_class, KIND, brightness=own_light)
    keys = as_text_array([str(number) for number in group])
    blind, aware = (
        next(cue.area for cue in measure_cues(looked, groups) if cue.trait == "brightness")
        for groups in (looked.samples.ids, keys)
    )
    assert blind.value > 0.7
    assert not aware.low > 0.6


def test_areas_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (300, 3))
    scores = np.round(labels * 0.4 + rng.random((300, 3)), 1)
    wanted = [roc_auc_score(labels[:, k], scores[:, k]) for k in range(3)]
    assert np.allclose(area_of_classes(scores, labels), wanted)
    interval = area_with_interval(scores, labels, np.arange(300), 300)
    assert np.isclose(interval.value, np.mean(wanted))
    assert interval.low < interval.value < interval.high


def test_answers_do_not_count_the_images_of_their_own_fold() -> None:
    rng = np.random.default_rng(0)
    bins, fold, labels = rng.integers(0, 4, 200), rng.integers(0, 5, 200), rng.integers(0, 2, (200, 1))
    changed = labels.copy()
    changed[fold == 2] = 1 - changed[fold == 2]
    before, after = predict_from_bins(bins, labels, fold), predict_from_bins(bins, changed, fold)
    assert np.array_equal(before[fold == 2], after[fold == 2])
    assert not np.array_equal(before, after)
