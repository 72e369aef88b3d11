from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from podium.losses import add_angular_margin, cross_entropy, margins_by_size


def make_logits(n: int = 40, n_classes: int = 5, scale: float = 16.0) -> torch.Tensor:
    cosines = torch.rand(n, n_classes, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    return scale * cosines


def by_angles(logits: torch.Tensor, shares: np.ndarray, margins: np.ndarray, scale: float) -> np.ndarray:
    """The paper's formula, entry by entry, with the authors' continuation beyond pi."""
    out = logits.numpy().copy()
    for row, column in np.argwhere(shares > 0):
        cosine, margin = out[row, column] / scale, shares[row, column] * margins[column]
        angle = math.acos(cosine)
        beyond = angle + margin > math.pi
        out[row, column] = scale * (cosine - margin * math.sin(margin) if beyond else math.cos(angle + margin))
    return out


def test_equals_the_formula_by_angles() -> None:
    logits, labels, margins = make_logits(), np.arange(40) % 5, np.array([0.5, 0.3, 0.0, 1.2, 0.5])
    shares = np.eye(5)[labels]
    expected = by_angles(logits, shares, margins, 16.0)
    given = torch.from_numpy(margins)
    np.testing.assert_allclose(add_angular_margin(logits, torch.from_numpy(labels), given, scale=16.0), expected)
    np.testing.assert_allclose(add_angular_margin(logits, torch.from_numpy(shares), given, scale=16.0), expected)
    mixed = np.random.default_rng(0).dirichlet(np.ones(5), 40)
    found = add_angular_margin(logits, torch.from_numpy(mixed), given, scale=16.0)
    np.testing.assert_allclose(found, by_angles(logits, mixed, margins, 16.0))


def test_a_missing_label_and_a_margin_of_0_leave_logits_alone() -> None:
    logits = make_logits()
    nothing, missing = torch.zeros(5), torch.full((40,), -1)
    assert torch.equal(add_angular_margin(logits, torch.arange(40) % 5, nothing, scale=16.0), logits)
    assert torch.equal(add_angular_margin(logits, missing, torch.full((5,), 0.5), scale=16.0), logits)


def test_a_larger_margin_costs_more() -> None:
    logits, labels = make_logits(), torch.arange(40) % 5
    losses = [
        float(cross_entropy(add_angular_margin(logits, labels, torch.full((5,), margin), scale=16.0), labels))
        for margin in (0.0, 0.1, 0.5, 1.0)
    ]
    assert losses == sorted(losses)


def test_gradients_are_right_and_finite_on_a_centre() -> None:
    margins, labels = torch.full((5,), 0.5, dtype=torch.float64), torch.arange(6) % 5
    logits = make_logits(6).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: add_angular_margin(x, labels, margins, scale=16.0), (logits,))
    for dtype in (torch.float32, torch.float64):
        extreme = torch.tensor([[16.0, -16.0], [-16.0, 16.0]], dtype=dtype, requires_grad=True)
        add_angular_margin(extreme, torch.tensor([0, 0]), torch.full((2,), 0.5), scale=16.0).sum().backward()
        assert extreme.grad is not None
        assert torch.isfinite(extreme.grad).all()


def test_margins_by_size_equal_the_authors_normalisation() -> None:
    counts = np.array([3, 900, 44, 1, 250])
    root = np.sqrt(1 / np.sqrt(counts))
    theirs = (root - root.min()) / (root.max() - root.min()) * 0.45 + 0.05
    np.testing.assert_allclose(margins_by_size(counts, least=0.05, largest=0.5), theirs)
    assert margins_by_size(np.array([7, 7]), least=0.1, largest=0.4).tolist() == [0.4, 0.4]
    assert margins_by_size(np.array([0, 16]), least=0.1, largest=0.4).tolist() == pytest.approx([0.4, 0.1])
