"""The verdicts of a study as one page and one drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from podium import durable
from podium.listing import part_of
from podium.metric_words import metric_words
from podium.metrics import ArmDifference
from podium.printable import printable
from podium.report.axis import fit_axis
from podium.report.charts import Strip, scale, whisker
from podium.report.drawing import Drawing, Shape, Text
from podium.report.page import page_frame
from podium.report.rate_chart import as_svg
from podium.studies.verdicts import StudyResult

__all__ = ["ArmLine", "describe_arms", "draw_study"]

_ROW, _NAMES, _PLOT = 24.0, 300.0, 420.0


@dataclass(frozen=True)
class ArmLine:
    """A row of the page.

    Args:
        name: The arm.
        score: Its score; nan for an arm that was left early, whose score is of other images.
        arm: The comparison with the base; None for the base.
        minutes: Minutes it took.
        remark: What else to know.
    """

    name: str
    score: float
    arm: ArmDifference | None
    minutes: float
    remark: str = ""


def describe_arms(result: StudyResult) -> list[ArmLine]:
    """The base, the arms that were tried to the end with the best first, then those that were left."""
    main = result.main
    lines = []
    if main is not None:
        sign = 1 if main.greater_is_better else -1
        lines.append(ArmLine("base", main.reference_score, None, result.minutes["base"]))
        for arm in sorted(main.arms, key=lambda arm: -sign * arm.difference.value):
            name = result.names[arm.name]
            lines.append(ArmLine(name, arm.score, arm, result.minutes[name]))
    for left in result.stopped:
        remark = f"left after {part_of(left.n_folds, left.n_of, 'fold')}"
        lines.append(ArmLine(left.name, math.nan, left.difference, result.minutes[left.name], remark))
    lines += [ArmLine(name, math.nan, None, result.minutes[name], "not tried to the end") for name in result.missing]
    lines += [ArmLine(name, math.nan, None, math.nan, f"left out: {why}") for name, why in result.left_out.items()]
    return lines


def draw_study(result: StudyResult) -> None:
    """Write study.html and study.svg into the study's folder; older ones are replaced.

    Raises:
        StorageError: If they cannot be written.
    """
    lines, main = describe_arms(result), result.main
    drawing = _forest([line for line in lines if line.arm is not None], main.metric if main else "")
    template, frame = page_frame("study.html")
    facts = {"title": result.folder.name, "lines": lines, "main": main, "notes": result.notes}
    shown = "" if drawing is None else drawing.__html__()
    page = template.render(frame | facts | {"drawing": shown, "n_images": _n_images(result)})
    durable.write_text(result.folder.page_file, printable(page, keep="\n\t"))
    if drawing is not None:
        durable.write_bytes(result.folder.plot_file, as_svg(drawing))


def _n_images(result: StudyResult) -> int:
    return 0 if result.comparison is None else result.comparison.n_images


def _forest(lines: list[ArmLine], metric: str) -> Drawing | None:
    """Differences with their intervals below each other, on one scale with 0."""
    arms = [line.arm for line in lines if line.arm is not None and line.arm.difference.has_bounds]
    if not arms:
        return None
    reach = [0.0, *(bound for arm in arms for bound in (arm.difference.low, arm.difference.high))]
    axis, shapes = fit_axis(reach), list[Shape]()
    for place, line in enumerate(lines):
        assert line.arm is not None, "only compared arms are drawn"
        top, found = place * _ROW, line.arm.difference
        name = line.name if len(line.name) <= 46 else f"{line.name[:45]}…"
        shapes.append(Text(_NAMES - 12, top + _ROW / 2 + 4, name, "end"))
        shapes += whisker(found.value, found.low, found.high, axis, Strip(_ROW, top, _NAMES, _PLOT))
    shapes += scale(axis, Strip(0, len(lines) * _ROW + 4, _NAMES, _PLOT))
    words = f"Difference of {metric_words(metric)} from the base, with intervals."
    return Drawing(words, tuple(shapes), _NAMES + _PLOT + 12, len(lines) * _ROW + 24)
