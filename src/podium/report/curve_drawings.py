"""Scores and losses over epochs, one line a fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from podium.listing import count_of
from podium.report.axis import Axis, fit_axis
from podium.report.charts import Series, draw_lines
from podium.report.curves_section import CurvePanel, CurvesSection
from podium.report.drawing import Drawing
from podium.report.paint import N_LINES

__all__ = ["draw_losses", "draw_scores", "draw_train_scores", "draw_valid_losses"]


def draw_scores(section: CurvesSection, model: str) -> Drawing:
    """The score of a model over epochs, all folds on one chart, their best epochs marked."""
    panels = section.panels_of(model)
    axis = _score_axis(panels)
    lines = [replace(_fold_line(panel, panel.scores), mark=panel.best_place) for panel in panels]
    return _draw_epochs(panels, lines, axis, "score")


def draw_train_scores(section: CurvesSection, model: str) -> Drawing:
    """The score of a model on a sample of its training images over epochs, on the axis of `draw_scores`."""
    panels = section.panels_of(model)
    axis = _score_axis(panels)
    return _draw_epochs(panels, [_fold_line(panel, panel.train_scores) for panel in panels], axis, "train score")


def draw_losses(section: CurvesSection, model: str) -> Drawing:
    """The train loss of a model over epochs, all folds on one chart."""
    return _draw_losses(section.panels_of(model), lambda panel: panel.train_loss, "train loss")


def draw_valid_losses(section: CurvesSection, model: str) -> Drawing:
    """The valid loss of a model over epochs, all folds on one chart, on the axis of `draw_losses`."""
    return _draw_losses(section.panels_of(model), lambda panel: panel.valid_loss, "valid loss")


def _draw_losses(panels: Sequence[CurvePanel], losses: Callable[[CurvePanel], Sequence[float]], what: str) -> Drawing:
    every = [value for panel in panels for value in (*panel.train_loss, *panel.valid_loss)]
    axis = fit_axis([0.0, *every], n_ticks=4)
    return _draw_epochs(panels, [_fold_line(panel, losses(panel)) for panel in panels], axis, what)


def _score_axis(panels: Sequence[CurvePanel]) -> Axis:
    values = [value for panel in panels for value in (*panel.scores, *panel.train_scores)]
    return fit_axis(values, n_ticks=4, within=(0.0, 1.0))


def _draw_epochs(panels: Sequence[CurvePanel], lines: Sequence[Series], axis: Axis, what: str) -> Drawing:
    epochs = _epoch_axis(max(epoch for panel in panels for epoch in panel.epochs))
    words = f"{what} over epochs, {count_of(len(panels), 'fold')}"
    if len(lines) > N_LINES:  # some would look alike
        lines = [replace(line, name="") for line in lines]
    return draw_lines(lines, epochs, axis, words=words, x_name="epoch", y_name=what, width=400, height=200)


def _fold_line(panel: CurvePanel, values: Sequence[float]) -> Series:
    place = panel.fold % N_LINES
    return Series(panel.epochs, values, f"line-{place}", f"fold {panel.fold}", dot=f"dot-{place}")


def _epoch_axis(last: int) -> Axis:
    """Whole epochs only."""
    axis = fit_axis([0, max(1, last)], n_ticks=5)
    ticks = tuple(tick for tick in axis.ticks if tick == int(tick) and tick <= max(1, last))
    return Axis(0.0, float(max(1, last)), ticks)
