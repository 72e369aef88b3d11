"""The plots of a report as PNG files, for slides and papers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from podium import durable
from podium.report.contents import read_contents
from podium.report.curves_section import CurvesSection
from podium.report.headline import Headline
from podium.report.numbers import metric_words
from podium.report.sections import RunReport, describe_run
from podium.report.targets_section import TargetSection
from podium.store import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_plots"]

_ACCENT, _SOFT = "#2456c7", "#5a6372"
_MOST_BARS = 60
_FONTS = [
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "NanumGothic",
]


def write_plots(run: RunFolder, folder: Path | None = None) -> list[Path]:
    """Write the plots of a run as PNG files: scores, per class F1, confusion matrices, curves.

    Args:
        run: The run folder. A plot whose files are missing is left out.
        folder: Where to; `plots` in the run folder where none is given.

    Returns:
        The files, in the order of the report.

    Raises:
        StorageError: If a file cannot be written.
    """
    folder = run.path / "plots" if folder is None else folder
    paths = []
    for name, figure in _draw_all(describe_run(read_contents(run))):
        path = folder / f"{name}.png"
        durable.write_bytes(path, _as_png(figure))
        paths.append(path)
    return paths


def _draw_all(report: RunReport) -> Iterator[tuple[str, Figure]]:
    if report.headline.targets:
        yield "targets", _draw_targets(report.headline)
    for number, target in enumerate(report.targets, start=1):
        # Names of targets come from the data; a number is safe on every file system.
        yield f"classes-{number}", _draw_classes(target)
        if target.confusion:
            yield f"confusion-{number}", _draw_confusion(target)
    if report.curves is not None:
        yield "curves", _draw_curves(report.curves)


def _new_figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=150, layout="constrained")


def _as_png(figure: Figure) -> bytes:
    import warnings

    from matplotlib import font_manager
    from matplotlib.text import Text

    installed = {font.name for font in font_manager.fontManager.ttflist}
    known = [name for name in _FONTS if name in installed]
    for text in figure.findobj(match=Text):
        text.set_fontfamily(known or ["sans-serif"])
    buffer = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box instead of a letter is no failure
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _plain(text: str, most: int = 40) -> str:
    """A name from the data without the signs that would start a formula."""
    short = text if len(text) <= most else text[: most - 1] + "…"
    return short.replace("$", r"\$")


def _draw_whiskers(axes: Any, names: list[str], rows: list[tuple[float, float, float]]) -> None:
    for place, (value, low, high) in enumerate(rows):
        if math.isfinite(low) and math.isfinite(high):
            axes.plot([low, high], [place, place], color=_ACCENT, linewidth=1.5)
        axes.plot([value], [place], "o", color=_ACCENT, markersize=4)
    axes.set_yticks(range(len(names)), [_plain(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="x", color="#e2e6eb")
    _clear(axes)


def _clear(axes: Any) -> None:
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelcolor=_SOFT)
    for side in axes.spines.values():
        side.set_visible(False)


def _draw_targets(headline: Headline) -> Figure:
    names = [f"{line.target} ({metric_words(line.metric)})" for line in headline.targets]
    rows = [(line.interval.value, line.interval.low, line.interval.high) for line in headline.targets]
    figure = _new_figure(7, 0.8 + 0.4 * len(names))
    _draw_whiskers(figure.subplots(), names, rows)
    return figure


def _draw_classes(target: TargetSection) -> Figure:
    classes = [line.score for line in target.classes]
    if len(classes) > _MOST_BARS:
        classes = sorted(classes, key=lambda item: item.f1)[:_MOST_BARS]
    figure = _new_figure(7, 1 + 0.24 * len(classes))
    axes = figure.subplots()
    _draw_whiskers(axes, [item.name for item in classes], [(item.f1, item.f1_low, item.f1_high) for item in classes])
    axes.set_xlim(0, 1)
    axes.set_title(f"F1 of {_plain(target.name)}", loc="left", fontsize=10)
    return figure


def _draw_confusion(target: TargetSection) -> Figure:
    counts = np.array(target.confusion)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    n_classes = len(counts)
    side = 2.2 + 0.32 * n_classes
    figure = _new_figure(side, side)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [_plain(line.score.name, 24) for line in target.classes]
    axes.set_xticks(range(n_classes), names, rotation=90)
    axes.set_yticks(range(n_classes), names)
    for truth, answer in zip(*np.nonzero(counts), strict=True):
        colour = "white" if shares[truth, answer] > 0.55 else "black"
        axes.text(answer, truth, str(counts[truth, answer]), ha="center", va="center", color=colour, fontsize=6)
    axes.set_xlabel("prediction")
    axes.set_ylabel("label")
    _clear(axes)
    return figure


def _draw_curves(section: CurvesSection) -> Figure:
    figure = _new_figure(9, 3.4)
    left, right = figure.subplots(1, 2)
    for panel in section.panels:
        label = f"fold {panel.fold}" if panel.model == "all" else f"fold {panel.fold}, {_plain(panel.model)}"
        left.plot(panel.epochs, panel.scores, label=label, linewidth=1.3)
        right.plot(panel.epochs, panel.train_loss, linewidth=1.3)
    left.set_title("valid score", loc="left", fontsize=10)
    right.set_title("train loss", loc="left", fontsize=10)
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.grid(color="#e2e6eb")
        _clear(axes)
    if len(section.panels) <= 12:
        left.legend(frameon=False, fontsize=8)
    return figure
