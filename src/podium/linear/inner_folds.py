"""What the inner folds of a problem say about each candidate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from podium.linear.calibration import Calibration, fit_platt, fit_temperature
from podium.linear.design import Design, make_design
from podium.linear.discriminant import lda, ridge, solve_cross
from podium.linear.feature_rows import FeatureRows
from podium.linear.head_problem import HeadKindName, HeadProblem, SolvedKindName
from podium.linear.logistic import LogisticProblems
from podium.linear.moments import Moments, sum_parts
from podium.linear.pool import log_loss, pool_logits
from podium.linear.preconditioner import Preconditioner, make_preconditioner
from podium.metrics import metric as find_metric
from podium.metrics import score as score_metric
from podium.stopping import StopRequest

__all__ = ["InnerFolds", "Tried"]

TOLERANCE = 5e-3
"""Of logistic regression while it is only compared: the order of the candidates is settled by then."""


@dataclass(frozen=True, eq=False)
class Tried:
    """A candidate, judged out of fold.

    Args:
        kind: Logistic regression, LDA, ridge or nearest neighbours.
        penalty: Strength on the mean loss, or added to the covariance, or number of neighbours.
        log_loss: Of its calibrated probabilities.
        logits: Calibrated, shape (m, C).
        calibration: What calibrated them.
    """

    kind: SolvedKindName
    penalty: float
    log_loss: float
    logits: Tensor
    calibration: Calibration


@dataclass(eq=False)
class InnerFolds:
    """Fits every candidate without each inner fold in turn, and judges it there, in the first view.

    Args:
        problem: What is solved; its `part` is not None.
        stop: Asked before every candidate.
        is_calibrated: Whether logistic regression is calibrated too, which a strength that somebody chose is not.
    """

    problem: HeadProblem
    stop: StopRequest
    is_calibrated: bool = True
    tried: list[Tried] = field(default_factory=list)
    _point: Tensor | None = None

    @cached_property
    def rows(self) -> Tensor:
        """Rows that take part, shape (m,)."""
        assert self.problem.part is not None
        return torch.from_numpy(np.flatnonzero(self.problem.part >= 0)).to(self.problem.device)

    @cached_property
    def part(self) -> Tensor:
        """Their inner fold, shape (m,)."""
        assert self.problem.part is not None
        return torch.from_numpy(self.problem.part).to(self.problem.device)[self.rows]

    @cached_property
    def n_parts(self) -> int:
        """Number of inner folds K."""
        return int(self.part.max()) + 1

    @property
    def n_fitted(self) -> float:
        """Rows that a candidate is fitted to, on average."""
        return len(self.rows) * (1 - 1 / self.n_parts)

    @cached_property
    def design(self) -> Design:
        """Features of the rows in the first view."""
        whole = self.problem.source
        return make_design(
            FeatureRows(whole.features, whole.rows[self.rows.cpu().numpy()], whole.mean, whole.scale, n_views=1),
            with_axes=False,
        )

    @cached_property
    def target(self) -> Tensor:
        """Shape (m, C)."""
        return self.problem.target[self.rows]

    @cached_property
    def row_weights(self) -> Tensor:
        """Shape (m, 1) or (m, C)."""
        return self.problem.row_weights[self.rows]

    @cached_property
    def moments(self) -> list[Moments]:
        """Of each inner fold's own rows."""
        return sum_parts(self.design, self.target, self.problem.moment_weights[self.rows], self.part, self.n_parts)

    @cached_property
    def total(self) -> Moments:
        """Of all rows."""
        return sum(self.moments[1:], self.moments[0])

    @cached_property
    def preconditioner(self) -> Preconditioner:
        """Of the rows' features."""
        return make_preconditioner(self.total.second / self.total.weight)

    @cached_property
    def _without(self) -> list[tuple[Moments, Tensor]]:
        """Moments without each inner fold, with their covariance in single precision."""
        left = [self.total - own for own in self.moments]
        return [(moments, moments.covariance.float()) for moments in left]

    @cached_property
    def _logistic(self) -> LogisticProblems:
        is_in = torch.stack([self.part != k for k in range(self.n_parts)], dim=1)  # (m, K)
        weights = self.row_weights[:, None] * is_in[..., None]
        weights = weights / (is_in & (self.row_weights > 0).any(dim=1, keepdim=True)).sum(dim=0)[:, None]
        return LogisticProblems(
            self.design, self.target, weights, self.is_present, self.problem.head.is_multi, self.preconditioner
        )

    @cached_property
    def is_present(self) -> Tensor:
        """Classes among the rows without each inner fold, shape (K, C)."""
        if self.problem.head.is_multi:
            return torch.ones((self.n_parts, self.target.shape[1]), dtype=torch.bool, device=self.target.device)
        weighed = self.target * self.row_weights
        return torch.stack([weighed[self.part != k].sum(dim=0) > 0 for k in range(self.n_parts)])

    @cached_property
    def _counted(self) -> Tensor:
        """Weights of the rows in a comparison, (m, 1) or (m, C): none where no candidate could know the class."""
        if self.problem.head.is_multi:
            return self.row_weights
        could_know = (self.is_present[self.part] | (self.target == 0)).all(dim=1, keepdim=True)
        return self.row_weights * could_know

    @property
    def can_judge(self) -> bool:
        """Whether a row is left to be judged by."""
        return bool((self._counted > 0).any())

    def try_logistic(self, penalty: float) -> float:
        """Log loss of logistic regression with a penalty on the mean loss."""
        if self._has("logistic", penalty):
            return self.find("logistic", penalty).log_loss
        self.stop.check()
        each = torch.full((self.n_parts,), penalty, device=self.target.device)
        self._point = self._logistic.solve(each, self._point, tolerance=TOLERANCE)
        logits = self._logistic.predict(self._point)[torch.arange(len(self.part)), self.part]
        one = torch.ones((), device=logits.device, dtype=torch.float64)
        as_it_is = Calibration(one, torch.zeros_like(one))
        # The sigmoids of several labels are near enough, and a rare label has too few rows for a slope of its own.
        is_straight = self.problem.head.is_multi or not self.is_calibrated
        return self.note("logistic", penalty, logits, as_it_is if is_straight else self.calibrate(logits))

    def try_discriminant(self, kind: HeadKindName, penalty: float) -> float:
        """Log loss of LDA or ridge regression, whose covariance shrinks by this; both are noted."""
        if self._has(kind, penalty):
            return self.find(kind, penalty).log_loss
        self.stop.check()
        kinds: dict[HeadKindName, Callable[..., tuple[Tensor, Tensor]]] = {"lda": lda, "ridge": ridge}
        if self.problem.head.is_multi:
            del kinds["lda"]
        logits = {name: torch.zeros(self.target.shape, dtype=torch.float64) for name in kinds}
        logits = {name: values.to(self.target.device) for name, values in logits.items()}
        for k, (moments, covariance) in enumerate(self._without):
            solved = solve_cross(covariance, moments.cross_covariance, penalty)
            own = torch.nonzero(self.part == k)[:, 0]
            for name, make in kinds.items():
                weights, intercepts = make(moments, solved)
                logits[name][own] = self._rows_times(own, weights) + intercepts
        for name, values in logits.items():
            if not self.problem.head.is_multi:
                values = values.masked_fill(~self.is_present[self.part], -torch.inf)
            self.note(name, penalty, values, self.calibrate(values))
        return self.find(kind, penalty).log_loss

    def _rows_times(self, own: Tensor, weights: Tensor) -> Tensor:
        assert self.design.matrix is not None, "rows for a choice are few enough to keep"
        return (self.design.matrix[own] @ weights.float()).double()

    def calibrate(self, logits: Tensor) -> Calibration:
        """The calibration that fits these out-of-fold logits best, shape (m, C)."""
        if self.problem.head.is_multi:
            return fit_platt(logits, self.target, self._counted > 0)
        is_counted = self._counted[:, 0] > 0
        return fit_temperature(logits[is_counted], self.target[is_counted], self._counted[is_counted, 0])

    def score(self, tried: Tried, rows: Tensor | None = None) -> float:
        """The metric of a candidate, over the rows that count; nan where it is not defined.

        Args:
            tried: The candidate.
            rows: Only these, a mask of shape (m,).
        """
        is_counted = (self._counted > 0).any(dim=1)
        is_counted = is_counted if rows is None else is_counted & rows
        labels = self.problem.labels[self.rows[is_counted].cpu().numpy()]
        logits = tried.logits[is_counted]
        probs = logits.sigmoid() if self.problem.head.is_multi else logits.softmax(dim=1)
        values = cast("NDArray[np.float64]", probs.cpu().numpy())
        return score_metric(self.problem.metric, values, labels, self.problem.head)

    def merit(self, tried: Tried, rows: Tensor | None = None) -> float:
        """The metric, greater being better; the least of all where it is not defined."""
        score = self.score(tried, rows)
        sign = 1 if find_metric(self.problem.metric).greater_is_better else -1
        return sign * score if np.isfinite(score) else -np.inf

    def is_clearly_better(self, tried: Tried, other: Tried) -> bool:
        """Whether a candidate's metric is better than another's by more than a standard error over the inner folds."""
        pairs = [[self.merit(item, self.part == k) for item in (tried, other)] for k in range(self.n_parts)]
        if not np.isfinite(pairs).all():
            return self.merit(tried) > self.merit(other)
        gains = np.array([mine - its for mine, its in pairs])
        return bool(gains.mean() > gains.std(ddof=1) / np.sqrt(len(gains)))

    def find(self, kind: SolvedKindName, penalty: float) -> Tried:
        """A candidate that was tried."""
        return next(item for item in self.tried if (item.kind, item.penalty) == (kind, penalty))

    def _has(self, kind: HeadKindName, penalty: float) -> bool:
        return any((item.kind, item.penalty) == (kind, penalty) for item in self.tried)

    def pool(self, tried: Sequence[Tried]) -> tuple[Tensor, Tried]:
        """Factors (K,) of candidates in a sum of logits, and how it does, under the name of the first."""
        if len(tried) == 1:
            return torch.ones(1, dtype=torch.float64, device=self.target.device), tried[0]
        counted = (self._counted > 0).any(dim=1)
        logits, target, weights = [item.logits[counted] for item in tried], self.target[counted], self._counted[counted]
        factors = pool_logits(logits, target, weights, is_multi=self.problem.head.is_multi)
        used = [(factor, item) for factor, item in zip(factors, tried, strict=True) if factor > 0]
        whole = sum((factor * item.logits for factor, item in used[1:]), used[0][0] * used[0][1].logits)
        return factors, replace(tried[0], log_loss=self._log_loss(whole), logits=whole)

    def note(self, kind: SolvedKindName, penalty: float, logits: Tensor, calibration: Calibration) -> float:
        """Keep a candidate with its out-of-fold logits, shape (m, C); gives its log loss."""
        calibrated = calibration.apply(logits.double())
        loss = self._log_loss(calibrated)
        self.tried.append(Tried(kind, penalty, loss, calibrated, calibration))
        return loss

    def _log_loss(self, logits: Tensor) -> float:
        target = self.target.double()
        return log_loss(logits, target, self._counted, is_multi=self.problem.head.is_multi)
