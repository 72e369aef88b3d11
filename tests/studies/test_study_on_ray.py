"""Arms of a study on the workers of a real Ray of this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import podium
from podium.machine import Silent
from podium.studies.verdicts import StudyResult, runs_of
from podium.tables import Samples
from tiny.contest import make_recipe, make_settings, results_of

pytest.importorskip("ray", reason="needs the extra ray, whose start-up may time out on a busy machine")
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]  # Ray's own


def test_arms_on_ray_are_those_of_one_process(contest: Callable[[str], Samples], tmp_path: Path) -> None:
    def run(place: str, ray: str) -> StudyResult:
        settings = replace(make_settings(tmp_path / place), ray=ray)
        return podium.study(
            contest("single"),
            recipe=make_recipe("training.epochs=2"),
            vary={"optimizer.lr": [0.3]},
            folds=2,
            name="mine",
            settings=settings,
            progress=Silent(),
        )

    alone, together = run("alone", ""), run("together", "local")
    runs = [
        [one for _, own in runs_of(found.folder, found.folder.read()) for one in own] for found in (alone, together)
    ]
    assert [results_of(one.path) for one in runs[1]] == [results_of(one.path) for one in runs[0]]
    assert all(together.folder.minutes([one]) > 0 for one in runs[1])
