from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from podium.errors import WeightsError
from podium.models import GreedySoup, Soup, choose_members


def take_some(soup: GreedySoup | Soup, n: int) -> nn.Linear:
    model = nn.Linear(3, 2)
    for seed in range(n):
        torch.manual_seed(seed)
        nn.init.normal_(model.weight)
        soup.take(model)
    return model


def test_all_members_are_the_uniform_soup_and_some_are_their_mean() -> None:
    greedy, uniform = GreedySoup(3), Soup(3)
    model, other = take_some(greedy, 3), take_some(uniform, 3)
    greedy.pour_into(model)
    uniform.pour_into(other)
    torch.testing.assert_close(model.weight, other.weight)
    greedy.pour_some_into(model, {2, 0})
    singles = []
    for member in (0, 2):
        one = nn.Linear(3, 2)
        greedy.pour_some_into(one, [member])
        singles.append(one.weight)
    torch.testing.assert_close(model.weight, torch.stack(singles).mean(dim=0))
    assert [greedy.wants(n, n_epochs=4) for n in (1, 2, 3, 4)] == [False, True, True, True]


def test_what_a_checkpoint_keeps_is_the_same_soup_and_fits_no_other_model() -> None:
    soup, again = GreedySoup(2), GreedySoup(2)
    model = take_some(soup, 2)
    again.load_state_dict(soup.state_dict(), model)
    one, other = nn.Linear(3, 2), nn.Linear(3, 2)
    soup.pour_into(one)
    again.pour_into(other)
    assert torch.equal(one.weight, other.weight)
    with pytest.raises(WeightsError, match="another model"):
        again.load_state_dict(soup.state_dict(), nn.Linear(4, 2))


def test_the_choice_is_the_papers_recipe() -> None:
    """Against a slow loop over any scores: sorted by their own score, added where the mean does not fall."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        subsets = [frozenset(some) for n in range(1, 5) for some in itertools.combinations(range(4), n)]
        scores = {some: float(rng.integers(0, 4)) / 4 for some in subsets}
        ranked = sorted(range(4), key=lambda member: (-scores[frozenset({member})], -member))
        kept: list[int] = []
        for member in ranked:
            if not kept or scores[frozenset([*kept, member])] >= scores[frozenset(kept)]:
                kept.append(member)
        assert choose_members(4, scores.__getitem__) == tuple(sorted(kept))
        assert scores[frozenset(kept)] >= max(scores[frozenset({member})] for member in range(4))


def test_without_a_score_the_last_epoch_predicts() -> None:
    assert choose_members(3, lambda members: float("nan")) == (2,)
