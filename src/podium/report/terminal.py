"""The scores of a run for the terminal: plain lines, or tables where someone looks at them."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from podium.columns import align_columns
from podium.listing import agree, count_of, shorten
from podium.machine.styles import wants_styles
from podium.metric_words import metric_words
from podium.metrics import Interval, Scores, TargetScore
from podium.printable import printable
from podium.report.domain_words import worst_domain_words
from podium.report.expected_words import expected_words
from podium.report.gaps import describe_gaps
from podium.report.look_alike_words import pessimistic_words, warn_of_look_alikes
from podium.report.numbers import plain_count, plain_score
from podium.report.unit_word import image_score_words, unit_word

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["print_summary", "summary_lines"]

MOST_CLASSES = 30
_TARGET_HEADER = ("target", "metric", "score", "interval", "chance")
_DOMAIN_HEADER = ("domain", "images", "score", "interval", "chance", "reachable")
_METRIC_HEADER = ("metric", "score", "interval", "chance")
_CLASS_HEADER = ("class", "n", "precision", "recall", "F1", "interval")


def summary_lines(
    scores: Scores, *, run: Path | None = None, groups: str = "groups", most_classes: int = MOST_CLASSES
) -> list[str]:
    """The headline, a line a target where there are several, and the metrics and classes of the main target.

    Args:
        scores: Scores of a run.
        run: Its folder, for what can be done with it; None names none.
        groups: What groups are called, see `name_groups`.
        most_classes: Of more classes only the worst by F1 are shown.
    """
    lines = [_headline(scores, groups), *map(printable, _remarks(scores, run))]
    if len(scores.targets) > 1:
        lines += ["", *align_columns(_TARGET_HEADER, _target_rows(scores), left=2)]
    if scores.domains:
        lines += ["", *align_columns(_DOMAIN_HEADER, _domain_rows(scores), left=1)]
    lines += ["", *align_columns(_METRIC_HEADER, _metric_rows(scores), left=1)]
    rows, n_hidden = _class_rows(scores.targets[scores.main_target], most_classes)
    lines += ["", *align_columns(_CLASS_HEADER, rows, left=1)]
    if n_hidden:
        lines.append(f"{count_of(n_hidden, 'class')} with a higher F1 {agree(n_hidden, 'is', 'are')} not shown.")
    return lines


def print_summary(
    scores: Scores,
    *,
    run: Path | None = None,
    file: TextIO | None = None,
    groups: str = "groups",
    most_classes: int = MOST_CLASSES,
) -> None:
    """Print the scores: as tables on a terminal, as plain lines into a file or pipe, or where styles are not wanted.

    Args:
        scores: Scores of a run.
        run: As in `summary_lines`.
        file: Where to; standard output where none is given.
        groups: What groups are called, see `name_groups`.
        most_classes: Of more classes only the worst by F1 are shown.
    """
    file = sys.stdout if file is None else file
    if not wants_styles(file):
        file.write("\n".join(summary_lines(scores, run=run, groups=groups, most_classes=most_classes)) + "\n")
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=file, highlight=False)
    console.print(Text(_headline(scores, groups), style="bold"))
    for remark in _remarks(scores, run):
        console.print(Text(printable(remark)))
    if len(scores.targets) > 1:
        console.print(_table(_TARGET_HEADER, _target_rows(scores), left=2))
    if scores.domains:
        console.print(_table(_DOMAIN_HEADER, _domain_rows(scores), left=1))
    console.print(_table(_METRIC_HEADER, _metric_rows(scores), left=1))
    rows, n_hidden = _class_rows(scores.targets[scores.main_target], most_classes)
    console.print(_table(_CLASS_HEADER, rows, left=1))
    if n_hidden:
        console.print(
            Text(
                f"{count_of(n_hidden, 'class')} with a higher F1 {agree(n_hidden, 'is', 'are')} not shown.", style="dim"
            )
        )


def _headline(scores: Scores, groups: str) -> str:
    target, main = scores.targets[scores.main_target], scores.main
    bounds = f" [{plain_score(main.low, 4)}, {plain_score(main.high, 4)}] ({main.level:.0%})" if main.has_bounds else ""
    of_groups = f" of {plain_count(target.n_groups)} {groups}" if target.n_groups != target.n else ""
    bounds += f", {pessimistic_words(scores)}" if scores.pessimistic is not None else ""
    return (
        f"{printable(scores.main_target)}: {metric_words(scores.main_metric)} {plain_score(main.value, 4)}{bounds},"
        f" chance {plain_score(scores.chance, 4)}, {count_of(target.n, unit_word(scores))}{of_groups}"
    )


def _remarks(scores: Scores, run: Path | None) -> list[str]:
    """What must be known of the score, and what it cannot say."""
    warning, expected = warn_of_look_alikes(scores, run), scores.expected
    told = [] if expected is None or warning is not None else [f"expected: {expected_words(expected)}"]
    worst = worst_domain_words(scores)
    of_images = image_score_words(scores)
    return [
        *([] if of_images is None else [of_images]),
        *([] if warning is None else [warning]),
        *told,
        *([worst] if worst else []),
        *(gap.words for gap in describe_gaps(scores)),
    ]


def _target_rows(scores: Scores) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, target in scores.targets.items():
        metric = scores.metric_of(name)
        found, chance = target.metrics[metric], target.chance_of(metric)
        rows.append((name, metric_words(metric), plain_score(found.value, 4), _bounds(found), plain_score(chance, 4)))
    return rows


def _domain_rows(scores: Scores) -> list[tuple[str, ...]]:
    """The main score of every domain."""
    return [
        (
            shorten(item.name, most=120),
            plain_count(item.n),
            plain_score(item.interval.value, 4),
            _bounds(item.interval),
            plain_score(item.chance, 4),
            plain_score(item.perfect, 4),
        )
        for item in scores.domains
    ]


def _metric_rows(scores: Scores) -> list[tuple[str, ...]]:
    """All metrics of the main target."""
    target = scores.targets[scores.main_target]
    return [
        (metric_words(name), plain_score(found.value, 4), _bounds(found), plain_score(target.chance_of(name), 4))
        for name, found in target.metrics.items()
    ]


def _bounds(interval: Interval) -> str:
    return f"{plain_score(interval.low, 4)} to {plain_score(interval.high, 4)}" if interval.has_bounds else "–"


def _class_rows(target: TargetScore, most: int) -> tuple[list[tuple[str, ...]], int]:
    classes = list(target.per_class)
    if len(classes) > most:
        classes = sorted(classes, key=lambda item: item.f1)[:most]
    rows: list[tuple[str, ...]] = [
        (
            shorten(item.name, most=120),
            plain_count(item.n),
            plain_score(item.precision),
            plain_score(item.recall),
            plain_score(item.f1),
            "–" if math.isnan(item.f1_low) else f"{plain_score(item.f1_low)} to {plain_score(item.f1_high)}",
        )
        for item in classes
    ]
    return rows, len(target.per_class) - len(rows)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    for place, name in enumerate(header):
        table.add_column(name, justify="left" if place < left else "right")
    for row in rows:
        # Text, not str: a class called "[red]" is no markup.
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table
