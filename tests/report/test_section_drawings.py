"""Every drawing shows its section's data, and nothing else is needed for it."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from podium.metrics import Interval
from podium.report import RunReport, describe_run, read_contents
from podium.report.page import draw_page
from podium.report.section_drawings import (
    draw_balance,
    draw_calibration,
    draw_class_score,
    draw_confidence,
    draw_count,
    draw_distance,
    draw_panel,
    draw_score,
    draw_target_score,
    fit_curve_scales,
    shade_matrix,
)
from podium.report.thumbnails import ThumbnailBook
from podium.store import RunFolder
from podium.tables import load_samples

from .page_reader import read_page


@pytest.fixture(scope="module")
def report(any_run: RunFolder) -> RunReport:
    return describe_run(read_contents(any_run))


def attributes(drawing: str, tag: str, name: str) -> list[float]:
    found = re.findall(rf'<{tag}[^>]* {name}="([0-9.]+)%?"', drawing)
    return [float(value) for value in found]


def test_the_score_stands_at_its_value(report: RunReport) -> None:
    interval = report.headline.interval
    assert interval is not None
    drawing = str(draw_score(report.headline))
    assert attributes(drawing, "circle", "cx") == [pytest.approx(100 * interval.value, abs=0.006)]
    assert attributes(drawing, 'line class="range"', "x2") == [pytest.approx(100 * interval.high, abs=0.006)]
    assert draw_score(replace(report.headline, interval=None)) == ""


def test_a_score_above_one_gets_a_longer_scale(report: RunReport) -> None:
    errors = replace(report.headline, interval=Interval(2.0, 1.5, 2.5, 9, 9, 0.95))
    assert attributes(str(draw_score(errors)), "circle", "cx")[0] < 100


def test_targets_share_a_scale(report: RunReport) -> None:
    lines = report.headline.targets
    places = [attributes(str(draw_target_score(report.headline, line)), "circle", "cx")[0] for line in lines]
    values = [line.interval.value for line in lines]
    assert [places.index(place) for place in sorted(places)] == [values.index(value) for value in sorted(values)]


def test_classes_stand_at_their_f1(report: RunReport) -> None:
    for line in report.targets[0].classes:
        drawing = str(draw_class_score(line))
        assert attributes(drawing, "circle", "cx") == [pytest.approx(100 * line.score.f1, abs=0.006)]


def test_matrix_shades_grow_with_the_share_of_the_row(report: RunReport) -> None:
    for target in report.targets:
        for (name, cells), counts, line in zip(shade_matrix(target), target.confusion, target.classes, strict=False):
            assert name == line.score.name
            assert [cell.n for cell in cells] == list(counts)
            assert sum(cell.is_right for cell in cells) == 1
            by_count = sorted(cells, key=lambda cell: cell.n)
            assert [cell.shade for cell in by_count] == sorted(cell.shade for cell in cells)
            assert all((cell.shade == 0) == (cell.n == 0) for cell in cells)


def test_bars_are_as_long_as_their_counts(report: RunReport) -> None:
    assert report.data is not None
    for target in report.data.targets:
        top = max(line.n for line in target.lines)
        for line in target.lines:
            assert attributes(str(draw_count(target, line)), "rect", "width") == [
                pytest.approx(100 * line.n / top, abs=0.006)
            ]
    for section in report.targets:
        for lines in (section.distances, section.wrong_labels):
            widths = [attributes(str(draw_distance(lines, line)), "rect", "width")[0] for line in lines]
            assert [width == 100 for width in widths] == [line.n == max(other.n for other in lines) for line in lines]


def test_balance_has_a_column_a_class_and_none_for_very_many(report: RunReport) -> None:
    assert report.folds is not None
    line = report.folds.lines[0]
    assert draw_balance(line).count("<rect") == len(line.shares)
    assert draw_balance(replace(line, shares=(1 / 61,) * 61)) == ""
    assert draw_balance(replace(line, shares=())) == ""


def test_reliability_has_a_dot_a_bin_with_answers(report: RunReport) -> None:
    section = report.calibration
    assert section is not None
    used = [item for item in section.bins if item.n]
    dots = attributes(str(draw_calibration(section)), "circle", "cy")
    rights = [item.n_right / item.n for item in used]
    assert dots == [pytest.approx(8 + 256 * (1 - right), abs=0.06) for right in rights]
    assert draw_confidence(section).count("<rect") == 2 * len(section.bins)


def test_a_panel_marks_its_best_epoch(report: RunReport) -> None:
    assert report.curves is not None
    scales = fit_curve_scales(report.curves)
    panel = report.curves.panels[0]
    drawing = str(draw_panel(panel, scales))
    assert drawing.count("<polyline") == 2
    assert drawing.count('r="3.5"') == 1
    without = replace(panel, scores=(math.nan,) * len(panel.scores), best_epoch=None)
    assert 'r="3.5"' not in draw_panel(without, scales)


def test_only_so_many_panels_are_drawn(report: RunReport) -> None:
    assert report.curves is not None
    many = replace(report.curves, panels=report.curves.panels[:1] * 45)
    tree = read_page(draw_page(replace(report, curves=many, mistakes=(), data=None), None))
    section = tree.one("section", id="curves")
    assert len(section.all("figure")) == 40
    assert "5 more trainings" in section.words


def test_the_page_is_drawn_from_the_sections_alone(any_run: RunFolder, report: RunReport) -> None:
    caution = replace(report.cautions, cautions=())
    changed = replace(report, cautions=caution, headline=replace(report.headline, target="renamed"))
    tree = read_page(draw_page(changed, ThumbnailBook(load_samples(any_run.path)), title="Mine"))
    assert tree.one("h1").text == "Mine"
    assert "of renamed" in tree.one("p", kind="measure").words
    assert not [node for node in tree.all("section") if node.attributes.get("aria-label") == "Cautions"]
