"""The drawings of a report as PNG files, for slides and papers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from podium import durable
from podium.errors import UsageError
from podium.listing import agree, count_of, list_some
from podium.metric_words import metric_words
from podium.report.axis import UNIT, Axis
from podium.report.charts import Strip, scale, text_width, whisker
from podium.report.contents import read_contents
from podium.report.curve_drawings import draw_losses, draw_scores, draw_train_scores, draw_valid_losses
from podium.report.drawing import Drawing, Rect, Shape, Text
from podium.report.headline import Headline, ScoreLine
from podium.report.own_png import is_own_png
from podium.report.raster import as_png
from podium.report.section_drawings import (
    MOST_MODELS,
    draw_calibration,
    draw_confidence,
    draw_precision_recall,
    draw_risk,
    draw_roc,
    draw_submissions,
    shade_matrix,
    shorten,
    targets_axis,
    views_axis,
)
from podium.report.sections import RunReport, describe_run
from podium.report.targets_section import TargetSection
from podium.report.views_section import ViewsSection
from podium.store import RunFolder

__all__ = ["draw_all", "draw_targets", "write_plots"]

_MOST_ROWS = 60
_ROW = 24.0
_CELL = 32.0


def write_plots(run: RunFolder, folder: Path | None = None, *, overwrite: bool = False) -> list[Path]:
    """Write the drawings of a run as PNG files: scores, F1 of the classes, confusion matrices, all curves.

    Args:
        run: The run folder. A plot whose files are missing is left out.
        folder: Where to; `plots` in the run folder where none is given.
        overwrite: Replace also files in `folder` that are not drawings of Podium's, or were changed since.

    Returns:
        The files, in the order of the report.

    Raises:
        UsageError: If a file of yours would be replaced; none is written then.
        StorageError: If a file cannot be written.
    """
    plots = list(draw_all(describe_run(read_contents(run))))
    paths = [(folder or run.path / "plots") / f"{name}.png" for name, *_ in plots]
    if folder is not None and not overwrite:
        _refuse_others(paths, folder)
    for path, (_, title, drawings) in zip(paths, plots, strict=True):
        durable.write_bytes(path, as_png(title, drawings))
    return paths


def _refuse_others(paths: Sequence[Path], folder: Path) -> None:
    others = [path.name for path in paths if os.path.lexists(path) and not is_own_png(durable.read_bytes(path))]
    if others:
        raise UsageError(
            f"{count_of(len(others), 'file')} here would be replaced that Podium did not write, or that"
            f" {agree(len(others), 'was', 'were')} changed since: {list_some(others)}.",
            where=folder,
            fix="Choose another folder, or replace them with overwrite=True.",
        )


def draw_all(report: RunReport) -> Iterator[tuple[str, str, list[Drawing]]]:
    """Name, title and drawings of every file."""
    if report.headline.targets:
        yield "targets", "Score of every target", [draw_targets(report.headline)]
    for number, target in enumerate(report.targets, start=1):
        # Names of targets come from the data; a number is safe on every file system.
        yield f"classes-{number}", f"F1 of {target.name}", [_draw_classes(target)]
        if target.confusion:
            yield f"confusion-{number}", f"{target.name}: rows are labels, columns predictions", [_draw_matrix(target)]
        if target.ranking is not None:
            drawings = [draw_precision_recall(target.ranking), draw_roc(target.ranking)]
            yield f"ranking-{number}", f"{target.name}: each class against the rest", drawings
    if report.submissions is not None and report.submissions.points:
        yield "leaderboard", "Cross-validation against the leaderboard", [draw_submissions(report.submissions)]
    if report.views is not None and any(row.added is not None for row in report.views.rows):
        title = f"{metric_words(report.views.metric)} of {report.views.target}: what test-time views add"
        yield "views", title, [_draw_views(report.views)]
    if report.calibration is not None:
        title = f"{report.calibration.target}: fraction right, answers by probability, and errors among the surest"
        found = report.calibration
        yield "calibration", title, [draw_calibration(found), draw_confidence(found), draw_risk(found)]
    for number, model in enumerate(() if report.curves is None else report.curves.models[:MOST_MODELS], start=1):
        assert report.curves is not None
        drawings = [draw_scores(report.curves, model), draw_losses(report.curves, model)]
        if report.curves.is_judged:
            drawings += [draw_train_scores(report.curves, model), draw_valid_losses(report.curves, model)]
        name = "" if model == "all" else f" of {model}"
        yield f"curves-{number}", f"Training{name}: score and loss over epochs", drawings


def draw_targets(headline: Headline) -> Drawing:
    """The score of every target of a scored run, one line where there is one."""
    if not headline.targets and headline.interval is not None:
        only = ScoreLine(headline.target, headline.metric, headline.interval, headline.chance)
        headline = replace(headline, targets=(only,))
    names = [f"{line.target} ({metric_words(line.metric)})" for line in headline.targets]
    rows = [(line.interval.value, line.interval.low, line.interval.high) for line in headline.targets]
    return _draw_rows(names, rows, targets_axis(headline))


def _draw_classes(target: TargetSection) -> Drawing:
    classes = [line.score for line in target.classes]
    if len(classes) > _MOST_ROWS:
        classes = sorted(classes, key=lambda item: item.f1)[:_MOST_ROWS]
    return _draw_rows([item.name for item in classes], [(item.f1, item.f1_low, item.f1_high) for item in classes], UNIT)


def _draw_views(section: ViewsSection) -> Drawing:
    rows = [row for row in section.rows if row.added is not None]
    values = [(row.added.value, row.added.low, row.added.high) for row in rows if row.added is not None]
    return _draw_rows(
        [f"{row.view}{' (chosen)' if row.is_chosen else ''}" for row in rows], values, views_axis(section)
    )


def _draw_rows(names: list[str], rows: list[tuple[float, float, float]], axis: Axis) -> Drawing:
    """The page's whiskers below each other, with names."""
    shapes: list[Shape] = []
    names = [shorten(name, 36) for name in names]
    left, bottom = 10 + max(map(text_width, names)), _ROW * len(rows)
    for place, (name, row) in enumerate(zip(names, rows, strict=True)):
        strip = Strip(_ROW, top=place * _ROW, left=left, width=460)
        shapes += [Text(left - 10, strip.top + _ROW / 2 + 4, name, "end"), *whisker(*row, axis, strip)]
    shapes += scale(axis, Strip(16, top=bottom, left=left, width=460))
    return Drawing("", tuple(shapes), left + 475, bottom + 16)


def _draw_matrix(target: TargetSection) -> Drawing:
    """The page's confusion matrix, its cells and shades, as a drawing."""
    matrix = [(shorten(name), cells) for name, cells in shade_matrix(target)]
    left = top = 8 + max(text_width(name) for name, _ in matrix)
    shapes: list[Shape] = []
    for row, (name, cells) in enumerate(matrix):
        shapes.append(Text(left - 8, top + _CELL * (row + 0.5) + 4, name, "end"))
        shapes.append(Text(left + _CELL * (row + 0.5) + 4, top - 8, name, "start", turned=True))
        for column, cell in enumerate(cells):
            x, y = left + _CELL * column, top + _CELL * row
            shapes.append(Rect(x + 1, y + 1, _CELL - 2, _CELL - 2, cell.kind))
            if cell.n:
                shapes.append(Text(x + _CELL / 2, y + _CELL / 2 + 4, str(cell.n), kind=cell.ink))
    side = _CELL * len(target.confusion)
    return Drawing("", tuple(shapes), max(340.0, left + side), top + side)
