from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from podium.data.mixed_targets import Mixed
from podium.data.mixer import Mixer, swap_patches
from podium.data.mixing import CutMix, Mixing, MixUp, PatchSwap
from podium.data.partners import Partners
from podium.data.randomness import sample_keys

STORED = np.random.default_rng(0).integers(0, 256, (12, 10, 14, 3), dtype=np.uint8)
POSITIONS = np.array([7, 0, 3, 9, 2, 5])
KEYS = sample_keys([f"{i}.png" for i in POSITIONS])
SHAPES = ("box", "strip", "left_right", "top_bottom")
OWNERS = np.broadcast_to(np.arange(12, dtype=np.uint8)[:, None, None, None], STORED.shape).copy()
"""Image i has the value i everywhere, so that each pixel tells whose it is."""


def mix(mixer: Mixer | Mixing, *, step: int = 0, epoch: int = 2, stored: Any = STORED) -> tuple[Any, Mixed]:
    mixer = mixer if isinstance(mixer, Mixer) else Mixer((mixer,))
    images = stored[POSITIONS]
    mixed = mixer.mix(images, POSITIONS, KEYS, lambda rows, _: stored[rows], seed=1, epoch=epoch, step=step)
    return images, mixed


@pytest.mark.parametrize("step", range(10))
def test_mixup_is_the_weighted_mean(step: int) -> None:
    images, mixed = mix(MixUp(alpha=1.0), step=step)
    assert sorted(mixed.partner) == sorted(POSITIONS)
    expected = mixed.own_fraction * STORED[POSITIONS] + (1 - mixed.own_fraction) * STORED[mixed.partner]
    assert np.abs(images - expected).max() <= 0.501


@pytest.mark.parametrize("partner", ["any", "rare"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_share_is_the_true_area(shape: Any, partner: str) -> None:
    rare = Partners.of_rare_classes(np.arange(12) % 6, np.array([4]))  # images 4 and 10
    mixer = Mixer((CutMix(shape=shape),), partners=(None if partner == "any" else rare,))
    for step in range(30):
        images, mixed = mix(mixer, step=step, stored=OWNERS)
        for i, position in enumerate(POSITIONS):
            is_own = images[i] == position
            if mixed.partner[i] != position:
                assert (images[i][~is_own] == mixed.partner[i]).all()
                assert is_own.mean() == pytest.approx(mixed.own_fraction)
        if partner == "rare":
            assert set(mixed.partner) <= {4, 10}
        if shape == "left_right":
            assert mixed.own_fraction == 0.5


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_the_share_is_beta(alpha: float) -> None:
    tiny = np.zeros((12, 1, 1, 3), np.uint8)
    drawn = [mix(MixUp(alpha=alpha), step=step, stored=tiny)[1].own_fraction for step in range(2000)]
    assert stats.kstest(drawn, stats.beta(alpha, alpha).cdf).pvalue > 1e-4


def test_a_strip_is_beta_up_to_whole_columns() -> None:
    wide = np.zeros((12, 1, 4000, 1), np.uint8)
    drawn = [mix(CutMix(alpha=0.8, shape="strip"), step=step, stored=wide)[1].own_fraction for step in range(300)]
    assert stats.kstest(drawn, stats.beta(0.8, 0.8).cdf).pvalue > 1e-4


@pytest.mark.slow
def test_probability() -> None:
    tiny = np.zeros((12, 1, 1, 3), np.uint8)
    is_mixed = [mix(MixUp(probability=0.3), step=step, stored=tiny)[1].own_fraction < 1 for step in range(2000)]
    assert abs(np.mean(is_mixed) - 0.3) < 0.05
    images, mixed = mix(MixUp(probability=0))
    assert np.array_equal(images, STORED[POSITIONS])
    assert mixed.own_fraction == 1


def test_one_of_several_is_drawn_for_each_batch() -> None:
    mixer = Mixer((MixUp(alpha=9.0), CutMix(shape="left_right")))
    halves = [mix(mixer, step=step)[1].own_fraction == 0.5 for step in range(400)]
    assert abs(np.mean(halves) - 0.5) < 0.08


def test_depends_on_seed_epoch_and_step_alone() -> None:
    first, second = mix(CutMix(), step=3), mix(CutMix(), step=3)
    assert np.array_equal(first[0], second[0])
    assert len({mix(CutMix(), step=step)[1].own_fraction for step in range(8)}) > 4
    assert len({mix(MixUp(), epoch=epoch)[1].own_fraction for epoch in range(8)}) == 8


def test_the_last_epochs_are_not_mixed() -> None:
    mixer = Mixer((MixUp(),), n_epochs=3)
    assert [mix(mixer, epoch=epoch)[1].own_fraction < 1 for epoch in range(5)] == [True] * 3 + [False] * 2


def test_a_single_image_stays_as_it_is() -> None:
    images = STORED[:1].copy()
    mixed = Mixer((MixUp(),)).mix(
        images, POSITIONS[:1], KEYS[:1], lambda rows, _: STORED[rows], seed=0, epoch=0, step=0
    )
    assert np.array_equal(images, STORED[:1])
    assert mixed.own_fraction == 1


def test_partners_from_elsewhere_are_augmented_anew() -> None:
    salts: list[np.ndarray] = []

    def make(rows: np.ndarray, salt: np.ndarray) -> np.ndarray:
        salts.append(salt)
        return STORED[rows]

    mixer = Mixer((CutMix(),), partners=(Partners.of_same_class(np.zeros(12, dtype=np.int64)),))
    for step in (0, 6):
        mixer.mix(STORED[POSITIONS], POSITIONS, KEYS, make, seed=0, epoch=0, step=step)
    assert len({*np.concatenate(salts)}) == 12


@pytest.mark.parametrize(
    "mixing", [MixUp(alpha=1.0), CutMix(), CutMix(shape="strip"), PatchSwap(cells=2, probability=1)]
)
def test_a_tensor_is_mixed_like_an_array(mixing: Mixing) -> None:
    for step in range(5):
        images, mixed = mix(mixing, step=step)
        tensor = torch.from_numpy(STORED[POSITIONS])
        same = Mixer((mixing,)).mix(tensor, POSITIONS, KEYS, lambda rows, _: None, seed=1, epoch=2, step=step)
        assert np.array_equal(same.partner, mixed.partner)
        assert same.own_fraction == mixed.own_fraction
        assert np.abs(tensor.numpy().astype(int) - images).max() <= (1 if isinstance(mixing, MixUp) else 0)


def test_patches_change_places_and_nothing_else_does() -> None:
    # Each pixel tells which patch it comes from, and where it lies in it.
    patch = np.arange(4 * 6, dtype=np.uint8).reshape(4, 6)
    whole = np.block([[10 * row + column + 0 * patch for column in range(3)] for row in range(3)])
    image = np.stack([whole, np.tile(patch, (3, 3)), whole], axis=2)
    images = np.stack([image] * 50)
    swap_patches(images, PatchSwap(cells=3, swaps=1), np.random.default_rng(0).random((50, 2)))
    for mixed in images:
        assert (mixed[..., 1] == image[..., 1]).all()  # a patch is moved whole
        was, now = (part[::4, ::6, 0] for part in (image, mixed))
        assert sorted(now.ravel()) == sorted(was.ravel())
        assert (now != was).sum() == 2  # one pair
        assert (mixed[..., 0] == now.repeat(4, axis=0).repeat(6, axis=1)).all()
    assert len({mixed.tobytes() for mixed in images}) > 20


def test_patches_that_change_places_leave_targets_as_they_are() -> None:
    mixer = Mixer((PatchSwap(cells=2, probability=1.0),), {"age": 3})
    _, mixed = mix(mixer)
    own = {"age": np.array([0, 1, 2, -1, 0, 0])}
    assert mixer.mix_targets(own, {"age": own["age"][::-1]}, mixed)["age"].tolist() == own["age"].tolist()
    assert (mixed.partner == POSITIONS).all()
