"""AugMix: weights, chains, and that the mean of chains is what a float64 loop gives."""

from __future__ import annotations

import numpy as np
import pytest

from podium.data.aug_mix import AugMix
from podium.data.operations import CODES, KEEP, operate
from podium.data.randomness import sample_keys, uniforms
from tiny.augmented import STORED, augment, draw


@pytest.mark.slow
def test_weights_are_those_of_a_dirichlet_distribution() -> None:
    mix = AugMix(n_chains=3)
    numbers = mix.retouch(uniforms(0, 0, sample_keys(map(str, range(20_000))), mix.stream, mix.n_uniforms)).numbers
    own, chains = numbers[:, 1], numbers[:, 2::7]
    assert own + chains.sum(axis=1) == pytest.approx(np.ones(len(own)), abs=1e-9)
    assert own.mean() == pytest.approx(0.5, abs=0.01)
    shares = chains / chains.sum(axis=1, keepdims=True)
    # Dirichlet(1, 1, 1): means 1/3, variances 1/18.
    assert shares.mean(axis=0) == pytest.approx(np.full(3, 1 / 3), abs=0.01)
    assert shares.var(axis=0) == pytest.approx(np.full(3, 1 / 18), abs=0.003)


def test_chains_have_one_to_three_operations() -> None:
    mix = AugMix(n_chains=1)
    numbers = mix.retouch(uniforms(0, 0, sample_keys(map(str, range(9000))), mix.stream, mix.n_uniforms)).numbers
    lengths = (numbers[:, 3::2] != KEEP).sum(axis=1)
    assert np.bincount(lengths, minlength=4) / len(lengths) == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3], abs=0.02)


def test_it_is_the_weighted_mean_of_its_chains() -> None:
    mix = AugMix(severity=8, probability=1)
    step, images = mix.retouch(draw(mix)), augment([mix])  # type: ignore[arg-type]
    for i in range(0, 64, 5):
        total = step.numbers[i, 1] * STORED[i].astype(np.float64)
        for chain in step.numbers[i, 2:].reshape(3, 7):
            changed = STORED[i].copy()
            for code, number in chain[1:].reshape(3, 2):
                operate(changed, int(code), [number])
            total += chain[0] * changed
        assert np.abs(total - images[i]).max() <= 0.51


def test_without_chance_nothing_changes() -> None:
    assert np.array_equal(augment([AugMix(probability=0)]), STORED)
    assert (augment([AugMix()]) != STORED).any()
    assert CODES["mix_chains"] not in AugMix(probability=0).retouch(draw(AugMix())).codes  # type: ignore[arg-type]
