from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from podium.errors import UsageError
from podium.report import describe_run, read_contents, write_plots
from podium.store import RunFolder
from podium.tables import Head, Task

from .run_writer import make_samples, write_run


@pytest.mark.long
@pytest.mark.parametrize("any_run", ["single", "multi", pytest.param("faces", marks=pytest.mark.slow)], indirect=True)
def test_every_drawing_is_a_png(any_run: RunFolder, tmp_path: Path) -> None:
    paths = write_plots(any_run, tmp_path)
    names = [path.stem for path in paths]
    report = describe_run(read_contents(any_run))
    per_target = []
    for number, target in enumerate(report.targets, start=1):
        matrix = [] if target.kind == "multi" else [f"confusion-{number}"]
        per_target += [f"classes-{number}", *matrix, f"ranking-{number}"]
    assert names == [*(["targets"] if len(report.targets) > 1 else []), *per_target, "calibration", "curves-1"]
    for path in paths:
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert min(image.size) >= 100
            assert len(image.convert("RGB").getcolors(maxcolors=1 << 16) or []) > 5


_ALONE = """
import sys
from pathlib import Path
from podium.report import make_report, write_plots
from podium.store import RunFolder
run = RunFolder(Path(sys.argv[1]))
make_report(run)
assert "matplotlib" not in sys.modules
import matplotlib
names = set(matplotlib.rcParams) - {"backend"}  # asking for the backend would load pyplot
before = {name: matplotlib.rcParams[name] for name in names}
write_plots(run, Path(sys.argv[2]))
assert {name: matplotlib.rcParams[name] for name in names} == before
assert not {"matplotlib.pyplot", "torch", "rich"} & set(sys.modules)
"""


@pytest.mark.long
def test_no_global_state_and_nothing_heavy(small_run: RunFolder, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, str(small_run.path), str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_names_that_look_like_formulas(tmp_path: Path) -> None:
    classes = ("$\\frac{1}$", "a_b^c", "한국어 \U0001f600", "x" * 300)
    samples = make_samples(Task((Head("$h$", "single", classes),)), tmp_path / "data", 60, n_groups=30)
    run = write_run(tmp_path / "runs", samples, name="r", n_folds=2)
    assert len(write_plots(run)) == 5


@pytest.mark.long
@pytest.mark.parametrize("any_run", ["single"], indirect=True)
def test_pictures_of_the_user_stay(any_run: RunFolder, tmp_path: Path) -> None:
    first = write_plots(any_run, tmp_path)
    assert write_plots(any_run, tmp_path) == first  # our own are made again
    mine = first[-1]
    Image.new("RGB", (3, 3)).save(mine)
    before = mine.read_bytes()
    first[0].unlink()
    with pytest.raises(UsageError, match=f"1 file here would be replaced .*{mine.name}"):
        write_plots(any_run, tmp_path)
    assert mine.read_bytes() == before
    assert not first[0].exists()
    write_plots(any_run, tmp_path, overwrite=True)
    assert mine.read_bytes() != before


def test_an_empty_folder_has_no_plots(tmp_path: Path) -> None:
    assert write_plots(RunFolder(tmp_path)) == []
