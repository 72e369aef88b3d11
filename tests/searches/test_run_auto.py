"""One command audits, searches, trains, combines and submits, ends with one honest number, and goes on after a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import podium
from podium.cli import main
from podium.dataset.prepared import load_prepared
from podium.errors import LeakError, Stopped, UsageError
from podium.searches import choose_answer, run_auto
from podium.searches.auto_result import AutoResult
from podium.tables import Samples
from tiny.contest import TASKS, TINY, Notes, make_samples, make_settings

Contest = Callable[[str], Samples]
LINES = [line for line in TINY if not line.startswith(("head.kind", "training.epochs", "training.batch_size"))]


@pytest.fixture(autouse=True)
def few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two trials, and one training of what the minutes buy."""
    monkeypatch.setattr(run_auto, "search", partial(podium.search, starts=(), trials=2))
    monkeypatch.setattr(run_auto, "train", _train_quick)


def _train_quick(data: Any, *, minutes: float, overrides: Any, **how: Any) -> podium.Run:
    return podium.train(data, preset="quick", overrides=[*overrides, "training.epochs=1", "model.freeze=none"], **how)


def auto(data: Any, folder: Path, **how: Any) -> AutoResult:
    usual: dict[str, Any] = {"minutes": 5, "folds": 2, "overrides": LINES, "name": "mine", "progress": Notes()}
    return podium.auto(data, settings=make_settings(folder), **(usual | how))


@pytest.mark.long
@pytest.mark.parametrize("shape", TASKS)
def test_it_ends_with_one_number_on_untouched_groups(shape: str, contest: Contest, tmp_path: Path) -> None:
    found = auto(contest(shape), tmp_path)
    whole = load_prepared(found.folder.data_folder)
    assert found.n == len(whole.folds.holdout_rows) > 0
    assert found.n_learnt + found.n == len(whole)
    assert found.answer.is_finished
    assert found.score.value == pytest.approx(json.loads(found.folder.result_file.read_text())["score"]["value"])
    assert len(found.members) >= 2
    for page in (found.folder.page_file, found.folder.search.page_file, found.folder.audit_folder / "audit.html"):
        assert page.is_file()
    again = auto(contest(shape), tmp_path)
    assert again.to_dict() | {"minutes": 0} == found.to_dict() | {"minutes": 0}  # nothing is trained twice


@pytest.mark.long
def test_a_stop_at_any_stage_is_gone_on_with(contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = contest("single")
    whole = auto(samples, tmp_path / "whole")
    for room, stage in ((run_auto, "search"), (run_auto, "train"), (choose_answer, "ensemble")):
        with monkeypatch.context() as patch:
            patch.setattr(room, stage, _stop)
            with pytest.raises(Stopped) as stopped:
                auto(samples, tmp_path / "cut", name=None)
            assert stopped.value.fix == "Go on with `podium.resume_auto('auto-1')`."
    found = podium.searches.run_auto.resume_auto("auto-1", settings=make_settings(tmp_path / "cut"), progress=Notes())
    assert found.score == whole.score
    assert found.seen == whole.seen


def _stop(*_arguments: Any, **_options: Any) -> Any:
    raise Stopped("asked to stop.")


@pytest.mark.long
def test_the_command_fills_the_sample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_samples(tmp_path / "images", "single")
    rows = [f"{row:02d}.png,{'worn' if row % 2 else 'none'},p{row % 18}" for row in range(36)]
    (tmp_path / "train.csv").write_text("\n".join(["image,mask,person", *rows]))
    (tmp_path / "sample.csv").write_text("\n".join(["image,mask", *(f"{row:02d}.png,worn" for row in range(36))]))
    words = ["auto", str(tmp_path / "images"), "--labels", str(tmp_path / "train.csv"), "--label-columns", "mask"]
    words += ["--group", "person", "--folds", "2", "--minutes", "5", "--test", str(tmp_path / "images")]
    words += ["--sample", str(tmp_path / "sample.csv"), "--runs", str(tmp_path / "runs"), "--device", "cpu"]
    words += ["--threads", "1", *(word for line in LINES for word in ("--set", line))]
    assert main([*words, "-q"]) == 0
    shown = capsys.readouterr().out
    assert "that nothing was chosen by" in shown
    lines = (tmp_path / "runs" / "auto-1" / "submission.csv").read_text().splitlines()
    assert len(lines) == 37
    assert main(["auto", "--resume", "auto-1", "--runs", str(tmp_path / "runs"), "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["submission"]["n_rows"] == 36
    assert main(["auto", "--resume", "auto-1", "--minutes", "3"]) == 2
    assert main(["auto", str(tmp_path)]) == 2


def test_what_is_wrong_is_refused_before_any_work(contest: Contest, tmp_path: Path) -> None:
    for how in ({"minutes": 0}, {"sample": "none.csv"}, {"test": tmp_path / "none"}):
        with pytest.raises(UsageError):
            auto(tmp_path / "no such folder", tmp_path, **how)
    with pytest.raises(UsageError, match="there is no auto"):
        podium.resume_auto("none", settings=make_settings(tmp_path))
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_what_a_training_refuses_is_refused_with_the_same_fix(contest: Contest, tmp_path: Path) -> None:
    folds = podium.FoldOptions(folds=2, split_method="random")
    refused = []
    for verb in (auto, _train):
        with pytest.raises(LeakError) as error:
            verb(contest("single"), tmp_path, folds=folds)
        refused.append(error.value.to_dict())
    assert refused[0] == refused[1]
    with pytest.raises(LeakError):  # the name is not taken by what came to nothing
        auto(contest("single"), tmp_path, folds=podium.FoldOptions(folds=3, split_method="random"))


def _train(data: Any, folder: Path, **how: Any) -> podium.Run:
    return podium.train(data, overrides=LINES, settings=make_settings(folder), progress=Notes(), **how)
