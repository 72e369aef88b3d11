from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize, minimize_scalar

from podium.linear.calibration import fit_platt, fit_temperature

RNG = np.random.default_rng(0)
LOGITS = torch.from_numpy(RNG.normal(0, 3, (300, 4)))
TARGET = torch.from_numpy(RNG.integers(0, 4, 300))
SHARES = torch.nn.functional.one_hot(TARGET, 4)


def test_the_slope_has_the_least_log_loss() -> None:
    logits = LOGITS + 4 * torch.nn.functional.one_hot(TARGET, 4)
    weights = torch.linspace(0.1, 2, 300)

    def loss(log_slope: float) -> float:
        values = torch.nn.functional.cross_entropy(logits * np.exp(log_slope), TARGET, reduction="none")
        return float((values * weights).sum())

    found = fit_temperature(logits, SHARES, weights)
    assert abs(np.log(float(found.slope)) - minimize_scalar(loss, bounds=(-3, 3), method="bounded").x) < 1e-4


def test_scaled_logits_give_the_same_probabilities() -> None:
    logits = LOGITS + 2 * torch.nn.functional.one_hot(TARGET, 4)
    ones = torch.ones(300)
    first = fit_temperature(logits, SHARES, ones).apply(logits)
    torch.testing.assert_close(fit_temperature(7 * logits, SHARES, ones).apply(7 * logits), first, atol=1e-6, rtol=0)


def test_a_class_that_is_ruled_out_changes_nothing() -> None:
    logits = LOGITS + 2 * torch.nn.functional.one_hot(TARGET, 4)
    more = torch.cat([logits, torch.full((300, 1), -torch.inf, dtype=torch.float64)], dim=1)
    ones = torch.ones(300)
    shares = torch.cat([SHARES, torch.zeros((300, 1), dtype=torch.long)], dim=1)
    torch.testing.assert_close(fit_temperature(more, shares, ones).slope, fit_temperature(logits, SHARES, ones).slope)


def test_platt_has_the_least_log_loss_of_its_drawn_in_targets() -> None:
    target = (LOGITS + torch.from_numpy(RNG.normal(0, 2, LOGITS.shape)) > 1).double()
    known = torch.ones_like(target, dtype=torch.bool)
    known[::7, 2] = False
    found = fit_platt(LOGITS, target, known)
    for label in range(4):
        x, y = LOGITS[known[:, label], label].numpy(), target[known[:, label], label].numpy()
        aim = np.where(y > 0, (y.sum() + 1) / (y.sum() + 2), 1 / ((1 - y).sum() + 2))

        def loss(ab: list[float], x: np.ndarray = x, aim: np.ndarray = aim) -> float:
            z = ab[0] * x + ab[1]
            return float((np.logaddexp(0, z) - aim * z).sum())

        best = minimize(loss, [0.0, 0.0]).x
        np.testing.assert_allclose([found.slope[label], found.offset[label]], best, atol=2e-3)


def test_a_label_without_positives_stays_finite_and_improbable() -> None:
    target = torch.zeros_like(LOGITS)
    found = fit_platt(LOGITS, target, torch.ones_like(target, dtype=torch.bool))
    probs = found.apply(LOGITS).sigmoid()
    assert torch.isfinite(probs).all()
    assert probs.max() < 0.05
