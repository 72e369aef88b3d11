from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from podium.curate import ScanOptions, scan
from podium.demo import TASKS, prepare
from podium.demo.contest import Contest
from podium.durable import LOCK_NAME, MANIFEST_NAME, fill_disk_at, kill_at, using_backend
from podium.errors import StorageError, UnknownNameError, UsageError
from podium.submission import read_template

Made = Mapping[str, Mapping[str, bytes]]


def make_tiny(seed: int) -> dict[str, bytes]:
    """A contest without images, for what hangs only on the writing."""
    images = {
        f"{folder}/{number}.png": bytes([seed, number]) * 9 for folder in ("train", "test") for number in range(8)
    }
    return {**images, "answers.csv": b"ImageID,ans\n", "sample_submission.csv": b"ImageID,ans\n"}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Adds that contest; the list tells for which seeds it was made."""
    asked: list[int] = []
    monkeypatch.setitem(TASKS, "tiny", Contest("", "", {}, lambda seed: asked.append(seed) or make_tiny(seed)))
    return asked


def contents(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, but for the files of the writing itself."""
    own = {LOCK_NAME, MANIFEST_NAME, "demo.json"}
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name not in own}


@pytest.mark.long
@pytest.mark.parametrize(
    ("task", "n_train", "n_test", "n_groups", "heads"),
    [
        ("sign_digits", 450, 120, 45, {"label": 10}),
        ("letters", 600, 150, 40, {"labels": 8}),
        ("glyphs", 1008, 192, 42, {"letter": 6, "weight": 2, "slant": 2}),
    ],
)
def test_scan_reads_what_was_laid_out(
    made: Made,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    task: str,
    n_train: int,
    n_test: int,
    n_groups: int,
    heads: dict[str, int],
) -> None:
    files = made[task]
    monkeypatch.setitem(TASKS, task, replace(TASKS[task], make_files=lambda _: files))
    data = prepare(task, tmp_path / "demo")
    train = scan(data.train_folder, ScanOptions(**data.scan_options)).samples
    assert train.task is not None
    assert {head.name: len(head.classes) for head in train.task.heads} == heads
    assert (train.task.composite is not None) == (task == "glyphs")
    assert train.group is not None
    assert (len(train.ids), len(np.unique(train.group))) == (n_train, n_groups)
    assert all((train.labels[head] >= 0).all() for head in heads)
    test = scan(data.test_folder, ScanOptions(unlabelled=True)).samples
    assert len(test.ids) == n_test
    template = read_template(data.sample_submission)
    assert list(template.columns) == pd.read_csv(data.answers).columns.tolist()
    assert data.task == task
    assert data.about.endswith(".")
    assert data.about.count(". ") == 1


@pytest.mark.parametrize("harm", ["none", "no manifest", "image gone", "image changed"])
def test_folder_is_used_again_or_mended(tiny: list[int], tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "demo"
    first = prepare("tiny", folder)
    image = folder / "train" / "3.png"
    if harm == "no manifest":
        (folder / MANIFEST_NAME).unlink()
    elif harm == "image gone":
        image.unlink()
    elif harm == "image changed":
        image.write_bytes(image.read_bytes()[::-1])
    assert prepare("tiny", folder) == first
    assert tiny == [0] * (1 if harm == "none" else 2)
    assert contents(folder) == make_tiny(0)


@pytest.mark.parametrize("k", [1, 3, 6, 9, 15, 40, 60, 80])
def test_killed_at_any_write_it_is_completed_later(tiny: list[int], tmp_path: Path, k: int) -> None:
    """A child is killed at its k-th operation on the disk."""
    folder = tmp_path / "demo"
    child = os.fork()
    if not child:
        try:
            with using_backend(kill_at(k)):
                prepare("tiny", folder)
        finally:
            os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    prepare("tiny", folder)
    assert contents(folder) == make_tiny(0)


def test_full_disk_is_told_and_leaves_no_manifest(tiny: list[int], tmp_path: Path) -> None:
    with pytest.raises(StorageError), using_backend(fill_disk_at(30)):
        prepare("tiny", tmp_path)
    assert not (tmp_path / MANIFEST_NAME).exists()
    prepare("tiny", tmp_path)
    assert contents(tmp_path) == make_tiny(0)


def test_folder_with_other_files_is_refused_and_left_alone(tiny: list[int], tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty") as caught:
        prepare("tiny", tmp_path)
    assert caught.value.details == ("thesis.txt",)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_folder_of_another_seed_or_task_is_refused(tiny: list[int], tmp_path: Path) -> None:
    prepare("tiny", tmp_path)
    for task, seed in (("tiny", 1), ("letters", 0)):
        with pytest.raises(UsageError, match="other demo data"):
            prepare(task, tmp_path, seed=seed)


def test_unknown_task_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'letters'"):
        prepare("leters", tmp_path)


@pytest.mark.slow
def test_the_shipped_photographs_do_not_depend_on_the_seed(tmp_path: Path) -> None:
    data = prepare("sign_digits", tmp_path)
    assert data.task == "sign_digits"
    assert contents(tmp_path) == TASKS["sign_digits"].make_files(0)
