"""The plots of a report as PNG files, for slides and papers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from podium import durable
from podium.metrics import TargetScore
from podium.report.contents import RunContents, read_contents
from podium.report.curves_section import choose_score, names_of
from podium.report.numbers import metric_words
from podium.store import RunFolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_plots"]

_ACCENT, _SOFT = "#2456c7", "#5a6372"
_MOST_NAMES, _MOST_BARS = 40, 60
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
    for name, figure in _draw_all(read_contents(run)):
        path = folder / f"{name}.png"
        durable.write_bytes(path, _as_png(figure))
        paths.append(path)
    return paths


def _draw_all(contents: RunContents) -> Iterator[tuple[str, Figure]]:
    scores = contents.scores
    if scores is not None:
        if len(scores.targets) > 1:
            yield "targets", _draw_targets(contents)
        for number, target in enumerate(scores.targets.values(), start=1):
            # Names of targets come from the data; a number is safe on every file system.
            yield f"classes-{number}", _draw_classes(target)
            if target.kind != "multi" and len(target.per_class) <= _MOST_NAMES:
                yield f"confusion-{number}", _draw_confusion(target)
    if contents.epochs:
        yield "curves", _draw_curves(contents)


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


def _draw_targets(contents: RunContents) -> Figure:
    scores = contents.scores
    assert scores is not None
    names, rows = [], []
    for name, target in scores.targets.items():
        metric = scores.main_metric if scores.main_metric in target.metrics else next(iter(target.metrics))
        found = target.metrics[metric]
        names.append(f"{name} ({metric_words(metric)})")
        rows.append((found.value, found.low, found.high))
    figure = _new_figure(7, 0.8 + 0.4 * len(names))
    _draw_whiskers(figure.subplots(), names, rows)
    return figure


def _draw_classes(target: TargetScore) -> Figure:
    classes = list(target.per_class)
    if len(classes) > _MOST_BARS:
        classes = sorted(classes, key=lambda item: item.f1)[:_MOST_BARS]
    figure = _new_figure(7, 1 + 0.24 * len(classes))
    axes = figure.subplots()
    _draw_whiskers(axes, [item.name for item in classes], [(item.f1, item.f1_low, item.f1_high) for item in classes])
    axes.set_xlim(0, 1)
    axes.set_title(f"F1 of {_plain(target.target)}", loc="left", fontsize=10)
    return figure


def _draw_confusion(target: TargetScore) -> Figure:
    counts = target.confusion
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    n_classes = len(counts)
    side = 2.2 + 0.32 * n_classes
    figure = _new_figure(side, side)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [_plain(item.name, 24) for item in target.per_class]
    axes.set_xticks(range(n_classes), names, rotation=90)
    axes.set_yticks(range(n_classes), names)
    for truth, answer in zip(*np.nonzero(counts), strict=True):
        colour = "white" if shares[truth, answer] > 0.55 else "black"
        axes.text(answer, truth, str(counts[truth, answer]), ha="center", va="center", color=colour, fontsize=6)
    axes.set_xlabel("prediction")
    axes.set_ylabel("label")
    _clear(axes)
    return figure


def _draw_curves(contents: RunContents) -> Figure:
    scores = contents.scores
    wanted = "" if scores is None else scores.main_target
    figure = _new_figure(9, 3.4)
    left, right = figure.subplots(1, 2)
    for (fold, model), group in groupby(contents.epochs, key=lambda row: (row.fold, row.model)):
        rows = list(group)
        name = choose_score(names_of(rows), wanted)
        epochs = [row.epoch for row in rows]
        label = f"fold {fold}" if model == "all" else f"fold {fold}, {_plain(model)}"
        left.plot(epochs, [row.scores.get(name, math.nan) for row in rows], label=label, linewidth=1.3)
        right.plot(epochs, [row.train_loss for row in rows], linewidth=1.3)
    left.set_title("valid score", loc="left", fontsize=10)
    right.set_title("train loss", loc="left", fontsize=10)
    for axes in (left, right):
        axes.set_xlabel("epoch")
        axes.grid(color="#e2e6eb")
        _clear(axes)
    if len({(row.fold, row.model) for row in contents.epochs}) <= 12:
        left.legend(frameon=False, fontsize=8)
    return figure
