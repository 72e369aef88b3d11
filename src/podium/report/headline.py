"""The top of the report: the score, its interval, what it means, and what weakens it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from podium.metrics import METRICS, Interval, Scores
from podium.report.axis import UNIT, Axis, fit_axis
from podium.report.cautions import Caution, find_cautions
from podium.report.contents import RunContents
from podium.report.drawings import draw_scale, draw_whisker
from podium.report.folds_section import count_divided_groups
from podium.report.numbers import metric_words, plain_count, plain_score

__all__ = ["Headline", "ScoreLine", "describe_status", "make_headline"]


@dataclass(frozen=True)
class ScoreLine:
    """One score in the chart of targets."""

    target: str
    metric: str
    interval: Interval
    drawing: Markup


@dataclass(frozen=True)
class Headline:
    """What the top shows.

    Args:
        status: What is still missing of the run; empty when it is finished.
        interval: The main score; None where nothing is scored yet.
        metric: The main metric in words.
        target: The main target.
        is_error: Whether lower is better.
        drawing: The score with its interval on its scale.
        scale: The numbers below it.
        meaning: Sentences that say what was measured.
        targets: One line a target, where there are several.
        targets_scale: The numbers below them.
        cautions: What weakens the score.
    """

    status: str
    interval: Interval | None
    metric: str
    target: str
    is_error: bool
    drawing: Markup
    scale: Markup
    meaning: tuple[str, ...]
    targets: tuple[ScoreLine, ...]
    targets_scale: Markup
    cautions: tuple[Caution, ...]


def make_headline(contents: RunContents) -> Headline:
    """The top of the report of a run."""
    status, scores = describe_status(contents), contents.scores
    cautions = find_cautions(contents)
    nothing = Markup("")
    if scores is None:
        return Headline(status, None, "", "", False, nothing, nothing, (), (), nothing, cautions)
    metric = METRICS.get(scores.main_metric)
    is_error = metric is not None and not metric.greater_is_better
    axis = _axis_of(scores.main)
    lines, scale = _target_lines(scores)
    return Headline(
        status=status,
        interval=scores.main,
        metric=metric_words(scores.main_metric),
        target=scores.main_target,
        is_error=is_error,
        drawing=_draw(scores.main, axis, from_zero=axis.low == 0, height=30),
        scale=draw_scale(axis),
        meaning=_explain(contents, scores),
        targets=lines,
        targets_scale=scale,
        cautions=cautions,
    )


def describe_status(contents: RunContents) -> str:
    """What is missing of an unfinished run, in one sentence; empty when it is finished."""
    if contents.run.is_finished or contents.scores is not None:
        return ""
    trained = sorted({row.fold for row in contents.epochs})
    if not trained:
        return "This run is not finished: no epoch has been trained yet."
    n_folds = f" of {contents.folds.n_folds}" if contents.folds is not None else ""
    return (
        f"This run is not finished: {len(contents.epochs)} epochs are trained so far,"
        f" in {len(trained)}{n_folds} folds, and nothing is scored yet."
    )


def _axis_of(interval: Interval) -> Axis:
    values = (interval.value, interval.low, interval.high)
    if all(not 0 <= value <= 1 for value in values):
        return fit_axis((0.0, *values))
    return UNIT if all(value != value or 0 <= value <= 1 for value in values) else fit_axis((0.0, 1.0, *values))


def _draw(interval: Interval, axis: Axis, *, from_zero: bool = False, height: int = 18) -> Markup:
    words = plain_score(interval.value, 4)
    if interval.has_bounds:
        words += f", {interval.level:.0%} interval {plain_score(interval.low, 4)} to {plain_score(interval.high, 4)}"
    return draw_whisker(
        interval.value, interval.low, interval.high, axis, words=words, from_zero=from_zero, height=height
    )


def _target_lines(scores: Scores) -> tuple[tuple[ScoreLine, ...], Markup]:
    """A line a target, on a scale that all share."""
    if len(scores.targets) < 2:
        return (), Markup("")
    chosen = []
    for name, target in scores.targets.items():
        metric = scores.main_metric if scores.main_metric in target.metrics else next(iter(target.metrics))
        chosen.append((name, metric, target.metrics[metric]))
    bounds = [value for _, _, item in chosen for value in (item.value, item.low, item.high)]
    axis = fit_axis(bounds, within=(0.0, 1.0))
    lines = tuple(
        ScoreLine(name, metric_words(metric), item, _draw(item, axis, height=40)) for name, metric, item in chosen
    )
    return lines, draw_scale(axis)


def _explain(contents: RunContents, scores: Scores) -> tuple[str, ...]:
    target, interval = scores.targets[scores.main_target], scores.main
    sentences = [_measured_on(contents, target.n, target.n_groups)]
    if interval.has_bounds:
        drawn = "groups" if target.n_groups < target.n else "images"
        sentences.append(
            f"Had other {drawn} of the same kind been drawn, the score would most likely lie between"
            f" {plain_score(interval.low)} and {plain_score(interval.high)}"
            f" ({interval.level:.0%} interval from {plain_count(interval.n_resamples)} resamples)."
        )
    else:
        sentences.append("There is no interval: too few groups, or none was asked for.")
    return tuple(sentences)


def _measured_on(contents: RunContents, n: int, n_groups: int) -> str:
    samples, folds = contents.samples, contents.folds
    start = f"From {plain_count(n)} images"
    if samples is None or folds is None:
        return f"{start}."
    if not samples.has_groups:
        return f"{start}, each judged by a model that never saw it."
    if count_divided_groups(samples, folds) == 0:
        return f"{start} of {plain_count(n_groups)} groups, each judged by a model that never saw its group."
    return (
        f"{start} of {plain_count(n_groups)} groups, each judged by a model that never saw that image,"
        " but may have seen others of its group."
    )
