"""The drawings of the page and of the plots, each a function of a section's data alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from podium.listing import count_of
from podium.metrics import Interval
from podium.report.axis import UNIT, Axis, fit_axis
from podium.report.calibration_section import CalibrationSection
from podium.report.charts import Series, Strip, bar, columns, draw_lines, draw_stack, scale, whisker
from podium.report.curve_drawings import draw_losses, draw_scores, draw_train_scores, draw_valid_losses
from podium.report.data_section import CountLine, LabelCounts
from podium.report.drawing import Drawing
from podium.report.explanation_section import RemovalLine
from podium.report.folds_section import FoldLine
from podium.report.headline import Headline, ScoreLine
from podium.report.map_section import draw_map_panel
from podium.report.numbers import plain_score
from podium.report.paint import DARK_FROM
from podium.report.ranking_curves import RankingCurve, RankingCurves
from podium.report.robustness_drawings import draw_change, draw_changes_scale, draw_corruption
from podium.report.submissions_section import draw_submissions
from podium.report.targets_section import ClassLine, DistanceLine, TargetSection
from podium.report.views_section import ViewRow, ViewsSection

__all__ = [
    "MOST_MODELS",
    "SECTION_DRAWINGS",
    "draw_calibration",
    "draw_confidence",
    "draw_precision_recall",
    "draw_removal",
    "draw_risk",
    "draw_roc",
    "draw_submissions",
    "shade_matrix",
    "shorten",
    "targets_axis",
    "views_axis",
]

MOST_MODELS = 20
"""Models whose curves are drawn."""
_MOST_COLUMNS = 60
_N_NAMED = 5
"""Classes whose curves have a colour and a name."""
_SCALE_HEIGHT = 16


def draw_score(headline: Headline) -> Drawing:
    """The main score with its interval, and the scale below."""
    interval = headline.interval
    assert interval is not None
    axis = _axis_of(interval)
    shapes = whisker(*_bounds(interval), axis, Strip(30), from_zero=axis.low == 0)
    below = scale(axis, Strip(_SCALE_HEIGHT, top=30))
    return Drawing(_interval_words(interval), (*shapes, *below), None, 30 + _SCALE_HEIGHT)


def draw_target_score(headline: Headline, line: ScoreLine) -> Drawing:
    """One target's score, on the scale that all targets share."""
    shapes = whisker(*_bounds(line.interval), targets_axis(headline), Strip(40))
    return Drawing(_interval_words(line.interval), tuple(shapes), None, 40)


def draw_targets_scale(headline: Headline) -> Drawing:
    """The numbers below the targets' scores."""
    return _draw_scale(targets_axis(headline))


def targets_axis(headline: Headline) -> Axis:
    """The scale that all targets share."""
    values = [value for line in headline.targets for value in _bounds(line.interval)]
    return fit_axis(values, within=(0.0, 1.0))


def _draw_scale(axis: Axis) -> Drawing:
    words = f"scale from {axis.label(axis.low)} to {axis.label(axis.high)}"
    return Drawing(words, tuple(scale(axis, Strip(_SCALE_HEIGHT))), None, _SCALE_HEIGHT)


def _axis_of(interval: Interval) -> Axis:
    values = _bounds(interval)
    if all(not 0 <= value <= 1 for value in values):
        return fit_axis((0.0, *values))
    return UNIT if all(value != value or 0 <= value <= 1 for value in values) else fit_axis((0.0, 1.0, *values))


def _bounds(interval: Interval) -> tuple[float, float, float]:
    return interval.value, interval.low, interval.high


def _interval_words(interval: Interval) -> str:
    words = plain_score(interval.value, 4)
    if not interval.has_bounds:
        return words
    return f"{words}, {interval.level:.0%} interval {plain_score(interval.low, 4)} to {plain_score(interval.high, 4)}"


def draw_class_score(line: ClassLine) -> Drawing:
    """F1 of a class with its interval."""
    item = line.score
    words = f"F1 {plain_score(item.f1)}, from {plain_score(item.f1_low)} to {plain_score(item.f1_high)}"
    return Drawing(words, tuple(whisker(item.f1, item.f1_low, item.f1_high, UNIT, Strip(30))), None, 30)


def draw_class_scale() -> Drawing:
    """The numbers over the classes' scores."""
    return _draw_scale(UNIT)


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix: its count, and how its share of the row paints the cell and the count."""

    n: int
    kind: str
    ink: str


def shade_matrix(target: TargetSection) -> list[tuple[str, list[Cell]]]:
    """Rows of the true classes: name, and cells shaded by their share of the row."""
    rows = []
    for truth, counts in enumerate(target.confusion):
        total = max(1, sum(counts))
        cells = [_cell(n, n / total, is_right=truth == answer) for answer, n in enumerate(counts)]
        rows.append((target.classes[truth].score.name, cells))
    return rows


def _cell(n: int, share: float, *, is_right: bool) -> Cell:
    """Shade 0 for nothing, 1 to 10 for a share; by its root, so that errors of a few percent still differ."""
    shade = 0 if share == 0 else max(1, round(10 * share**0.5))
    return Cell(n, f"{'hit' if is_right else 'miss'}-{shade}", "on-dark" if shade >= DARK_FROM else "on-light")


def draw_distance(lines: Sequence[DistanceLine], line: DistanceLine) -> Drawing:
    """How many answers lie so far off, beside the most frequent distance."""
    return bar(line.n / max(1, *(other.n for other in lines)), words=f"{line.n}")


def draw_count(target: LabelCounts, line: CountLine) -> Drawing:
    """How many images a class has, beside the most frequent class."""
    top = max(1, *(other.n for other in (*target.lines, *target.tail)))
    return bar(line.n / top, words=count_of(line.n, "image"))


def draw_balance(line: FoldLine) -> Drawing | str:
    """Shares of the classes in a fold; nothing where there are too many."""
    if not line.shares or len(line.shares) > _MOST_COLUMNS:
        return ""
    return columns(line.shares, words="share of each class")


def draw_calibration(section: CalibrationSection) -> Drawing:
    """Fraction right against probability; dots grow with their share of the answers."""
    after = []
    if section.calibrated is not None:
        after = [replace(_reliability(section.calibrated, "calibrated"), kind="line-1", dot="dot-1")]
    before = _reliability(section, "as predicted" if after else "")
    lines = [_DIAGONAL, before, *after]
    return draw_lines(lines, UNIT, UNIT, words="fraction right against probability", width=300, height=300)


def _reliability(section: CalibrationSection, words: str) -> Series:
    used = [item for item in section.bins if item.n]
    total = sum(item.n for item in used)
    return Series(
        [item.confidence for item in used],
        [item.n_right / item.n for item in used],
        name=words,
        radii=[2.5 + 7 * (item.n / total) ** 0.5 for item in used],
    )


_DIAGONAL = Series((0.0, 1.0), (0.0, 1.0), "chance")


def draw_risk(section: CalibrationSection) -> Drawing:
    """Share of wrong answers against the share of answers given, the most confident first."""
    xs, ys = [x for x, _ in section.risk], [y for _, y in section.risk]
    axis = fit_axis((0.0, *ys), within=(0.0, 1.0))
    words = "share of wrong answers among the most confident"
    return draw_lines(
        [Series(xs, ys)], UNIT, axis, words=words, x_name="answered", y_name="wrong", width=300, height=200
    )


def draw_confidence(section: CalibrationSection) -> Drawing:
    """Answers by their probability, right and wrong."""
    labels = [f"{100 * item.low:.0f}" if place % 2 == 0 else "" for place, item in enumerate(section.bins)]
    right = [item.n_right for item in section.bins]
    wrong = [item.n - item.n_right for item in section.bins]
    return draw_stack(right, wrong, labels, words="answers by their probability, right and wrong")


def draw_removal(line: RemovalLine) -> Drawing:
    """A deletion or insertion curve, by the map and by maps of chance."""
    steps = [place / (len(line.values) - 1) for place in range(len(line.values))]
    series = [Series(steps, line.chance, "chance", "chance"), Series(steps, line.values, "line-0", "map")]
    words = f"{line.name}: area {line.area:.3f}, by chance {line.chance_area:.3f}"
    return draw_lines(series, UNIT, UNIT, words=words, x_name="share of the places", width=300, height=220)


def draw_precision_recall(ranking: RankingCurves) -> Drawing:
    """Precision against recall: the mean of all classes, the weakest classes by name, and chance."""
    mean = ranking.macro
    return _draw_ranking(
        ranking,
        lambda item: (item.precision[0], *item.precision),
        lambda item: item.average_precision,
        Series((0.0, 1.0), (mean.share, mean.share), "chance", f"chance {mean.share:.2f}"),
        words=f"precision against recall; macro average precision {plain_score(mean.average_precision)}",
        names=("recall", "precision"),
    )


def draw_roc(ranking: RankingCurves) -> Drawing:
    """True against false positives: the mean of all classes, the weakest classes by name, and chance."""
    return _draw_ranking(
        ranking,
        lambda item: (0.0, *item.true_positive_rate),
        lambda item: item.roc_auc,
        Series((0.0, 1.0), (0.0, 1.0), "chance", "chance 0.50"),
        words=f"ROC curve; the macro area under it is {plain_score(ranking.macro.roc_auc)}",
        names=("false positive rate", "true positive rate"),
    )


def _draw_ranking(
    ranking: RankingCurves,
    ys: Callable[[RankingCurve], Sequence[float]],
    area: Callable[[RankingCurve], float],
    chance: Series,
    *,
    words: str,
    names: tuple[str, str],
) -> Drawing:
    xs, weakest = (0.0, *ranking.grid), _weakest(ranking)
    faint = [Series(xs, ys(item), "faint") for item in ranking.classes if item not in weakest]
    lines = [
        Series(xs, ys(item), kind, f"{shorten(item.name)} {plain_score(area(item), 2)}")
        for item, kind in [(ranking.macro, "trace"), *((item, f"line-{n}") for n, item in enumerate(weakest, start=1))]
    ]
    every, (x_name, y_name) = [*faint, *lines, chance], names
    return draw_lines(every, UNIT, UNIT, words=words, x_name=x_name, y_name=y_name, width=400, height=300)


def _weakest(ranking: RankingCurves) -> list[RankingCurve]:
    """The classes with a colour and a name: all where they are few, else those with the lowest average precision."""
    if len(ranking.classes) <= _N_NAMED:
        return list(ranking.classes)
    return sorted(ranking.classes, key=lambda item: item.average_precision)[:_N_NAMED]


def shorten(name: str, most: int = 22) -> str:
    """A name cut to a length."""
    return name if len(name) <= most else name[: most - 1] + "…"


def draw_view(section: ViewsSection, row: ViewRow) -> Drawing | str:
    """What a view adds, on the scale that all views share."""
    if row.added is None:
        return ""
    shapes = whisker(*_bounds(row.added), views_axis(section), Strip(30))
    return Drawing(f"adds {_interval_words(row.added)}", tuple(shapes), None, 30)


def draw_views_scale(section: ViewsSection) -> Drawing:
    """The numbers below what the views add."""
    return _draw_scale(views_axis(section))


def views_axis(section: ViewsSection) -> Axis:
    """A scale with 0 and everything that a view adds or takes."""
    values = [value for row in section.rows if row.added is not None for value in _bounds(row.added)]
    return fit_axis((0.0, *(value for value in values if value == value)))


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
        draw_risk,
        draw_confidence,
        draw_removal,
        draw_precision_recall,
        draw_roc,
        draw_submissions,
        draw_view,
        draw_views_scale,
        draw_map_panel,
        draw_change,
        draw_changes_scale,
        draw_corruption,
        draw_scores,
        draw_train_scores,
        draw_losses,
        draw_valid_losses,
    )
}
"""What the page's template calls, by name."""
