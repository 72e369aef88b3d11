from __future__ import annotations

from pathlib import Path

import pytest

from podium import durable
from podium.errors import UsageError
from podium.store import create_run
from podium.store.named_folders import FolderOfRuns, check_free_name, find_named, list_folders_of_runs, next_name


def test_the_first_number_that_is_free_is_taken(tmp_path: Path) -> None:
    assert next_name(tmp_path, "study").name == "study-1"
    for number in (1, 2, 4):
        (tmp_path / f"study-{number}").mkdir()
    assert next_name(tmp_path, "study").name == "study-3"


def test_or_the_first_that_is_to_be_gone_on_with(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"auto-{number}").mkdir()
    assert next_name(tmp_path, "auto", goes_on=lambda path: path.name != "auto-1").name == "auto-2"


@pytest.mark.parametrize("name", ["last", "-x", "a\\b", ".hidden"])
def test_a_name_is_that_of_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a run"):
        check_free_name(tmp_path / name, "a study", names=())


def test_a_name_that_something_else_has_is_refused(tmp_path: Path) -> None:
    create_run(tmp_path, "mine", {"folds": [0], "threads": 1})
    with pytest.raises(UsageError, match="'mine' is a run"):
        check_free_name(tmp_path / "mine", "a study", names=("data",))
    (tmp_path / "begun" / "data").mkdir(parents=True)
    with durable.hold_lock(tmp_path / "begun"):
        pass
    check_free_name(tmp_path / "begun", "a study", names=("data",))  # what a start that was stopped leaves
    (tmp_path / "begun" / "photo.jpg").touch()
    with pytest.raises(UsageError, match="Choose another name"):
        check_free_name(tmp_path / "begun", "a study", names=("data",))


def test_one_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    asked = {"what": "study", "start": "podium.study"}
    with pytest.raises(UsageError, match=r"no study 'b'.*podium\.study"):
        find_named(tmp_path, "b", "study.json", **asked)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "study.json").touch()
    assert find_named(tmp_path, "a", "study.json", **asked) == tmp_path / "a"
    with pytest.raises(UsageError, match="There are a"):
        find_named(tmp_path, "b", "study.json", **asked)


def test_folders_that_hold_runs_are_listed_with_how_many(tmp_path: Path) -> None:
    for name, record in (("study-1", "study.json"), ("b", "auto.json")):
        (tmp_path / name).mkdir()
        (tmp_path / name / record).touch()
    create_run(tmp_path / "study-1", "00-base-seed0", {"folds": [0], "threads": 1})
    create_run(tmp_path, "mine", {"folds": [0], "threads": 1})
    assert list_folders_of_runs(tmp_path) == [FolderOfRuns("b", "auto", 0), FolderOfRuns("study-1", "study", 1)]
    assert list_folders_of_runs(tmp_path / "nowhere") == []
