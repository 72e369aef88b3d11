"""A study trains every arm on the same folds, says which helps, leaves what hurts, and goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import podium
from podium.cli import main
from podium.errors import RecipeError, Stopped, UsageError
from podium.launch import processes
from podium.machine import Settings
from podium.studies import run_study
from podium.studies.folder import StudyFolder
from podium.studies.verdicts import StudyResult, runs_of
from podium.tables import Head, Samples, Task, as_text_array
from tiny.contest import TASKS, TINY, Notes, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
SMALL = ("training.epochs=1",)


def run(samples: Any, folder: Path, *, lines: tuple[str, ...] = SMALL, **how: Any) -> StudyResult:
    options: dict[str, Any] = {"folds": 2, "name": "mine", "settings": make_settings(folder), "progress": Notes()}
    return podium.study(samples, recipe=make_recipe(*lines), **(options | how))


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Images whose class is their colour: any network learns it that learns at all."""
    folder, rng, n = tmp_path_factory.mktemp("colours"), np.random.default_rng(0), 60
    for row in range(n):
        pixels = rng.integers(60, 120, (36, 36, 3), dtype=np.uint8)
        pixels[:, :, 0 if row % 2 else 2] += 100
        Image.fromarray(pixels).save(folder / f"{row:02d}.png")
    names = as_text_array([f"{row:02d}.png" for row in range(n)])
    labels = {"colour": np.arange(n) % 2}
    group = as_text_array([f"g{row // 2}" for row in range(n)])
    return Samples(folder, names, names, Task((Head("colour", "single", ("blue", "red")),)), labels, group=group)


SURE = ("training.epochs=30", "optimizer.lr=0.05")
SLOW = {"optimizer.lr": [1e-9]}


@pytest.mark.long
@pytest.mark.parametrize("shape", TASKS)
def test_every_arm_is_tried_on_the_same_folds(shape: str, contest: Contest, tmp_path: Path) -> None:
    found = run(contest(shape), tmp_path, vary={"optimizer.lr": [0.3], "image.size_px": [48]}, seeds=2)
    assert [found.names[arm.name] for arm in found.main.arms] == ["optimizer.lr=0.3", "image.size_px=48"]  # type: ignore[union-attr]
    folder, record = found.folder, found.folder.read()
    folds = {one.folder.path: one.folds.digest for _, runs in runs_of(folder, record) for one in map(_load, runs)}
    assert len(folds) == 6
    assert len(set(folds.values())) == 1
    assert [arm.n_seeds for arm in found.main.arms] == [2, 2]  # type: ignore[union-attr]
    assert found.minutes["base"] > 0
    assert (found.missing, found.stopped, found.left_out) == ((), (), {})
    assert "optimizer.lr=0.3" in folder.page_file.read_text()
    assert folder.plot_file.read_bytes().startswith(b"<svg")
    assert podium.list_runs(tmp_path / "runs") == []  # its runs are its own


def _load(folder: Any) -> podium.Run:
    return podium.Run(folder)


@pytest.mark.long
def test_an_arm_that_hurts_is_left_and_one_that_does_nothing_is_not(colours: Samples, tmp_path: Path) -> None:
    vary = SLOW | {"training.batch_size": [16]}
    notes = Notes()
    found = run(colours, tmp_path, lines=SURE, vary=vary, folds=3, progress=notes)
    assert [arm.name for arm in found.stopped] == ["optimizer.lr=1e-09"]
    assert found.stopped[0].n_folds < 3
    assert found.stopped[0].difference.verdict == "hurts"
    assert [found.names[arm.name] for arm in found.main.arms] == ["training.batch_size=16"]  # type: ignore[union-attr]
    assert any("it hurts beyond doubt" in note for note in notes.notes)
    again = run(colours, tmp_path, lines=SURE, vary=vary, folds=3)
    assert again.to_dict() == found.to_dict()  # nothing is trained twice
    whole = run(colours, tmp_path, lines=SURE, vary=SLOW, folds=3, stop_early=False, name="whole")
    assert whole.stopped == ()
    assert whole.main.arms[0].verdict == "hurts"  # type: ignore[union-attr]
    slow = (*SURE[:1], "optimizer.lr=1e-9")
    back = run(colours, tmp_path, lines=slow, vary={"optimizer.lr": [0.05]}, folds=3, name="back")
    assert back.helpful == ["optimizer.lr=0.05"]


@pytest.mark.long
def test_a_study_that_was_stopped_goes_on(contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = contest("single")
    whole = run(samples, tmp_path / "whole", vary={"optimizer.lr": [0.3]})
    calls = []

    def stop_at_third(*arguments: Any, **options: Any) -> Any:
        calls.append(options)
        if len(calls) == 3:
            raise Stopped("asked to stop.")
        return train(*arguments, **options)

    train = run_study.train
    with monkeypatch.context() as patch:
        patch.setattr(run_study, "resume", lambda *_a, **_o: (_ for _ in ()).throw(Stopped("asked to stop.")))
        with pytest.raises(Stopped) as stopped:
            run(samples, tmp_path / "cut", vary={"optimizer.lr": [0.3]})
    assert stopped.value.fix == "Go on with `podium.resume_study('mine')`."
    found = podium.resume_study("mine", settings=make_settings(tmp_path / "cut"), progress=Notes())
    pair = [one.main.arms[0] for one in (whole, found)]  # type: ignore[union-attr]
    assert pair[0] == pair[1]
    assert found.missing == ()


def test_a_metric_that_does_not_fit_keeps_the_name_free(colours: Samples, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not fit"):
        run(colours, tmp_path, vary={"optimizer.lr": [0.01]}, metric="f1_samples")
    assert not StudyFolder(tmp_path / "runs" / "mine").record_file.exists()


@pytest.mark.long
def test_another_question_under_the_same_name_is_refused(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    run(samples, tmp_path, vary={"optimizer.lr": [0.3]})
    with pytest.raises(UsageError, match="asks for something else: its arms, recipes differ"):
        run(samples, tmp_path, vary={"optimizer.lr": [0.2]})
    with pytest.raises(UsageError, match="there is no study 'none'"):
        podium.resume_study("none", settings=make_settings(tmp_path))
    (tmp_path / "runs" / "other").mkdir()
    (tmp_path / "runs" / "other" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not a study"):
        run(samples, tmp_path, vary={"optimizer.lr": [0.3]}, name="other")


def test_a_wrong_key_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    for vary, error in (
        ({"optimizer.rl": [1]}, RecipeError),
        ({"optimizer.lr": ["fast"]}, RecipeError),
        ({}, UsageError),
    ):
        with pytest.raises(error):
            run(tmp_path / "no such folder", tmp_path, vary=vary)
    with pytest.raises(UsageError, match="at least 1"):
        run(tmp_path / "none", tmp_path, vary={"seed": [1]}, seeds=0)
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_ways_of_a_question_that_do_not_fit_are_left_out_with_the_reason(contest: Contest, tmp_path: Path) -> None:
    found = run(contest("attributes"), tmp_path, question="loss", stop_early=False)
    assert found.main is not None
    assert len(found.main.arms) >= 3
    assert all(found.left_out.values())
    assert not set(found.left_out) & set(found.names.values())
    with pytest.raises(UsageError, match="no arm is left to try"):
        run(contest("single"), tmp_path, question="border", name="border")


@pytest.mark.long
def test_the_command_shows_the_same(colours: Samples, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    podium.prepare(
        replace(colours), folds=2, recipe=make_recipe(), settings=Settings(runs=tmp_path / "runs", device="cpu")
    ).save(tmp_path / "data")
    changes = [word for line in (*TINY, *SMALL) for word in ("--set", line)]
    words = ["study", str(tmp_path / "data"), "--vary", "optimizer.lr=0.1", "--runs", str(tmp_path / "runs")]
    words += ["--arm", "optimizer.lr=0.3 loss.single.label_smoothing=0.2"]
    words += ["--device", "cpu", "--threads", "1", "--name", "rates", *changes]
    assert main([*words, "-q"]) == 0
    shown = capsys.readouterr().out
    found = podium.resume_study("rates", settings=make_settings(tmp_path), progress=Notes())
    assert found.main is not None
    assert set(found.verdicts) == {"optimizer.lr=0.1", "optimizer.lr=0.3, loss.single.label_smoothing=0.2"}
    for arm in found.main.arms:
        assert f"{arm.difference.value:+.4f}" in shown
    assert str(StudyFolder(tmp_path / "runs" / "rates").page_file) in shown
    best = found.helpful[0] if found.helpful else "base"
    path = next(line.split()[1] for line in shown.splitlines() if line.startswith("run "))
    assert found.names[Path(path).name] == best
    assert podium.load_run(path).folder.is_finished
    assert main(["study", "--resume", "rates", "--runs", str(tmp_path / "runs"), "--json", "-q"]) == 0
    assert len(json.loads(capsys.readouterr().out)["arms"]) == 2
    assert main(["study", "--resume", "rates", "--vary", "seed=1"]) == 2
    assert main(["study"]) == 2


@pytest.mark.long
@pytest.mark.parametrize("early", [True, False])
def test_arms_side_by_side_are_those_of_one_process(contest: Contest, tmp_path: Path, early: bool) -> None:
    lines = ("training.epochs=2", "model.arrangement=separate")
    how: dict[str, Any] = {"vary": {"optimizer.lr": [0.3], "head.kind": ["ridge"]}, "stop_early": early, "lines": lines}
    alone = run(contest("attributes"), tmp_path / "alone", **how)
    settings = make_settings(tmp_path / "together", processes=2)
    together = run(contest("attributes"), tmp_path / "together", **how | {"settings": settings})
    runs = [
        [one for _, own in runs_of(found.folder, found.folder.read()) for one in own] for found in (alone, together)
    ]
    assert [results_of(one.path) for one in runs[1]] == [results_of(one.path) for one in runs[0]]
    assert all(together.folder.minutes([one]) > 0 for one in runs[1])
    assert together.to_dict()["arms"] == alone.to_dict()["arms"]


@pytest.mark.long
def test_a_worker_that_is_killed_leaves_its_training_to_the_others(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []

    def start(module: str, request: Any) -> Any:
        process = plain(module, request)
        if not killed:
            killed.append(process.pid)
            process.kill()
        return process

    plain = processes._start
    monkeypatch.setattr(processes, "_start", start)
    settings, notes = make_settings(tmp_path, processes=2), Notes()
    found = run(contest("single"), tmp_path, vary={"optimizer.lr": [0.3]}, settings=settings, progress=notes)
    assert killed
    assert all(one.is_finished for _, own in runs_of(found.folder, found.folder.read()) for one in own)
