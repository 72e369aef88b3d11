from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from podium.data.mixing import CutMix, Mixed, Mixing, MixUp, mix_batch, mix_targets, soften_targets
from podium.errors import UsageError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 10, 14, 3), dtype=np.uint8)


def mix(mixing: Mixing, *, step: int = 0, images: np.ndarray = IMAGES) -> tuple[np.ndarray, Mixed]:
    mixed_images = images.copy()
    mixed = mix_batch(mixed_images, mixing, seed=1, epoch=2, step=step)
    return mixed_images, mixed


@pytest.mark.parametrize("step", range(10))
def test_mixup_is_the_weighted_mean(step: int) -> None:
    images, mixed = mix(MixUp(alpha=1.0), step=step)
    assert sorted(mixed.partner.tolist()) == list(range(6))
    expected = mixed.own_fraction * IMAGES + (1 - mixed.own_fraction) * IMAGES[mixed.partner].astype(np.float64)
    assert np.abs(images - expected).max() <= 0.501


@pytest.mark.parametrize("shape", ["box", "strip", "half"])
@pytest.mark.parametrize("step", range(20))
def test_cutmix_counts_the_pixels_that_changed_owner(shape: str, step: int) -> None:
    # Image i has the value i everywhere, so that each pixel tells whose it is.
    owners = np.broadcast_to(np.arange(6, dtype=np.uint8)[:, None, None, None], (6, 10, 14, 3)).copy()
    images, mixed = mix(CutMix(alpha=1.0, shape=shape), step=step, images=owners)  # type: ignore[arg-type]
    for i in range(6):
        own = images[i] == i
        if mixed.partner[i] != i:
            assert (images[i][~own] == mixed.partner[i]).all()
            assert own.all(axis=2).mean() == pytest.approx(mixed.own_fraction)
            rows = (~own).any(axis=(1, 2))
            if shape != "box" and not own.all():
                assert rows.all()
            if shape == "half":
                assert mixed.own_fraction == 0.5


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_proportion_is_beta(alpha: float) -> None:
    tiny = np.zeros((2, 1, 1, 3), np.uint8)
    drawn = [mix(MixUp(alpha=alpha), step=step, images=tiny)[1].own_fraction for step in range(2000)]
    assert stats.kstest(drawn, stats.beta(alpha, alpha).cdf).pvalue > 1e-4


def test_probability() -> None:
    tiny = np.zeros((2, 1, 1, 3), np.uint8)
    is_mixed = [mix(MixUp(probability=0.3), step=step, images=tiny)[1].own_fraction < 1 for step in range(2000)]
    assert abs(np.mean(is_mixed) - 0.3) < 0.05
    images, mixed = mix(MixUp(probability=0))
    assert np.array_equal(images, IMAGES)
    assert mixed.own_fraction == 1


def test_depends_on_seed_epoch_and_step_alone() -> None:
    first, second = mix(CutMix(), step=3), mix(CutMix(), step=3)
    assert np.array_equal(first[0], second[0])
    fractions = {mix(CutMix(), step=step)[1].own_fraction for step in range(8)}
    assert len(fractions) > 4


def test_a_single_image_stays_as_it_is() -> None:
    images, mixed = mix(MixUp(), images=IMAGES[:1])
    assert np.array_equal(images, IMAGES[:1])
    assert mixed.own_fraction == 1


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=12), st.floats(0, 1), st.randoms())
def test_mixed_targets_sum_to_one_or_are_missing(labels: list[int], fraction: float, random: object) -> None:
    column = np.array(labels)
    partner = np.argsort(np.random.default_rng(0).random(len(labels)))
    soft = mix_targets(soften_targets(column, 4), Mixed(partner, fraction))
    missing = (column < 0) if fraction == 1 else (column < 0) | (column[partner] < 0)
    assert (soft[missing] == -1).all()
    assert soft[~missing].sum(axis=1) == pytest.approx(1, abs=1e-6)
    for i in np.flatnonzero(~missing):
        expected = np.zeros(4)
        expected[column[i]] += fraction
        expected[column[partner[i]]] += 1 - fraction
        assert soft[i] == pytest.approx(expected, abs=1e-6)


def test_multi_label_targets_mix_class_by_class() -> None:
    labels = np.array([[1, 0, -1], [0, 0, 1]], dtype=np.int8)
    soft = mix_targets(soften_targets(labels, None), Mixed(np.array([1, 0]), 0.75))
    assert soft.tolist() == [[0.75, 0.0, -1.0], [0.25, 0.0, -1.0]]


@pytest.mark.parametrize("arguments", [{"alpha": 0.0}, {"alpha": -1.0}, {"probability": 1.1}])
def test_impossible_settings_are_refused(arguments: dict[str, float]) -> None:
    for kind in (MixUp, CutMix):
        with pytest.raises(UsageError):
            kind(**arguments)
