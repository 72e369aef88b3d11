"""Loss and score over epochs, a small panel a training, all on the same scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from podium.metrics import METRICS
from podium.report.axis import Axis, fit_axis
from podium.report.contents import RunContents
from podium.report.drawings import draw_curve
from podium.report.numbers import metric_words
from podium.store import EpochRow

__all__ = ["CurvePanel", "CurvesSection", "choose_score", "make_curves_section"]

MOST_PANELS = 40


@dataclass(frozen=True)
class CurvePanel:
    """One training.

    Args:
        name: Fold and model.
        n_epochs: Epochs trained.
        last: Score of the last epoch; nan where there is none.
        best: Best score.
        best_epoch: Its epoch.
        score: The score over epochs.
        loss: The train loss over epochs.
    """

    name: str
    n_epochs: int
    last: float
    best: float
    best_epoch: int
    score: Markup
    loss: Markup


@dataclass(frozen=True)
class CurvesSection:
    """Panels, and what their upper line shows."""

    score_name: str
    panels: tuple[CurvePanel, ...]
    n_left_out: int


def make_curves_section(contents: RunContents) -> CurvesSection | None:
    """The section; None where no epoch is finished."""
    rows = contents.epochs
    if not rows:
        return None
    names = list(dict.fromkeys(name for row in rows for name in row.scores))
    scores = contents.scores
    wanted = ("", "") if scores is None else (scores.main_target, scores.main_metric)
    trainings = [list(group) for _, group in groupby(rows, key=lambda row: (row.fold, row.model))]
    has_models = len({row.model for row in rows}) > 1
    x_axis = _epoch_axis(max(row.epoch for row in rows))
    chosen = {training[0].model: choose_score(names_of(training), wanted[0]) for training in trainings}
    y_axis = fit_axis([_score(row, chosen[row.model]) for row in rows], n_ticks=4, within=(0.0, 1.0))
    loss_axis = fit_axis([0.0, *(row.train_loss for row in rows)], n_ticks=4)
    panels = [
        _make_panel(
            training,
            chosen[training[0].model],
            _Scales(x_axis, y_axis, loss_axis),
            has_models=has_models,
            lower_is_better=_is_error(wanted[1]),
        )
        for training in trainings[:MOST_PANELS]
    ]
    shown = "each model's own score" if has_models else _score_words(choose_score(names, wanted[0]), *wanted)
    return CurvesSection(shown, tuple(panels), len(trainings) - len(panels))


def _score_words(name: str, target: str, metric: str) -> str:
    """What a score in the journal is; one that goes by its target's name is that target's main metric."""
    return f"{metric_words(metric)} of {target}" if name == target and metric else name


def names_of(rows: Sequence[EpochRow]) -> list[str]:
    """Names of all scores of a training, in their order."""
    return list(dict.fromkeys(name for row in rows for name in row.scores))


def choose_score(names: Sequence[str], target: str) -> str:
    """The target whose score is drawn: the main one, or the first of a model that lacks it.

    Example:
        >>> choose_score(["age", "class"], "class"), choose_score(["age", "mask"], "class")
        ('class', 'age')
    """
    return target if target in names else next(iter(names), "")


def _score(row: EpochRow, name: str) -> float:
    return row.scores.get(name, math.nan)


def _epoch_axis(last: int) -> Axis:
    """Whole epochs only."""
    axis = fit_axis([0, max(1, last)], n_ticks=5)
    ticks = tuple(tick for tick in axis.ticks if tick == int(tick) and tick <= max(1, last))
    return Axis(0.0, float(max(1, last)), ticks)


def _is_error(metric: str) -> bool:
    """Whether a metric is better when it is lower."""
    known = METRICS.get(metric)
    return known is not None and not known.greater_is_better


@dataclass(frozen=True)
class _Scales:
    epochs: Axis
    score: Axis
    loss: Axis


def _make_panel(
    rows: Sequence[EpochRow], name: str, scales: _Scales, *, has_models: bool, lower_is_better: bool
) -> CurvePanel:
    epochs = [float(row.epoch) for row in rows]
    values = [_score(row, name) for row in rows]
    finite = [place for place, value in enumerate(values) if math.isfinite(value)]
    choose = min if lower_is_better else max
    best = choose(finite, key=lambda place: values[place], default=None)
    title = f"Fold {rows[0].fold}" + (f", {rows[0].model}" if has_models else "")
    words = f"{title}: {name} over {len(rows)} epochs"
    return CurvePanel(
        name=title,
        n_epochs=len(rows),
        last=values[finite[-1]] if finite else math.nan,
        best=math.nan if best is None else values[best],
        best_epoch=-1 if best is None else rows[best].epoch,
        score=draw_curve(epochs, values, scales.epochs, scales.score, words=words, mark=best),
        loss=draw_curve(
            epochs,
            [row.train_loss for row in rows],
            scales.epochs,
            scales.loss,
            words=f"{title}: train loss over epochs",
        ),
    )
