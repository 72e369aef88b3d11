"""Scores of the values of a column are those of their images alone, and the worst is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium.cli import main
from podium.errors import UnknownNameError
from podium.metrics import score
from podium.report.contents import read_contents
from podium.report.slices_section import describe_slices
from podium.tables import Samples, save_predictions
from podium.workflows import Run, train
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_each_value_is_scored_by_its_own_images(
    contest: Contest, tmp_path: Path, shape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = contest(shape)
    run = train(samples, recipe=make_recipe("training.epochs=1"), folds=2, settings=make_settings(tmp_path))
    table = tmp_path / "sites.csv"
    site = {name: "ab"[row % 3 == 0] for row, name in enumerate(samples.ids.tolist())}
    table.write_text("image,site\n" + "".join(f"{name},{cell}\n" for name, cell in site.items()))
    (found,) = run.slices("site", table=table)
    oof, head = run.oof, run.oof.task.main_target
    labels = run.samples.target_labels(head.name)[run.samples.rows_of(oof.ids)]
    for one in found.scores:
        own = [place for place, name in enumerate(oof.ids.tolist()) if site[name] == one.name]
        assert one.interval.value == pytest.approx(score(found.metric, oof.probs[head.name][own], labels[own], head))
    assert {one.name for one in found.scores} == {"a", "b"}
    assert found.worst in ("a", "b")
    words = ["slices", run.name, "--runs", str(run.settings.runs), "--by", "fold"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["slices"][0]
    assert [one["name"] for one in told["scores"]] == ["fold 0", "fold 1"]
    assert main(words) == 0
    assert "worst" in capsys.readouterr().out
    shown = describe_slices(read_contents(run.folder))
    assert shown is not None
    assert [(one.name, one.worst, one.lines[0].name) for one in shown.columns] == [
        ("site", found.worst, found.worst),
        ("fold", told["worst"], told["worst"]),
    ]
    assert {line.name: line.interval.value for line in shown.columns[0].lines} == {
        one.name: one.interval.value for one in found.scores
    }
    page = run.folder.report_file.read_text()
    assert 'id="slices"' in page
    assert f'Worst: <b>{found.worst}</b>, <data value="{found.worst_score.value!r}">' in page
    with pytest.raises(UnknownNameError):
        run.slices("nothing")
    save_predictions(oof.take(np.arange(len(oof))[::-1]), run.folder.oof_file)
    assert describe_slices(read_contents(run.folder)) is None


@pytest.mark.slow
def test_a_bag_has_the_value_of_its_images(contest: Contest, tmp_path: Path) -> None:
    samples = contest("multi")
    samples = replace(samples, bag=samples.group)
    run: Run = train(samples, recipe=make_recipe("training.epochs=1"), folds=2, settings=make_settings(tmp_path))
    (found,) = run.slices("fold")
    assert sum(one.n for one in found.scores) == run.scores.main.n_groups == 18
    card = run.stress(corruptions="jpeg", severities=3, images=0)
    assert (card.n_images, card.main.n) == (36, 18)
    assert card.main.clean.value == pytest.approx(run.scores.main.value)
