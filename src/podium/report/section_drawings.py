"""The drawings of the page, each a function of a section's data alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from podium.metrics import Interval
from podium.report.axis import UNIT, Axis, fit_axis
from podium.report.calibration_section import CalibrationSection
from podium.report.curves_section import CurvePanel, CurvesSection
from podium.report.data_section import CountLine, LabelCounts
from podium.report.drawings import (
    draw_bar,
    draw_columns,
    draw_curve,
    draw_reliability,
    draw_scale,
    draw_stack,
    draw_whisker,
)
from podium.report.folds_section import FoldLine
from podium.report.headline import Headline, ScoreLine
from podium.report.numbers import plain_score
from podium.report.targets_section import ClassLine, DistanceLine, TargetSection

__all__ = ["MOST_PANELS", "SECTION_DRAWINGS"]

MOST_PANELS = 40
"""Trainings whose curves are drawn."""
_MOST_COLUMNS = 60


def draw_score(headline: Headline) -> Markup:
    """The main score with its interval, and the scale below."""
    if headline.interval is None:
        return Markup("")
    axis = _axis_of(headline.interval)
    return _draw_interval(headline.interval, axis, from_zero=axis.low == 0, height=30) + draw_scale(axis)


def draw_target_score(headline: Headline, line: ScoreLine) -> Markup:
    """One target's score, on the scale that all targets share."""
    return _draw_interval(line.interval, _targets_axis(headline), height=40)


def draw_targets_scale(headline: Headline) -> Markup:
    """The numbers below the targets' scores."""
    return draw_scale(_targets_axis(headline))


def _axis_of(interval: Interval) -> Axis:
    values = (interval.value, interval.low, interval.high)
    if all(not 0 <= value <= 1 for value in values):
        return fit_axis((0.0, *values))
    return UNIT if all(value != value or 0 <= value <= 1 for value in values) else fit_axis((0.0, 1.0, *values))


def _targets_axis(headline: Headline) -> Axis:
    items = [line.interval for line in headline.targets]
    return fit_axis([value for item in items for value in (item.value, item.low, item.high)], within=(0.0, 1.0))


def _draw_interval(interval: Interval, axis: Axis, *, from_zero: bool = False, height: int = 18) -> Markup:
    words = plain_score(interval.value, 4)
    if interval.has_bounds:
        words += f", {interval.level:.0%} interval {plain_score(interval.low, 4)} to {plain_score(interval.high, 4)}"
    return draw_whisker(
        interval.value, interval.low, interval.high, axis, words=words, from_zero=from_zero, height=height
    )


def draw_class_score(line: ClassLine) -> Markup:
    """F1 of a class with its interval."""
    item = line.score
    words = f"F1 {plain_score(item.f1)}, from {plain_score(item.f1_low)} to {plain_score(item.f1_high)}"
    return draw_whisker(item.f1, item.f1_low, item.f1_high, UNIT, words=words, height=30)


def draw_class_scale() -> Markup:
    """The numbers over the classes' scores."""
    return draw_scale(UNIT)


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix: its count, its shade 0 to 10, and whether it is right."""

    n: int
    shade: int
    is_right: bool


def shade_matrix(target: TargetSection) -> list[tuple[str, list[Cell]]]:
    """Rows of the true classes: name, and cells shaded by their share of the row."""
    rows = []
    for truth, counts in enumerate(target.confusion):
        total = max(1, sum(counts))
        cells = [Cell(n, _shade(n / total), truth == answer) for answer, n in enumerate(counts)]
        rows.append((target.classes[truth].score.name, cells))
    return rows


def _shade(share: float) -> int:
    """0 for nothing, 1 to 10 for a share; by its root, so that errors of a few percent still differ."""
    return 0 if share == 0 else max(1, round(10 * share**0.5))


def draw_distance(lines: Sequence[DistanceLine], line: DistanceLine) -> Markup:
    """How many answers lie so far off, beside the most frequent distance."""
    return draw_bar(line.n / max(1, *(other.n for other in lines)), words=f"{line.n}")


def draw_count(target: LabelCounts, line: CountLine) -> Markup:
    """How many images a class has, beside the most frequent class."""
    top = max(1, *(other.n for other in (*target.lines, *target.tail)))
    return draw_bar(line.n / top, words=f"{line.n} images")


def draw_balance(line: FoldLine) -> Markup:
    """Shares of the classes in a fold; nothing where there are too many."""
    if not line.shares or len(line.shares) > _MOST_COLUMNS:
        return Markup("")
    return draw_columns(line.shares, words="share of each class")


def draw_calibration(section: CalibrationSection) -> Markup:
    """Fraction right against probability."""
    used = [item for item in section.bins if item.n]
    total = sum(item.n for item in used)
    return draw_reliability(
        [item.confidence for item in used],
        [item.n_right / item.n for item in used],
        [item.n / total for item in used],
    )


def draw_confidence(section: CalibrationSection) -> Markup:
    """Answers by their probability, right and wrong."""
    labels = [f"{100 * item.low:.0f}" if place % 2 == 0 else "" for place, item in enumerate(section.bins)]
    right = [item.n_right for item in section.bins]
    return draw_stack(right, [item.n - item.n_right for item in section.bins], labels)


@dataclass(frozen=True)
class CurveScales:
    """The scales that all panels share."""

    epochs: Axis
    score: Axis
    loss: Axis


def fit_curve_scales(section: CurvesSection) -> CurveScales:
    """Scales that hold every epoch of every training."""
    panels = section.panels
    return CurveScales(
        epochs=_epoch_axis(max(epoch for panel in panels for epoch in panel.epochs)),
        score=fit_axis([value for panel in panels for value in panel.scores], n_ticks=4, within=(0.0, 1.0)),
        loss=fit_axis([0.0, *(value for panel in panels for value in panel.train_loss)], n_ticks=4),
    )


def _epoch_axis(last: int) -> Axis:
    """Whole epochs only."""
    axis = fit_axis([0, max(1, last)], n_ticks=5)
    ticks = tuple(tick for tick in axis.ticks if tick == int(tick) and tick <= max(1, last))
    return Axis(0.0, float(max(1, last)), ticks)


def draw_panel(panel: CurvePanel, scales: CurveScales) -> Markup:
    """The score of a training over epochs, with its best epoch marked, and the train loss below."""
    epochs = [float(epoch) for epoch in panel.epochs]
    mark = panel.epochs.index(panel.best_epoch) if panel.best_epoch is not None else None
    words = f"{panel.name}: {panel.score_name} over {len(epochs)} epochs"
    return draw_curve(epochs, panel.scores, scales.epochs, scales.score, words=words, mark=mark) + draw_curve(
        epochs, panel.train_loss, scales.epochs, scales.loss, words=f"{panel.name}: train loss over epochs"
    )


SECTION_DRAWINGS = {
    function.__name__: function
    for function in (
        draw_score,
        draw_target_score,
        draw_targets_scale,
        draw_class_score,
        draw_class_scale,
        shade_matrix,
        draw_distance,
        draw_count,
        draw_balance,
        draw_calibration,
        draw_confidence,
        fit_curve_scales,
        draw_panel,
    )
}
"""What the page's template calls, by name."""
