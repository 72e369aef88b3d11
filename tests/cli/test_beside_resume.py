"""No option is ignored in silence beside --resume."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from podium.cli import main


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("auto --resume x --preset quick", "--preset"),
        ("auto photos --resume x --test new", "the data and --test"),
        ("search --resume x --folds 3 --no-default-space --set seed=1", "--no-default-space and --folds and --set"),
        ("search --resume x --proxy 10 --seed 1", "--proxy and --seed"),
        ("study --resume x --seeds 2 --all-folds --metric accuracy", "--seeds and --all-folds and --metric"),
        ("study --resume x --group person --labels a.csv", "--labels and --group"),
        ("train --resume x --strict --minutes 3 --reproducible", "--strict and --minutes and --reproducible"),
        ("train photos --resume x --extra more=other", "the data and --extra"),
    ],
)
def test_what_a_resume_does_not_take_is_refused(line: str, named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(shlex.split(line)) == 2
    assert capsys.readouterr().err.rstrip().endswith(f"Leave out {named}.")


@pytest.mark.parametrize(
    "line",
    [
        "auto --resume x --threads 1 --processes 2 --json -q",
        "search --resume x --minutes 3 --trials 4 --device cpu",
        "study --resume x --track tensorboard --runs elsewhere",
        "train --resume x --set seed=1 --only-folds 0 --root there --checkpoint-seconds 5 --no-looks",
    ],
)
def test_what_it_takes_is_not(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line)) in (2, 3)  # there is no x
    assert "Leave out" not in capsys.readouterr().err
