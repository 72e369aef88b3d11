"""Folds on the workers of a real Ray of this machine: the bytes are those of one process."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from podium.crossval.start_run import start_run
from podium.dataset import FoldOptions
from podium.machine import Silent
from podium.tables import Samples
from podium.workflows import resume
from tiny.contest import make_recipe, make_settings, results_of

pytest.importorskip("ray", reason="needs the extra ray, whose start-up may time out on a busy machine")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own
LINES = ("model.freeze=none", "predict_views=[plain]", "training.epochs=3")


def test_folds_on_two_workers_are_those_of_one_process(contest: Callable[[str], Samples], tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "new")
    start_run(contest("attributes"), make_recipe(*LINES), FoldOptions(folds=5), settings, Silent(), name="mine")
    shutil.copytree(tmp_path / "new", tmp_path / "alone")
    alone = resume("mine", settings=make_settings(tmp_path / "alone"))
    together = resume("mine", settings=replace(settings, ray="local"))
    assert results_of(together.folder.path) == results_of(alone.folder.path)
    assert together.folder.report_file.is_file()
