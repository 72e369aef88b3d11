from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.metrics import score, score_predictions
from podium.report.axis import fit_axis
from podium.report.calibration_section import describe_calibration
from podium.report.contents import RunContents
from podium.report.curves_section import choose_score, describe_curves
from podium.report.numbers import show_count, show_score
from podium.report.section_drawings import draw_losses, draw_scores
from podium.report.targets_section import describe_targets
from podium.splits import make_folds
from podium.store import EpochRow, RunFolder

from .run_writer import SHAPES, make_samples, predict

finite = st.floats(-1e6, 1e6, allow_nan=False)


def contents_of(shape: str) -> RunContents:
    samples = make_samples(SHAPES[shape](), Path("data"), 150, n_groups=50)
    folds = make_folds(samples)
    oof = predict(samples, folds, skill=1.0)
    scores = score_predictions(oof, samples, n_resamples=20)
    return RunContents(RunFolder(Path("r")), samples=samples, folds=folds, scores=scores, oof=oof)


@pytest.mark.slow
@given(st.lists(finite, min_size=1, max_size=20), st.integers(2, 8))
def test_axis_holds_every_value_on_round_ticks(values: list[float], n_ticks: int) -> None:
    axis = fit_axis(values, n_ticks=n_ticks)
    room = 1e-6 * max(1.0, axis.high - axis.low)
    assert axis.low - room <= min(values)
    assert max(values) <= axis.high + room
    assert 2 <= len(axis.ticks) <= n_ticks + 3
    steps = np.diff(axis.ticks)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    assert axis.place(axis.low) == 0
    assert axis.place(axis.high) == 100
    places = [axis.place(value) for value in sorted(values)]
    assert places == sorted(places)


@pytest.mark.slow
@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_axis_of_shares_stays_within(values: list[float]) -> None:
    axis = fit_axis(values, within=(0.0, 1.0))
    assert axis.low >= 0
    assert axis.high <= 1


@given(st.floats(0, 1), st.integers(1, 4))
def test_tick_labels_say_the_tick(start: float, n_steps: int) -> None:
    axis = fit_axis([start, start + 0.1 * n_steps])
    for tick in axis.ticks:
        assert math.isclose(float(axis.label(tick)), tick, abs_tol=1e-9)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_value_behind_a_rounded_score_is_exact(value: float) -> None:
    assert float(str(show_score(value)).split('"')[1]) == value


def test_no_number_is_a_dash() -> None:
    assert "–" in show_score(math.nan)
    assert "–" in show_score(None)
    assert ">18,900<" in show_count(18900)


def test_confused_pairs_are_the_largest_cells() -> None:
    contents = contents_of("single")
    assert contents.scores is not None
    counts = contents.scores.targets["digit"].confusion
    pairs = describe_targets(contents)[0].pairs
    cells = [(int(counts[a, b]), str(a), str(b)) for a in range(10) for b in range(10) if a != b]
    assert [pair.n for pair in pairs] == sorted((n for n, _, _ in cells), reverse=True)[: len(pairs)]
    for pair in pairs:
        assert (pair.n, pair.truth, pair.answer) in cells
        assert pair.share == pair.n / counts[int(pair.truth)].sum()


def test_mixed_up_labels_equal_a_slow_loop() -> None:
    contents = contents_of("multi")
    assert contents.samples is not None
    assert contents.oof is not None
    labels = contents.samples.labels["letters"][contents.samples.rows_of(contents.oof.ids)]
    answers = contents.oof.probs["letters"] >= 0.5
    classes = SHAPES["multi"]().heads[0].classes
    section = describe_targets(contents)[0]
    for pair in section.pairs:
        a, b = classes.index(pair.truth), classes.index(pair.answer)
        both = [y[a] == 1 and not d[a] and y[b] == 0 and d[b] for y, d in zip(labels, answers, strict=True)]
        missed = [y[a] == 1 and not d[a] for y, d in zip(labels, answers, strict=True)]
        assert pair.n == sum(both)
        assert pair.share == sum(both) / sum(missed)
    wrong = [(answers[row] != (labels[row] == 1)).sum() for row in range(len(labels))]
    assert {line.distance: line.n for line in section.wrong_labels if line.n} == {
        number: wrong.count(number) for number in set(wrong)
    }


def test_ordinal_distances_count_every_answer() -> None:
    contents = contents_of("faces")
    assert contents.oof is not None
    assert contents.samples is not None
    section = next(item for item in describe_targets(contents) if item.name == "age")
    truth = contents.samples.labels["age"][contents.samples.rows_of(contents.oof.ids)]
    gaps = (contents.oof.probs["age"].argmax(axis=1) - truth).tolist()
    assert {line.distance: line.n for line in section.distances} == {gap: gaps.count(gap) for gap in range(-2, 3)}
    assert math.isclose(sum(line.share for line in section.distances), 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_calibration_equals_a_slow_loop(shape: str) -> None:
    contents = contents_of(shape)
    assert contents.samples is not None
    assert contents.oof is not None
    head = contents.oof.task.main_target
    labels = contents.samples.target_labels(head.name)[contents.samples.rows_of(contents.oof.ids)]
    probs = contents.oof.probs[head.name]
    answers = []
    for row in range(len(labels)):
        if head.is_multi:
            answers += [(max(p, 1 - p), (p >= 0.5) == (y == 1)) for p, y in zip(probs[row], labels[row], strict=True)]
        else:
            answers.append((probs[row].max(), probs[row].argmax() == labels[row]))
    answers.sort(key=lambda pair: -pair[0])
    section = describe_calibration(contents)
    assert section is not None
    assert section.error == score("expected_calibration_error", probs, labels, head)
    assert math.isclose(section.right, sum(ok for _, ok in answers) / len(answers))
    assert sum(item.n for item in section.bins) == len(answers)
    lows = [item.low for item in section.bins]
    for item, high in zip(section.bins, [*lows[1:], 1.0], strict=True):
        inside = [(sure, ok) for sure, ok in answers if item.low < sure <= high or (sure == item.low == lows[0])]
        assert (item.n, item.n_right) == (len(inside), sum(ok for _, ok in inside))
        assert math.isnan(item.confidence) if not inside else item.low <= item.confidence <= high
    for line in section.coverage:
        kept = answers[: line.n]
        assert line.n == max(1, round(line.share * len(answers)))
        assert line.right == sum(ok for _, ok in kept) / line.n
        assert line.lowest == kept[-1][0]


def rows_of(values: list[float], name: str = "digit", fold: int = 0, model: str = "all") -> list[EpochRow]:
    return [
        EpochRow(fold=fold, model=model, epoch=epoch, step=epoch, lr=0.1, train_loss=1.0, scores={name: value})
        for epoch, value in enumerate(values)
    ]


def test_curves_mark_the_best_epoch() -> None:
    contents = RunContents(
        RunFolder(Path("r")), epochs=tuple(rows_of([0.1, 0.9, 0.4]) + rows_of([0.3, math.nan, 0.2], fold=1))
    )
    section = describe_curves(contents)
    assert section is not None
    assert [(panel.best, panel.best_epoch, panel.last, len(panel.epochs)) for panel in section.panels] == [
        (0.9, 1, 0.4, 3),
        (0.3, 0, 0.2, 3),
    ]


def test_the_best_loss_is_the_lowest() -> None:
    contents = contents_of("single")
    assert contents.samples is not None
    assert contents.oof is not None
    scores = score_predictions(contents.oof, contents.samples, metric="log_loss", n_resamples=0)
    for model in ("all", "another"):
        rows = rows_of([0.5, 0.2, 0.3], "digit" if model == "all" else "age", model=model)
        section = describe_curves(RunContents(RunFolder(Path("r")), scores=scores, epochs=tuple(rows)))
        assert section is not None
        assert section.panels[0].best_epoch == 1


def test_curves_of_hundreds_of_epochs_and_of_one() -> None:
    for n_epochs in (1, 400):
        rows = rows_of([0.5] * n_epochs)
        section = describe_curves(RunContents(RunFolder(Path("r")), epochs=tuple(rows)))
        assert section is not None
        assert len(section.panels[0].scores) == n_epochs
        assert draw_scores(section, "all").__html__()
        assert draw_losses(section, "all").__html__()


def test_every_training_is_described() -> None:
    rows = [row for fold in range(15) for part in "abc" for row in rows_of([0.1], fold=fold, model=part)]
    section = describe_curves(RunContents(RunFolder(Path("r")), epochs=tuple(rows)))
    assert section is not None
    assert len(section.panels) == 45
    assert len({(panel.fold, panel.model) for panel in section.panels}) == 45


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["mask", "class", "age"], "class"),
        (["mask", "age"], "mask"),
        ([], ""),
    ],
)
def test_the_drawn_score_is_the_main_one(names: list[str], chosen: str) -> None:
    assert choose_score(names, "class") == chosen
