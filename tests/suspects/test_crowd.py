"""Consensus and quality of annotators are those of cleanlab, and a careless annotator is found."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from podium.suspects.crowd import judge_crowd

N, C = 300, 4


def crowd(*, seed: int = 0, skill: tuple[float, ...] = (0.95, 0.9, 0.8, 0.4)) -> tuple[NDArray[np.int64], ...]:
    """Votes of annotators of different skill, some not asked; probabilities of a fair model; the truth."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, C, N)
    votes = np.stack(
        [np.where(random.random(N) < right, truth, (truth + random.integers(1, C, N)) % C) for right in skill], axis=1
    )
    votes[random.random(votes.shape) < 0.4] = -1
    alone = np.flatnonzero((votes >= 0).sum(axis=1) == 0)
    votes[alone, random.integers(0, len(skill), len(alone))] = truth[alone]
    logits = random.normal(0, 1, (N, C)) + 2 * np.eye(C)[truth]
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return votes.astype(np.int64), probs, truth


@pytest.mark.parametrize("seed", [0, 1])
def test_numbers_are_those_of_cleanlab(seed: int) -> None:
    multiannotator = pytest.importorskip("cleanlab.multiannotator")
    votes, probs, _ = crowd(seed=seed)
    found = judge_crowd(votes, probs)
    labels = np.where(votes < 0, np.nan, votes.astype(float))
    wanted = multiannotator.get_label_quality_multiannotator(labels, probs, verbose=False, return_weights=True)
    table = wanted["label_quality"]
    np.testing.assert_array_equal(found.consensus, table["consensus_label"])
    own = found.belief[np.arange(N), found.consensus]
    np.testing.assert_allclose(own, table["consensus_quality_score"], atol=1e-9)
    people = wanted["annotator_stats"].sort_index()
    np.testing.assert_allclose(found.quality, people["annotator_quality"], atol=1e-9)
    np.testing.assert_allclose(found.agreement, people["agreement_with_consensus"], atol=1e-9)
    np.testing.assert_allclose(found.annotator_weight, wanted["annotator_weight"], atol=1e-9)
    assert found.model_weight == pytest.approx(wanted["model_weight"])


def test_a_careless_annotator_weighs_least_and_the_consensus_beats_the_majority() -> None:
    votes, probs, truth = crowd(skill=(0.9, 0.85, 0.3, 0.3))
    found = judge_crowd(votes, probs)
    assert (np.argsort(-found.quality)[:2] < 2).all()
    counts = np.stack([(votes == label).sum(axis=1) for label in range(C)], axis=1)
    assert (found.consensus == truth).mean() > (counts.argmax(axis=1) == truth).mean()
    turned = judge_crowd(votes[:, ::-1], probs)
    np.testing.assert_allclose(turned.belief, found.belief)


def test_without_two_votes_for_one_image_nothing_can_be_compared() -> None:
    votes = np.array([[0, -1], [-1, 1]])
    with pytest.raises(ValueError, match="one of them two"):
        judge_crowd(votes, np.full((2, 2), 0.5))
