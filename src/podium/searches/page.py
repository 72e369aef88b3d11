"""The result of a search as one page and two drawings: scores over trials, and which keys moved them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from podium import durable
from podium.listing import count_of
from podium.metric_words import metric_words
from podium.printable import printable
from podium.report.axis import Axis, fit_axis
from podium.report.charts import Series, Strip, draw_lines, scale
from podium.report.drawing import Drawing, Line, Rect, Shape, Text
from podium.report.page import page_frame
from podium.report.rate_chart import as_svg
from podium.searches.result import SearchResult, TrialRow

__all__ = ["draw_history", "draw_importance", "draw_search", "ranked_rows"]

_ROW, _NAMES, _PLOT = 24.0, 240.0, 380.0
_MOST_ROWS = 60


def ranked_rows(result: SearchResult, most: int = _MOST_ROWS) -> list[TrialRow]:
    """The trials as a table shows them: the best first, then those that were left, then the others."""
    sign = 1 if result.record.greater_is_better else -1
    order = ("done", "left", "open", "again", "impossible")

    def rank(row: TrialRow) -> tuple[int, float, int]:
        value = row.score if row.state in ("done", "again") else row.so_far
        return order.index(row.state), math.inf if math.isnan(value) else -sign * value, row.number

    return sorted(result.trials, key=rank)[:most]


def draw_search(result: SearchResult) -> None:
    """Write search.html, history.svg and importance.svg into the search's folder; older ones are replaced.

    Raises:
        StorageError: If they cannot be written.
    """
    drawings = {"history": draw_history(result), "importance": draw_importance(result)}
    for name, drawing in drawings.items():
        if drawing is not None:
            durable.write_bytes(result.folder.plot_file(name), as_svg(drawing))
        else:
            durable.remove_file(result.folder.plot_file(name))
    template, frame = page_frame("search.html")
    shown = {name: "" if drawing is None else drawing.__html__() for name, drawing in drawings.items()}
    facts = {"title": result.folder.name, "result": result, "rows": ranked_rows(result), "drawings": shown}
    page = template.render(frame | facts)
    durable.write_text(result.folder.page_file, printable(page, keep="\n\t"))


def draw_history(result: SearchResult) -> Drawing | None:
    """Scores over the trials, with the best so far as a line; trials that were left are small and faint."""
    done = [row for row in result.trials if row.state == "done"]
    if not done:
        return None
    left = [row for row in result.trials if row.state == "left" and not math.isnan(row.so_far)]
    numbers = [float(row.number) for row in result.trials]
    last = max(1.0, numbers[-1])
    best = _best_so_far(result.trials, greater_is_better=result.record.greater_is_better)
    steps = [(x, y) for place, x in enumerate(numbers) for y in (best[max(0, place - 1)], best[place])]
    best_line = Series([x for x, _ in steps], [y for _, y in steps], kind="trace", name="best so far")
    dots = [
        Series(
            [float(row.number) for row in rows],
            [row.score if row.state == "done" else row.so_far for row in rows],
            kind="none",
            radii=[radius] * len(rows),
            dot=dot,
        )
        for rows, radius, dot in ((left, 2.0, "dot-1"), (done, 3.5, "dot"))
        if rows
    ]
    ys = [row.score for row in done] + [row.so_far for row in left]
    metric = metric_words(result.record.metric)
    drawing = draw_lines(
        [best_line, *dots],
        _whole_axis(last),
        fit_axis(ys),
        words=f"{metric} of {count_of(len(done), 'trial')} out of fold, best {result.seen.value:.4f}.",
        x_name="trial",
        y_name=f"{metric}, out of fold",
        width=640,
        height=260,
    )
    return replace(drawing, shapes=tuple(shape for shape in drawing.shapes if getattr(shape, "kind", "") != "none"))


def _whole_axis(last: float) -> Axis:
    step = max(1, 5 * round(last / 30)) if last > 8 else 1
    ticks = tuple(float(tick) for tick in range(0, math.ceil(last / step) * step + 1, step))
    return Axis(0.0, ticks[-1], ticks)


def _best_so_far(rows: Sequence[TrialRow], *, greater_is_better: bool) -> list[float]:
    best, found = math.nan, []
    for row in rows:
        if row.state == "done" and (math.isnan(best) or (row.score > best) == greater_is_better):
            best = row.score
        found.append(best)
    return found


def draw_importance(result: SearchResult) -> Drawing | None:
    """A bar for each key."""
    if not result.importance:
        return None
    axis, shapes = fit_axis([0.0, *result.importance.values()], within=(0, 1)), list[Shape]()
    n = len(result.importance)
    strip = Strip(0, 0, _NAMES, _PLOT)
    for tick in axis.ticks:
        x = strip.x_of(axis, tick)
        shapes.append(Line(x, 0, x, n * _ROW, "grid"))
    for place, (key, share) in enumerate(result.importance.items()):
        top = place * _ROW
        shapes.append(Text(_NAMES - 12, top + _ROW / 2 + 4, key, "end"))
        width = strip.x_of(axis, share) - _NAMES
        shapes.append(Rect(_NAMES, top + 4, max(1.0, width), _ROW - 8, "bar", radius=2))
    shapes += scale(axis, Strip(0, n * _ROW + 4, _NAMES, _PLOT))
    words = f"Share of the score's variation that each key explains, among trials from {result.importance_of}."
    return Drawing(words, tuple(shapes), _NAMES + _PLOT + 16, n * _ROW + 24)
