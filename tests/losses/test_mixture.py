from __future__ import annotations

import pytest
import torch

from podium.losses import cross_entropy, focal, focal_per_sample, mix_losses, soft_macro_f1, weighted_mean
from podium.losses import cross_entropy_per_sample as ce
from podium.losses import soft_macro_f1_per_sample as f1

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(20, 6, generator=GENERATOR, dtype=torch.float64)
TARGET = torch.randint(-1, 6, (20,), generator=GENERATOR)


def test_is_the_sum_of_the_means() -> None:
    got = weighted_mean(*mix_losses((0.4, f1), (0.6, focal_per_sample))(LOGITS, TARGET))
    torch.testing.assert_close(got, 0.4 * soft_macro_f1(LOGITS, TARGET) + 0.6 * focal(LOGITS, TARGET))


def test_one_part_is_that_loss() -> None:
    torch.testing.assert_close(weighted_mean(*mix_losses((1.0, ce))(LOGITS, TARGET)), cross_entropy(LOGITS, TARGET))


def test_no_part_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        mix_losses()
