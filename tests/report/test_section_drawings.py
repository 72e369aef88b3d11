"""Every drawing shows its section's data, and nothing else is needed for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from podium.metrics import Interval
from podium.report import RunReport, describe_run, read_contents
from podium.report.drawing import Dot, Drawing, Text, Trace
from podium.report.page import draw_page
from podium.report.paint import PAINTS
from podium.report.section_drawings import (
    draw_balance,
    draw_calibration,
    draw_class_score,
    draw_confidence,
    draw_count,
    draw_distance,
    draw_losses,
    draw_precision_recall,
    draw_roc,
    draw_score,
    draw_scores,
    draw_target_score,
    shade_matrix,
)
from podium.report.thumbnails import ThumbnailBook
from podium.store import RunFolder
from podium.tables import load_samples

from .page_reader import read_page


@pytest.fixture(scope="module")
def report(any_run: RunFolder) -> RunReport:
    return describe_run(read_contents(any_run))


def of_kind(drawing: Drawing | str, kind: str) -> list[Any]:
    assert isinstance(drawing, Drawing)
    return [shape for shape in drawing.shapes if shape.kind == kind]


@pytest.mark.slow
def test_the_score_stands_at_its_value(report: RunReport) -> None:
    interval = report.headline.interval
    assert interval is not None
    drawing = draw_score(report.headline)
    assert [dot.x for dot in of_kind(drawing, "dot")] == [pytest.approx(100 * interval.value)]
    assert [(line.x1, line.x2) for line in of_kind(drawing, "range")] == [
        (pytest.approx(100 * interval.low), pytest.approx(100 * interval.high))
    ]


def test_a_score_above_one_gets_a_longer_scale(report: RunReport) -> None:
    errors = replace(report.headline, interval=Interval(2.0, 1.5, 2.5, 9, 9, 0.95))
    assert of_kind(draw_score(errors), "dot")[0].x < 100


def test_targets_share_a_scale(report: RunReport) -> None:
    lines = report.headline.targets
    places = [of_kind(draw_target_score(report.headline, line), "dot")[0].x for line in lines]
    values = [line.interval.value for line in lines]
    assert [places.index(place) for place in sorted(places)] == [values.index(value) for value in sorted(values)]


def test_classes_stand_at_their_f1(report: RunReport) -> None:
    for line in report.targets[0].classes:
        assert [dot.x for dot in of_kind(draw_class_score(line), "dot")] == [pytest.approx(100 * line.score.f1)]


def test_matrix_shades_grow_with_the_share_of_the_row(report: RunReport) -> None:
    for target in report.targets:
        for (name, cells), counts, line in zip(shade_matrix(target), target.confusion, target.classes, strict=False):
            assert name == line.score.name
            assert [cell.n for cell in cells] == list(counts)
            assert [cell.kind.startswith("hit") for cell in cells].count(True) == 1
            assert all(cell.kind in PAINTS for cell in cells)
            shades = [int(cell.kind.split("-")[1]) for cell in sorted(cells, key=lambda cell: cell.n)]
            assert shades == sorted(shades)
            assert [shade == 0 for shade in shades] == [n == 0 for n in sorted(counts)]
            assert {cell.ink for cell in cells} <= {"on-light", "on-dark"}


def test_bars_are_as_long_as_their_counts(report: RunReport) -> None:
    assert report.data is not None
    for target in report.data.targets:
        top = max(line.n for line in target.lines)
        for line in target.lines:
            assert [rect.width for rect in of_kind(draw_count(target, line), "bar")] == [
                pytest.approx(100 * line.n / top)
            ]
    for section in report.targets:
        for lines in (section.distances, section.wrong_labels):
            widths = [of_kind(draw_distance(lines, line), "bar")[0].width for line in lines]
            assert [width == 100 for width in widths] == [line.n == max(other.n for other in lines) for line in lines]


def test_balance_has_a_column_a_class_and_none_for_very_many(report: RunReport) -> None:
    assert report.folds is not None
    line = report.folds.lines[0]
    assert len(of_kind(draw_balance(line), "bar")) == len(line.shares)
    assert draw_balance(replace(line, shares=(1 / 61,) * 61)) == ""
    assert draw_balance(replace(line, shares=())) == ""


def test_reliability_has_a_dot_a_bin_with_answers(report: RunReport) -> None:
    section = report.calibration
    assert section is not None
    used = [item for item in section.bins if item.n]
    dots = of_kind(draw_calibration(section), "dot")
    bottom, top = (of_kind(draw_calibration(section), "grid")[place].y1 for place in (0, -1))
    rights = [item.n_right / item.n for item in used]
    assert [dot.y for dot in dots] == [pytest.approx(bottom + right * (top - bottom)) for right in rights]
    stack = draw_confidence(section)
    assert len(of_kind(stack, "bar")) == len(of_kind(stack, "wrong")) == len(section.bins)


def test_ranking_curves_have_chance_a_mean_and_named_classes(report: RunReport) -> None:
    for target in report.targets:
        ranking = target.ranking
        assert ranking is not None
        n_named = min(5, len(ranking.classes))
        for drawing, areas in (
            (draw_precision_recall(ranking), [item.average_precision for item in ranking.classes]),
            (draw_roc(ranking), [item.roc_auc for item in ranking.classes]),
        ):
            names = [shape.words for shape in drawing.shapes if isinstance(shape, Text) and shape.anchor == "start"]
            assert len(of_kind(drawing, "trace")) == 2  # the mean, and its key
            assert len(of_kind(drawing, "faint")) == len(ranking.classes) - n_named
            assert len(names) == 1 + n_named + 2
            assert names[1].startswith("macro")
            assert names[-1].startswith("chance")
            shown = {name.rsplit(" ", 1)[1] for name in names[2:-1]}
            assert shown <= {f"{area:.2f}" for area in areas}


def test_chance_is_the_share_of_the_class_and_the_diagonal(report: RunReport) -> None:
    ranking = report.targets[0].ranking
    assert ranking is not None
    (level,) = [shape for shape in of_kind(draw_precision_recall(ranking), "chance") if isinstance(shape, Trace)]
    grid = of_kind(draw_precision_recall(ranking), "grid")
    height = grid[0].y1 - grid[-1].y1
    for _, y in level.points:
        assert y == pytest.approx(grid[0].y1 - ranking.macro.share * height)
    (slope,) = [shape for shape in of_kind(draw_roc(ranking), "chance") if isinstance(shape, Trace)]
    assert slope.points[0][1] == pytest.approx(grid[0].y1)
    assert slope.points[1][1] == pytest.approx(grid[-1].y1)


def test_all_folds_are_on_one_chart(report: RunReport) -> None:
    assert report.curves is not None
    for drawing, n_marks in ((draw_scores(report.curves, "all"), 5), (draw_losses(report.curves, "all"), 0)):
        assert len([shape for shape in drawing.shapes if isinstance(shape, Trace)]) == 5
        assert len([shape for shape in drawing.shapes if isinstance(shape, Dot)]) == n_marks
        names = [shape.words for shape in drawing.shapes if isinstance(shape, Text)]
        assert [name for name in names if name.startswith("fold")] == [f"fold {fold}" for fold in range(5)]
    panels = tuple(replace(panel, best_epoch=None) for panel in report.curves.panels)
    unmarked = draw_scores(replace(report.curves, panels=panels), "all")
    assert not [shape for shape in unmarked.shapes if isinstance(shape, Dot)]


def test_very_many_folds_have_no_legend(report: RunReport) -> None:
    assert report.curves is not None
    panels = tuple(replace(report.curves.panels[0], fold=fold) for fold in range(30))
    drawing = draw_scores(replace(report.curves, panels=panels), "all")
    assert len([shape for shape in drawing.shapes if isinstance(shape, Trace)]) == 30
    assert not [shape for shape in drawing.shapes if isinstance(shape, Text) and shape.words.startswith("fold")]


@pytest.mark.slow
def test_every_model_has_its_charts_up_to_a_limit(report: RunReport) -> None:
    assert report.curves is not None
    panels = tuple(replace(report.curves.panels[0], model=f"m{number}") for number in range(23))
    changed = replace(report, curves=replace(report.curves, panels=panels), mistakes=(), data=None)
    section = read_page(draw_page(changed, None)).one("section", id="curves")
    assert [node.text for node in section.all("h3")] == [f"m{number}" for number in range(20)]
    assert len(section.all("svg")) == 80  # four a model
    assert "3 more models" in section.words


def test_the_page_is_drawn_from_the_sections_alone(any_run: RunFolder, report: RunReport) -> None:
    caution = replace(report.cautions, cautions=())
    changed = replace(report, cautions=caution, headline=replace(report.headline, target="renamed"))
    tree = read_page(draw_page(changed, ThumbnailBook(load_samples(any_run.path)), title="Mine"))
    assert tree.one("h1").text == "Mine"
    assert "of renamed" in tree.one("p", kind="measure").words
    assert not [node for node in tree.all("section") if node.attributes.get("aria-label") == "Cautions"]
