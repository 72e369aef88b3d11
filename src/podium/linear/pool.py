"""Kinds of heads pooled: factors for their logits that give the least log loss together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["LEAST_FACTOR", "log_loss", "pool_logits"]

LEAST_FACTOR = 0.05
"""What would count less than this is left out: it is noise, and costs a fit."""
_ROUNDS = 30
_HALVINGS = 20


def pool_logits(logits: Sequence[Tensor], target: Tensor, weights: Tensor, *, is_multi: bool) -> Tensor:
    """Factors of the kinds' logits in a sum of the least log loss, shape (K,), 0 for a kind that does not help.

    A sum of logits is linear again, so that a pool of heads is one head. The logits have to be out of fold.

    Args:
        logits: Calibrated, each of shape (n, C); -inf rules a class out, for all kinds alike.
        target: Shares of the classes, shape (n, C).
        weights: Shape (n, 1), or (n, C) for sigmoids.
        is_multi: Whether every class is a sigmoid of its own.

    Source:
        Wolpert 1992, "Stacked Generalization", with the factors kept from being negative as in Breiman 1996, "Stacked
        Regressions"; a sum of logits is the logarithmic opinion pool of Heskes 1998.
    """
    stacked = torch.stack([values.double() for values in logits])  # (K, n, C)
    best, least = torch.zeros(len(stacked), dtype=torch.float64, device=stacked.device), float("inf")
    for size in range(1, len(stacked) + 1):
        for kinds in map(list, combinations(range(len(stacked)), size)):
            factors = _fit(stacked[kinds], target.double(), weights.double(), is_multi=is_multi)
            loss = _loss(stacked[kinds], factors, target.double(), weights.double(), is_multi=is_multi)
            if bool((factors >= LEAST_FACTOR).all()) and loss < least:
                least, best = loss, torch.zeros_like(best)
                best[kinds] = factors
    if not bool(best.any()):
        best[0] = 1.0
    return best


def log_loss(logits: Tensor, target: Tensor, weights: Tensor, *, is_multi: bool) -> float:
    """Weighted mean log loss; the arguments are those of `pool_logits`, for one kind."""
    if is_multi:
        losses = functional.softplus(logits) - target * logits
    else:
        own = (logits.masked_fill(logits.isinf(), 0.0) * target).sum(dim=1, keepdim=True)
        losses = logits.logsumexp(dim=1, keepdim=True) - own
    return float((losses * weights).sum() / weights.sum())


def _loss(stacked: Tensor, factors: Tensor, target: Tensor, weights: Tensor, *, is_multi: bool) -> float:
    return log_loss(torch.einsum("k,knc->nc", factors, stacked), target, weights, is_multi=is_multi)


def _fit(stacked: Tensor, target: Tensor, weights: Tensor, *, is_multi: bool) -> Tensor:
    """The factors without a bound, by Newton's method: the loss is convex in them."""
    factors = torch.full((len(stacked),), 1 / len(stacked), dtype=torch.float64, device=stacked.device)
    finite = stacked.masked_fill(stacked.isinf(), 0.0)
    loss = _loss(stacked, factors, target, weights, is_multi=is_multi)
    for _ in range(_ROUNDS):
        gradient, curve = _derivatives(stacked, finite, factors, target, weights, is_multi=is_multi)
        direction = torch.linalg.solve(curve + 1e-9 * torch.eye(len(curve)).to(curve), gradient)
        for halving in range(_HALVINGS):
            moved = factors - direction / 2**halving
            reached = _loss(stacked, moved, target, weights, is_multi=is_multi)
            if reached <= loss:
                break
        else:
            break
        is_done = loss - reached < 1e-10
        factors, loss = moved, reached
        if is_done:
            break
    return factors


def _derivatives(
    stacked: Tensor, finite: Tensor, factors: Tensor, target: Tensor, weights: Tensor, *, is_multi: bool
) -> tuple[Tensor, Tensor]:
    """Gradient (K,) and second derivatives (K, K) of the mean log loss."""
    logits = torch.einsum("k,knc->nc", factors, stacked)
    probs = logits.sigmoid() if is_multi else logits.softmax(dim=1)
    total = weights.sum()
    gradient = torch.einsum("knc,nc->k", finite, (probs - target) * weights) / total
    if is_multi:
        return gradient, torch.einsum("knc,lnc,nc->kl", finite, finite, probs * (1 - probs) * weights) / total
    centred = finite - torch.einsum("knc,nc->kn", finite, probs)[..., None]
    return gradient, torch.einsum("knc,lnc,nc->kl", centred, centred, probs * weights) / total
