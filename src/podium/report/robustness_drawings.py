"""Score against severity, and what each corruption takes from the score."""

from __future__ import annotations

from podium.metrics import Interval
from podium.report.axis import Axis, fit_axis
from podium.report.charts import Series, Strip, draw_lines, scale, whisker
from podium.report.drawing import Drawing
from podium.report.numbers import plain_score
from podium.report.robustness_section import ChangeLine, CorruptionPanel, RobustnessSection

__all__ = ["changes_axis", "draw_change", "draw_changes_scale", "draw_corruption"]

_SCALE_HEIGHT = 16


def draw_corruption(section: RobustnessSection, panel: CorruptionPanel) -> Drawing:
    """Score over severity with the bounds of its interval; severity 0 is the clean images."""
    points = [section.clean, *panel.scores]
    xs = [0.0, *map(float, section.severities)]
    every = [value for one in section.panels for item in (*one.scores, section.clean) for value in _values(item)]
    y_axis = fit_axis([value for value in every if value == value], n_ticks=4)
    last = max(section.severities)
    x_axis = Axis(0.0, float(last), tuple(map(float, range(last + 1))))
    lines = [
        Series((0.0, float(last)), (section.clean.value, section.clean.value), "chance"),
        Series(xs, [item.low for item in points], "faint"),
        Series(xs, [item.high for item in points], "faint"),
        Series(xs, [item.value for item in points], radii=[2.5] * len(points)),
    ]
    words = f"{panel.name}: from {plain_score(section.clean.value)} to {plain_score(points[-1].value)}"
    return draw_lines(lines, x_axis, y_axis, words=words, width=230, height=150)


def _values(item: Interval) -> tuple[float, float, float]:
    return item.value, item.low, item.high


def draw_change(section: RobustnessSection, line: ChangeLine) -> Drawing:
    """A change on the scale that all corruptions share."""
    shapes = whisker(*_values(line.interval), changes_axis(section), Strip(26))
    return Drawing(f"{line.name} changes the score by {line.interval.value:+.4f}", tuple(shapes), None, 26)


def draw_changes_scale(section: RobustnessSection) -> Drawing:
    """The numbers below the changes."""
    axis = changes_axis(section)
    words = f"scale from {axis.label(axis.low)} to {axis.label(axis.high)}"
    return Drawing(words, tuple(scale(axis, Strip(_SCALE_HEIGHT))), None, _SCALE_HEIGHT)


def changes_axis(section: RobustnessSection) -> Axis:
    """A scale with 0 and every change of a corruption."""
    values = [value for panel in section.panels for value in _values(panel.change.interval)]
    return fit_axis((0.0, *(value for value in values if value == value)))
