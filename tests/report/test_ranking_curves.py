"""The curves of each task shape against scikit-learn's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from podium.report import ranking_curves as module
from podium.report import read_contents
from podium.report.judged import JudgedRows, judge_rows
from podium.report.ranking_curves import describe_ranking
from podium.store import RunFolder
from podium.tables import Head


@pytest.mark.slow
def test_areas_equal_scikit_learn(any_run: RunFolder) -> None:
    contents = read_contents(any_run)
    assert contents.oof is not None
    for head in contents.oof.task.targets:
        judged = judge_rows(contents, head)
        assert judged is not None
        found = describe_ranking(judged)
        assert found is not None
        assert len(found.grid) == 101
        place = {name: number for number, name in enumerate(head.classes)}
        for curve in found.classes:
            column = place[curve.name]
            truth = judged.labels[:, column] == 1 if head.is_multi else judged.labels == column
            probs = judged.probs[:, column]
            assert (curve.n, curve.share) == (truth.sum(), pytest.approx(truth.mean()))
            assert curve.average_precision == pytest.approx(average_precision_score(truth, probs))
            assert curve.roc_auc == pytest.approx(roc_auc_score(truth, probs))
            # The drawn curve encloses the area, but for the width of a step of the grid.
            assert np.trapezoid(curve.true_positive_rate, found.grid) == pytest.approx(curve.roc_auc, abs=0.011)
            assert np.mean(curve.precision[1:]) == pytest.approx(curve.average_precision, abs=0.03)
        for name in ("precision", "true_positive_rate"):
            wanted = np.mean([getattr(curve, name) for curve in found.classes], axis=0)
            np.testing.assert_allclose(getattr(found.macro, name), wanted, atol=2e-6)
        assert found.macro.roc_auc == pytest.approx(np.mean([curve.roc_auc for curve in found.classes]))


def rows(n_classes: int, labels: list[int]) -> JudgedRows:
    head = Head("h", "single", tuple(str(number) for number in range(n_classes)))
    probs = np.random.default_rng(0).dirichlet(np.ones(n_classes), len(labels))
    return JudgedRows(head, np.arange(len(labels)), np.array(labels), probs, probs.argmax(axis=1))


def test_a_class_without_images_has_no_curve() -> None:
    found = describe_ranking(rows(3, [0, 1, 0, 1]))
    assert found is not None
    assert [curve.name for curve in found.classes] == ["0", "1"]
    assert describe_ranking(rows(3, [0, 0])) is None
    assert describe_ranking(None) is None


def test_of_very_many_classes_the_weakest_are_kept() -> None:
    found = describe_ranking(rows(50, [*range(50)] * 3))
    assert found is not None
    assert len(found.classes) == 40
    assert max(curve.average_precision for curve in found.classes) >= found.macro.average_precision
    precisions = [curve.average_precision for curve in found.classes]
    assert precisions == sorted(precisions)


def test_tables_that_take_too_long_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = rows(3, [0, 1, 2])
    assert describe_ranking(judged) is not None
    monkeypatch.setattr(module, "MOST_CELLS", 8)
    assert describe_ranking(replace(judged)) is None
