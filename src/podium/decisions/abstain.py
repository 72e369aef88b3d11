"""When to say "unknown": a lowest confidence for a wanted share of errors or of answers, judged by other folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError
from podium.listing import count_of
from podium.metrics import Interval
from podium.metrics.bootstrap import Judged, effective_groups, number_groups, resample
from podium.metrics.definition import mean_metric
from podium.metrics.interval import make_interval
from podium.tables import Head

__all__ = ["Abstained", "Sure", "abstain_head", "risk_coverage", "share_of"]

FloatArray = NDArray[np.float64]
Wish = Literal["risk", "coverage", "sets"]
N_POINTS = 100


@dataclass(frozen=True)
class Abstained:
    """A rule for "unknown", or for sets of classes, of one target.

    Args:
        wish: "risk" (share of wrong answers among those given), "coverage" (share of images answered), or "sets" (share
            of images whose set holds the truth).
        wanted: What was wanted of it.
        lowest: Lowest confidence of an answer, or lowest probability of a class in a set; from all rows.
        by_fold: For each fold that from all other folds, which judges it.
        risk: Share of wrong answers among those given, on folds that did not choose; of sets without the truth.
        coverage: Share of images answered; of sets their mean size.
        folds: Per fold, risk and coverage.
        curve: Risk at every coverage: pairs of coverage and risk, of all rows.
    """

    wish: Wish
    wanted: float
    lowest: float
    by_fold: Mapping[int, float]
    risk: Interval
    coverage: float
    folds: Mapping[int, tuple[float, float]]
    curve: tuple[tuple[float, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready facts."""
        second = "mean_size" if self.wish == "sets" else "coverage"
        return {
            "wish": self.wish,
            "wanted": self.wanted,
            "lowest": self.lowest,
            "risk": self.risk.to_dict(),
            second: self.coverage,
            "folds": {str(n): {"risk": risk, second: other} for n, (risk, other) in self.folds.items()},
            "curve": [list(point) for point in self.curve],
        }

    def lines(self, name: str) -> list[str]:
        """The same for a terminal."""
        risks = [risk for risk, _ in self.folds.values()]
        spread = f"{min(risks):.1%} to {max(risks):.1%} by fold"
        if self.wish == "sets":
            first = f"{name}: sets of {self.coverage:.2f} classes on average, every class of at least {self.lowest:.4f}"
            held = f"{1 - self.risk.value:.1%} [{1 - self.risk.high:.1%}, {1 - self.risk.low:.1%}]"
            held_by = f"{1 - max(risks):.1%} to {1 - min(risks):.1%} by fold"
            return [
                first,
                f"  {held} hold the truth on folds that did not choose ({self.wanted:.0%} wanted; {held_by})",
            ]
        wanted = f"{self.wanted:.1%} {'wrong' if self.wish == 'risk' else 'answered'} wanted"
        given = f"{self.risk.value:.1%} [{self.risk.low:.1%}, {self.risk.high:.1%}] of the answers given are wrong"
        return [
            f"{name}: unknown below a confidence of {self.lowest:.4f} ({wanted})",
            f"  on folds that did not choose, {self.coverage:.1%} are answered and {given} ({spread})",
        ]


@dataclass(frozen=True, eq=False)
class Sure:
    """How sure answers are.

    Args:
        confidence: The probability of each answer; of sets that of the true class. Shape (N,).
        is_right: Which answers are right; of sets it is not asked.
        sizes: For sets, all probabilities (N, C), whose sets are counted.
    """

    confidence: FloatArray
    is_right: NDArray[np.bool_]
    sizes: NDArray[np.floating[Any]] | None = None


def abstain_head(
    whole: Sure,
    by_learner: Mapping[int, Sure],
    fold: NDArray[np.int64],
    groups: NDArray[np.object_],
    wish: Wish,
    wanted: float,
) -> Abstained:
    """Choose the lowest confidence on all rows, and judge each fold by that of the others.

    Args:
        whole: Out of fold, each row by rules that have not seen its fold.
        by_learner: Where rules (a calibration) were learnt: all rows by the rules that have not seen the fold with this
            number, from which the confidence that judges that fold is chosen.
        fold: Fold of every row, which divides no group.
        groups: Group of every row.
        wish: See `Abstained`.
        wanted: In (0, 1).

    Raises:
        UsageError: If `wanted` is not in (0, 1), there is one fold only, no confidence has so small a risk, or there
            are too few groups for sets.

    Source:
        Geifman and El-Yaniv 2017, "Selective Classification for Deep Neural Networks"; Vovk 2015, "Cross-conformal
        predictors"; Dunn, Wasserman and Ramdas 2022 (groups): the rank is corrected for as many groups as there are.
    """
    numbers = sorted(set(fold.tolist()))
    if not 0 < wanted < 1:
        raise UsageError(f"must be between 0 and 1, got {wanted:g}.", field=_field(wish))
    if len(numbers) < 2:
        what = "a confidence is judged on folds that did not choose it, and this run has one fold."
        raise UsageError(what, field=_field(wish), fix="Train at least two folds.")

    def fit(sure: Sure, rows: NDArray[np.bool_]) -> float:
        n_groups = number_groups(groups[rows])[1]
        return _lowest(sure.confidence[rows], sure.is_right[rows], wish, wanted, n_groups)

    lowest = fit(whole, np.ones(len(fold), dtype=bool))
    by_fold = {number: fit(by_learner.get(number, whole), fold != number) for number in numbers}
    own = np.array([by_fold[number] for number in fold.tolist()])
    confidence, is_right, sizes = whole.confidence, whole.is_right, whole.sizes
    is_in = confidence >= own
    wrong, asked = (~is_in, np.ones(len(fold))) if sizes is not None else (is_in & ~is_right, is_in)
    second = is_in.astype(np.float64) if sizes is None else (sizes >= own[:, None]).sum(axis=1).astype(np.float64)
    folds = {n: (_ratio(wrong[fold == n], asked[fold == n]), float(second[fold == n].mean())) for n in numbers}
    risk = share_of(wrong.astype(np.float64), asked.astype(np.float64), groups)
    curve = () if sizes is not None else risk_coverage(confidence, is_right)
    return Abstained(wish, wanted, lowest, by_fold, risk, float(second.mean()), folds, curve)


def risk_coverage(confidence: FloatArray, is_right: NDArray[np.bool_]) -> tuple[tuple[float, float], ...]:
    """Share of wrong answers among the most confident ones, at up to 100 shares of answers: (coverage, risk)."""
    order = np.argsort(-confidence, kind="stable")
    risk = np.cumsum(~is_right[order]) / np.arange(1, len(order) + 1)
    places = np.unique(np.linspace(0, len(order) - 1, N_POINTS).round().astype(np.int64))
    return tuple(((place + 1) / len(order), float(risk[place])) for place in places.tolist())


def share_of(
    hits: FloatArray, asked: FloatArray, groups: NDArray[np.object_], *, limits: tuple[float, float] = (0.0, 1.0)
) -> Interval:
    """hits / asked over all rows, with an interval over groups inside these limits."""
    head = Head("share", "single", ("hits", "asked"))
    columns = np.stack([hits, asked], axis=1)
    item = mean_metric("share", ("single",), "probs", _as_totals, greater_is_better=True)
    numbers, n_groups = number_groups(groups)
    judged = Judged(head, columns, np.zeros(len(hits), dtype=np.int64), (item,))
    values = resample([judged], numbers, n_groups, n_resamples=2000, seed=0)[0].values["share"]
    return make_interval(
        _ratio(hits, asked),
        values[np.isfinite(values)],
        n_groups=n_groups,
        level=0.95,
        limits=limits,
        n_effective=effective_groups(numbers),
    )


def _lowest(confidence: FloatArray, is_right: NDArray[np.bool_], wish: Wish, wanted: float, n_groups: int) -> float:
    falling = np.sort(confidence)[::-1]
    if wish == "sets":
        if (n_groups + 1) * wanted > n_groups:
            n_least = int(np.ceil(wanted / (1 - wanted)))
            needed = count_of(n_least, "group")
            what = f"sets that hold the truth in {wanted:g} need {needed} beside each fold; there are {n_groups:,}."
            raise UsageError(what, field="conformal", fix="Ask for less.")
        rank = min(len(falling), int(np.ceil((n_groups + 1) * wanted / n_groups * len(falling))))
        return float(falling[rank - 1])
    if wish == "coverage":
        return float(falling[max(1, round(wanted * len(falling))) - 1])
    order = np.argsort(-confidence, kind="stable")
    risk = np.cumsum(~is_right[order]) / np.arange(1, len(order) + 1)
    is_end = np.append(falling[1:] < falling[:-1], True)
    fine = np.flatnonzero((risk <= wanted) & is_end)
    if not len(fine):
        what = f"no confidence keeps the share of wrong answers at {wanted:.1%}: the surest ones have {risk[0]:.1%}."
        raise UsageError(what, field="abstain", fix="Ask for a larger share, or for a coverage.")
    return float(falling[fine[-1]])


def _as_totals(columns: NDArray[np.floating[Any]], _labels: NDArray[Any], _head: Head) -> FloatArray:
    return np.asarray(columns, dtype=np.float64)


def _ratio(hits: NDArray[Any], asked: NDArray[Any]) -> float:
    return float(hits.sum() / asked.sum()) if asked.sum() else float("nan")


def _field(wish: Wish) -> str:
    return {"risk": "abstain", "coverage": "coverage", "sets": "conformal"}[wish]
