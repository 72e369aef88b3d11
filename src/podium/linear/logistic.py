"""Logistic regression with an L2 penalty, several problems on the same rows at once.

Inner folds differ by the weights of their rows alone, so they share every product with the features. L-BFGS starts from
the features' covariance in place of the identity, and takes some ten steps where it would take hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from podium.linear.design import Design
from podium.linear.preconditioner import Preconditioner

__all__ = ["LogisticProblems"]

MEMORY = 10
"""Steps that L-BFGS remembers."""
_HALVINGS = 20


@dataclass(frozen=True, eq=False)
class LogisticProblems:
    """J logistic regressions on the rows of one design.

    Problem j minimises sum_i w_ij loss(target_i, z_i W_j + b_j) + penalty_j / 2 |W_j|^2; intercepts b are free. A point
    is W_j and b_j of all problems in one tensor (r + 1, J, C), the intercepts last.

    Args:
        design: Z, n rows.
        target: Shape (n, C), in [0, 1]; rows of a softmax sum to 1.
        row_weights: Shape (n, J, 1), or (n, J, C) for sigmoids; 0 leaves a row, or a row's label, out.
        is_present: Classes that a problem's rows have, shape (J, C). A softmax knows no others.
        is_multi: Whether every class is a sigmoid of its own.
        preconditioner: Of the features.
    """

    design: Design
    target: Tensor
    row_weights: Tensor
    is_present: Tensor
    is_multi: bool
    preconditioner: Preconditioner

    def solve(self, penalty: Tensor, start: Tensor | None = None, *, tolerance: float, max_steps: int = 200) -> Tensor:
        """The point of least loss.

        Args:
            penalty: Above 0, shape (J,).
            start: Where to begin, such as the point for a stronger penalty.
            tolerance: Ends when the gradient's length is this share of its length at 0, in the preconditioner's metric.
            max_steps: Ends after so many steps in any case.
        """
        point = self._zero() if start is None else start
        logits = self._logits(point)
        curve = self._curve(logits)
        loss, gradient = self._loss(logits, point, penalty), self._gradient(logits, point, penalty)
        straight = self.preconditioner.divide(gradient, curve, penalty)
        goal = tolerance**2 * self._squared_length_at_zero(curve, penalty)
        pairs: list[_Pair] = []
        for _ in range(max_steps):
            if bool((_dot(gradient, straight) <= goal).all()):
                break
            direction = -self._apply_inverse(gradient, pairs, curve, penalty)
            moved = self._logits(direction)
            step = self._search(logits, moved, point, direction, loss, _dot(direction, gradient), penalty)
            change = step[:, None] * direction
            point, logits = point + change, logits + step[:, None] * moved
            loss, new_gradient = self._loss(logits, point, penalty), self._gradient(logits, point, penalty)
            new_straight = self.preconditioner.divide(new_gradient, curve, penalty)
            pairs = [*pairs, _Pair.of(change, new_gradient - gradient, new_straight - straight)][-MEMORY:]
            gradient, straight = new_gradient, new_straight
            if not bool((step > 0).any()):  # no more digits in single precision
                break
        return point

    def predict(self, point: Tensor) -> Tensor:
        """Logits of every row, shape (n, J, C); -inf where a softmax does not know a class."""
        return self._mask(self._logits(point), -torch.inf)

    def _zero(self) -> Tensor:
        return self.target.new_zeros((self.design.n_columns + 1, *self.is_present.shape))

    def _mask(self, values: Tensor, filling: float) -> Tensor:
        return values if self.is_multi else values.masked_fill(~self.is_present, filling)

    def _logits(self, point: Tensor) -> Tensor:
        return self.design.multiply(point[:-1].flatten(1)).reshape(-1, *self.is_present.shape) + point[-1]

    def _probs(self, logits: Tensor) -> Tensor:
        return logits.sigmoid() if self.is_multi else self._mask(logits, -torch.inf).softmax(dim=2)

    def _loss(self, logits: Tensor, point: Tensor, penalty: Tensor) -> Tensor:
        """Shape (J,), summed in double precision."""
        target = self.target[:, None]
        if self.is_multi:
            values = functional.softplus(logits) - target * logits
        else:
            known = (target * self._mask(logits, 0.0)).sum(dim=2)
            values = (self._mask(logits, -torch.inf).logsumexp(dim=2) - known)[..., None]
        data = (values * self.row_weights).sum(dim=(0, 2), dtype=torch.float64)
        return data + penalty / 2 * point[:-1].square().sum(dim=(0, 2), dtype=torch.float64)

    def _gradient(self, logits: Tensor, point: Tensor, penalty: Tensor) -> Tensor:
        residual = self._mask((self._probs(logits) - self.target[:, None]) * self.row_weights, 0.0)
        flat = self.design.multiply_transposed(residual.flatten(1)).reshape(-1, *self.is_present.shape)
        return torch.cat([flat + penalty[:, None] * point[:-1], residual.sum(dim=0)[None]])

    def _curve(self, logits: Tensor) -> Tensor:
        """Mean second derivative of the loss by each logit, shape (J, C)."""
        probs = self._probs(logits)
        return (probs * (1 - probs) * self.row_weights).sum(dim=0).clamp_min(1e-6)

    def _squared_length_at_zero(self, curve: Tensor, penalty: Tensor) -> Tensor:
        zero = self._zero()
        gradient = self._gradient(self._logits(zero), zero, penalty)
        return _dot(gradient, self.preconditioner.divide(gradient, curve, penalty))

    def _apply_inverse(self, gradient: Tensor, pairs: list[_Pair], curve: Tensor, penalty: Tensor) -> Tensor:
        """The two loops of L-BFGS, each problem by itself (Nocedal and Wright 2006, algorithm 7.4)."""
        direction, factors = gradient, []
        for pair in reversed(pairs):
            factors.append(pair.rho * _dot(pair.change, direction))
            direction = direction - factors[-1][:, None] * pair.difference
        direction = self.preconditioner.divide(direction, curve, penalty)
        if pairs:
            direction = direction * pairs[-1].scale[:, None]
        for pair, factor in zip(pairs, reversed(factors), strict=True):
            direction = direction + (factor - pair.rho * _dot(pair.difference, direction))[:, None] * pair.change
        return direction

    def _search(
        self,
        logits: Tensor,
        moved: Tensor,
        point: Tensor,
        direction: Tensor,
        loss: Tensor,
        slope: Tensor,
        penalty: Tensor,
    ) -> Tensor:
        """Steps (J,), halved until a problem's loss falls enough (Armijo); 0 where it never does."""
        step = torch.ones_like(slope)
        for _ in range(_HALVINGS):
            reached = self._loss(logits + step[:, None] * moved, point + step[:, None] * direction, penalty)
            is_enough = reached <= loss + 1e-4 * step * slope
            if bool(is_enough.all()):
                return step
            step = torch.where(is_enough, step, step / 2)
        return torch.where(is_enough, step, 0.0)


def _dot(left: Tensor, right: Tensor) -> Tensor:
    """Inner product of each problem's point, shape (J,)."""
    return (left * right).sum(dim=(0, 2))


@dataclass(frozen=True, eq=False)
class _Pair:
    """A step of each problem.

    Args:
        change: Of the point.
        difference: Of the gradient.
        rho: 1 / (change . difference), shape (J,); 0 for a problem that did not move.
        scale: What the preconditioner was wrong by along it, shape (J,): curvature falls as the classes come apart.
    """

    change: Tensor
    difference: Tensor
    rho: Tensor
    scale: Tensor

    @classmethod
    def of(cls, change: Tensor, difference: Tensor, straight: Tensor) -> _Pair:
        """The pair, with the preconditioner's inverse times the difference."""
        curvature, expected = _dot(change, difference), _dot(difference, straight)
        is_sound = (curvature > 1e-10 * _dot(difference, difference)) & (expected > 0)
        rho = torch.where(is_sound, 1 / torch.where(is_sound, curvature, 1.0), 0.0)
        scale = torch.where(is_sound, curvature / torch.where(is_sound, expected, 1.0), 1.0)
        return cls(change, difference, rho, scale)
