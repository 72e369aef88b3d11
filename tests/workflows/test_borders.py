"""Borders that training treats in another way, through the doors: a run, a resume, the command."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import podium
from podium import cli
from podium.callbacks import StepInfo, TrainingInfo
from podium.curate import rebin
from podium.errors import Stopped
from podium.machine import Silent
from podium.tables import Samples, as_text_array
from tiny.contest import TINY, draw_images, make_settings, results_of

N = 24
AGES = np.random.default_rng(3).permutation(np.arange(N) * 3 + 6)
SOFT = "borders={age: {kind: soft, width: 6, shape: logistic}}"
MOVED = "borders={age: {kind: moved, at: [24, 57]}}"


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    """Ages from a table, in given folds, so that other labels have the same."""
    folder = tmp_path / "images"
    names = draw_images(folder, N)
    rows = "".join(f"{name},{age}\n" for name, age in zip(names, AGES, strict=True))
    (folder / "labels.csv").write_text(f"path,age\n{rows}")
    found = podium.scan(folder, label_columns=["age"], bins={"age": (30, 60)}).samples
    return replace(found, fold=as_text_array([str(row % 2) for row in range(N)]))


def train(samples: Samples, place: Path, *lines: str) -> podium.Run:
    return podium.train(samples, overrides=[*lines], preset="baseline", settings=make_settings(place))


SOLVED = tuple(line for line in TINY if not line.startswith(("training.epochs", "training.batch", "head.kind")))


@pytest.mark.long
@pytest.mark.parametrize("lines", [TINY, (*SOLVED, "head.kind=logistic")], ids=["gradient", "solved"])
def test_moved_borders_train_as_if_read_so_and_judge_as_read(
    lines: tuple[str, ...], samples: Samples, tmp_path: Path
) -> None:
    moved = train(samples, tmp_path / "moved", *lines, MOVED)
    read = train(rebin(samples, "age", (24, 57)), tmp_path / "read", *lines)
    for ours, theirs in zip(
        *(sorted(run.folder.path.rglob("model.safetensors")) for run in (moved, read)), strict=True
    ):
        for name, values in load_file(theirs).items():
            np.testing.assert_array_equal(load_file(ours)[name], values)
    assert moved.samples.labels["age"].tolist() == samples.labels["age"].tolist()
    assert moved.samples.task == samples.task
    right = moved.oof.align(moved.samples.ids).probs["age"].argmax(axis=1) == samples.labels["age"]
    accuracy = moved.scores.targets["age"].metrics["accuracy"].value
    assert accuracy == pytest.approx(right.mean())


class StopAt(podium.Callback):
    """Asks to stop after a step of the first fold."""

    def on_step(self, training: TrainingInfo, step: StepInfo) -> None:
        if (training.fold, step.step) == (0, 2):
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.slow
def test_a_resume_with_soft_borders_is_exact(samples: Samples, tmp_path: Path) -> None:
    whole = train(samples, tmp_path / "whole", *TINY, SOFT)
    settings = make_settings(tmp_path / "stopped")
    with pytest.raises(Stopped):
        podium.train(samples, overrides=[*TINY, SOFT], preset="baseline", settings=settings, callbacks=[StopAt()])
    resumed = podium.resume(settings=settings, progress=Silent())
    assert results_of(resumed.folder.path) == results_of(whole.folder.path)
    assert resumed.samples.borders == {"age": (30.0, 60.0)}


@pytest.mark.slow
def test_the_command_takes_them_and_refuses_heads_without_numbers(
    samples: Samples, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(samples.root), "--label-columns", "age", "--runs", str(tmp_path / "runs"), "--device", "cpu"]
    words += ["--set", *TINY]
    assert cli.main([*words, "borders={age: {kind: dropped, width: 1}}", "--ordinal", "age"]) == 2
    assert "was not made from numbers" in capsys.readouterr().err
    assert cli.main([*words, SOFT, "--bins", "age=30,60", "--folds", "2"]) == 0
