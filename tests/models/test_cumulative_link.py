from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from podium.losses import cross_entropy
from podium.models import CumulativeLink


def make_link(n_classes: int, *, seed: int = 0) -> CumulativeLink:
    torch.manual_seed(seed)
    link = CumulativeLink(6, n_classes).double()
    with torch.no_grad():
        link.steps.normal_(std=2)
        link.weight.normal_()
    return link


def make_features(n: int = 40) -> torch.Tensor:
    return torch.randn(n, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def probs_by_differences(scores: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """McCullagh's model as it is written: differences of neighbouring cumulative probabilities."""
    cumulative = expit(thresholds - scores[:, None])
    padded = np.column_stack([np.zeros(len(scores)), cumulative, np.ones(len(scores))])
    return np.diff(padded, axis=1)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_equals_differences_of_cumulative_probabilities(n_classes: int) -> None:
    link, features = make_link(n_classes), make_features()
    probs = link(features).exp().detach().numpy()
    scores, thresholds = (features @ link.weight.T).detach().numpy()[:, 0], link.thresholds().detach().numpy()
    np.testing.assert_allclose(probs, probs_by_differences(scores, thresholds), atol=1e-12)
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-12)
    torch.testing.assert_close(link(features).softmax(dim=1), link(features).exp())
    assert (np.diff(thresholds) > 0).all()


def test_a_higher_score_moves_probability_to_higher_classes() -> None:
    link = make_link(5)
    with torch.no_grad():
        link.weight.copy_(torch.ones(1, 6))
    at_most = link(torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None].expand(-1, 6)).exp().cumsum(dim=1)
    assert (at_most[:, :-1].diff(dim=0) < 0).all()


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_all_classes_are_equally_likely_at_the_start(n_classes: int) -> None:
    probs = CumulativeLink(6, n_classes)(torch.zeros(1, 6)).exp()
    torch.testing.assert_close(probs, torch.full_like(probs, 1 / n_classes))


def test_gradients() -> None:
    link = make_link(4)
    inputs = (make_features(5).requires_grad_(), link.weight.detach().requires_grad_(), link.steps.detach())

    def outputs(features: torch.Tensor, weight: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(link, {"weight": weight, "steps": steps}, (features,))

    assert torch.autograd.gradcheck(outputs, (*inputs[:2], inputs[2].requires_grad_()))


@pytest.mark.parametrize("scale", [1e4, -1e4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_finite_at_extremes(scale: float, dtype: torch.dtype) -> None:
    link = CumulativeLink(6, 4)
    with torch.no_grad():
        link.weight.fill_(1)
        link.steps.fill_(-1e4)  # gaps that softplus rounds to 0
    features = torch.full((3, 6), scale, dtype=dtype, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        logits = link(features)
    loss = cross_entropy(logits, torch.tensor([0, 2, 3]))
    loss.backward()
    assert logits.dtype == torch.float32
    assert logits.isfinite().all()
    assert loss.isfinite()
    assert features.grad is not None
    assert features.grad.isfinite().all()


def test_learns_what_a_fit_by_scipy_finds() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 2))
    labels = np.digitize(features @ [1.5, -0.5] + rng.logistic(size=300), [-1.0, 1.0])

    def negative_log_likelihood(values: NDArray[np.float64]) -> float:
        thresholds = np.array([values[2], values[2] + np.exp(values[3])])
        probs = probs_by_differences(features @ values[:2], thresholds)
        return float(-np.log(probs[np.arange(300), labels]).mean())

    found = minimize(negative_log_likelihood, np.array([0.0, 0.0, -1.0, 0.0]), tol=1e-10)
    torch.manual_seed(0)
    link = CumulativeLink(2, 3).double()
    optimizer = torch.optim.LBFGS(link.parameters(), max_iter=200, tolerance_grad=1e-10, line_search_fn="strong_wolfe")
    x, y = torch.from_numpy(features), torch.from_numpy(labels)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(link(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)  # type: ignore[arg-type]
    assert closure().item() == pytest.approx(found.fun, abs=1e-8)
    np.testing.assert_allclose(link.weight.detach().numpy()[0], found.x[:2], atol=1e-3)
    np.testing.assert_allclose(
        link.thresholds().detach().numpy(), [found.x[2], found.x[2] + np.exp(found.x[3])], atol=1e-3
    )
