"""Drawings of a run, one by one."""

from __future__ import annotations

import json
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from podium.errors import UnknownNameError, UsageError
from podium.report.inline import Gallery, Plots
from podium.report.plots import write_plots
from podium.store import RunFolder

SLOW = [pytest.param(shape, marks=pytest.mark.slow) for shape in ("multi", "faces")]


@pytest.mark.long
@pytest.mark.parametrize("any_run", ["single", *SLOW], indirect=True)
def test_each_drawing_is_the_file_of_the_report(any_run: RunFolder, tmp_path: Path) -> None:
    files = {path.stem: path.read_bytes() for path in write_plots(any_run, tmp_path)}
    plots = Plots(any_run)
    made = {
        "classes-1": plots.classes(),
        "ranking-1": plots.ranking(),
        "calibration": plots.calibration(),
        "curves-1": plots.curves(),
    }
    if "confusion-1" in files:
        made["confusion-1"] = plots.confusion()
    else:
        with pytest.raises(UsageError, match="several labels per image"):
            plots.confusion()
    several = len(Plots(any_run)._report.targets) > 1
    made |= {"targets": plots.scores()} if several else {}
    assert plots.scores().title == ("Score of every target" if several else "Score")
    assert Image.open(BytesIO(plots.scores().png)).width > 100
    for name, plot in made.items():
        assert plot._repr_png_() == files[name], name
        assert Image.open(BytesIO(plot.png)).width > 100
    last = list(json.loads(any_run.scores_file.read_text())["targets"])[-1]
    assert plots.classes(last).title == f"F1 of {last}"
    assert made["classes-1"].save(tmp_path / "own.png").read_bytes() == made["classes-1"].png
    assert repr(plots) == (
        f"Plots of run {any_run.name!r}: scores, classes, confusion, ranking, calibration, curves, mistakes"
    )
    assert repr(made["classes-1"]).startswith("Plot('F1 of ")


@pytest.mark.slow
def test_mistakes_are_shown_with_their_labels(any_run: RunFolder) -> None:
    gallery = Plots(any_run).mistakes()
    assert isinstance(gallery, Gallery)
    html = gallery._repr_html_()
    assert html.count("<img ") == len(gallery) == len(gallery.images)
    assert all(address.startswith("data:image/jpeg;base64,") for address, _ in gallery.images)
    assert len(repr(gallery)) < 120


def test_unknown_targets_and_models_are_refused(any_run: RunFolder) -> None:
    plots = Plots(any_run)
    for ask in (plots.confusion, plots.classes, plots.ranking, plots.mistakes):
        with pytest.raises(UnknownNameError, match="target 'nothing'"):
            ask("nothing")
    with pytest.raises(UnknownNameError, match="model 'nothing'"):
        plots.curves("nothing")


def test_a_run_without_scores_says_so(any_run: RunFolder, tmp_path: Path) -> None:
    copy = RunFolder(Path(shutil.copytree(any_run.path, tmp_path / "copy")))
    copy.scores_file.unlink()
    with pytest.raises(UsageError, match="not finished"):
        Plots(copy).scores()
