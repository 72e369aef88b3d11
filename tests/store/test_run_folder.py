"""Run folders: never overwritten, found by name, listed in the order they were made."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from podium import durable
from podium.errors import PodiumError, StorageError, UnknownNameError, UsageError
from podium.store import FORMAT, RunFolder, create_run, find_run, list_runs


def test_automatic_names_count_on_from_the_stem(tmp_path: Path) -> None:
    names = [
        create_run(tmp_path, None, {"folds": [0]}, stem=stem).name for stem in ("baseline", "baseline", "finetune")
    ]
    assert names == ["baseline-1", "baseline-2", "finetune-1"]
    (tmp_path / "baseline-1" / "run.json").rename(tmp_path / "moved.json")
    assert create_run(tmp_path, None, {"folds": [0]}, stem="baseline").name == "baseline-3"


def test_the_record_is_kept_beside_format_and_version(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0, 2], "threads": 1})
    record = run.read()
    assert (record["folds"], record["threads"], record["format"]) == ([0, 2], 1, FORMAT)
    assert record["created"].endswith("+00:00")


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})
    before = run.run_file.read_bytes()
    with pytest.raises(UsageError, match=r"'mine' exists.*podium.resume"):
        create_run(tmp_path, "mine", {"folds": [1]})
    assert run.run_file.read_bytes() == before


def test_a_run_that_is_finished_while_its_name_is_tried_costs_another_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = durable.check_claimable

    def after_another(folder: Path, *args: Any, **options: Any) -> None:
        if folder.name == "run-1":  # all of it happens between two lines of this starter
            durable.write_json(
                folder / "run.json", {"format": FORMAT, "number": 1, "created": "2026-11-30T00:00:00+00:00"}
            )
        check(folder, *args, **options)

    monkeypatch.setattr(durable, "check_claimable", after_another)
    assert create_run(tmp_path, None, {"folds": [0]}, stem="run").name == "run-2"


def test_starters_at_the_same_moment_get_a_run_each(tmp_path: Path) -> None:
    barrier, made, refused = threading.Barrier(8), [], []

    def start(number: int) -> None:
        barrier.wait()
        try:
            made.append((create_run(tmp_path, None, {"folds": [0], "number": number}, stem="run"), number))
        except PodiumError as error:
            refused.append(error)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not refused
    assert len({run.name for run, _ in made}) == 8
    assert all(run.read()["number"] == number for run, number in made)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "../x"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a run"):
        create_run(tmp_path / "runs", name, {"folds": [0]})
    assert not (tmp_path / "runs" / "run.json").exists()


def test_a_file_in_place_of_the_folder_of_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file is in the way")
    with pytest.raises(UsageError, match="runs: this is a file"):
        create_run(tmp_path / "runs", "mine", {"folds": [0]})


def test_runs_are_listed_in_the_order_they_were_made(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == []
    made = [create_run(tmp_path, name, {"folds": [0]}).name for name in ("zebra", "run-10", "run-9", "apple", "run-11")]
    (tmp_path / "not a run").mkdir()
    assert [run.name for run in list_runs(tmp_path)] == made
    assert find_run(tmp_path, "last").name == "run-11"


def test_the_order_does_not_depend_on_the_clock(tmp_path: Path) -> None:
    first, second = (create_run(tmp_path, name, {"folds": [0]}) for name in ("second-by-clock", "first-by-clock"))
    for run, created in ((first, "2030-01-01T00:00:00+00:00"), (second, "2020-01-01T00:00:00+00:00")):
        run.run_file.write_text(json.dumps(run.read() | {"created": created}))
    assert find_run(tmp_path, "last") == second


def test_a_run_is_found_by_name_or_folder(tmp_path: Path) -> None:
    run = create_run(tmp_path / "runs", "mine", {"folds": [0]})
    assert find_run(tmp_path / "runs", "mine") == run
    assert find_run(tmp_path / "elsewhere", str(run.path)) == run


def test_an_unknown_run_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no runs here"):
        find_run(tmp_path, "last")
    create_run(tmp_path, "baseline-1", {"folds": [0]})
    with pytest.raises(UnknownNameError, match="Did you mean 'baseline-1'"):
        find_run(tmp_path, "basline-1")


def test_a_run_of_another_format_is_refused(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})
    run.run_file.write_text(json.dumps(run.read() | {"format": FORMAT + 1}))
    with pytest.raises(StorageError, match=f"format {FORMAT + 1}"):
        run.read()


def test_folders_of_trainings_are_inside_the_run_and_apart(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "mine")
    names = ["all", "a/b", "..", "a b", "a%20b", "한글", "A", "a%2fb", ".", "con"]
    folders = [run.training_folder(1, name) for name in names]
    assert len(set(folders)) == len(names)
    for folder in folders:
        assert folder.resolve().parent == run.path.resolve() / "fold-1"
    assert run.training_folder(1, "all") != run.training_folder(10, "all")


def test_a_run_is_finished_when_it_is_scored(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})
    assert not run.is_finished
    run.scores_file.write_text("{}")
    assert run.is_finished


def test_a_start_that_dies_leaves_no_run_and_can_be_repeated(tmp_path: Path) -> None:
    def die(run: RunFolder) -> None:
        run.recipe_file.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_run(tmp_path, "mine", {"folds": [0]}, fill=die)
    assert list_runs(tmp_path) == []
    run = create_run(tmp_path, "mine", {"folds": [0]}, fill=lambda run: None)
    assert list_runs(tmp_path) == [run]


def test_a_damaged_run_does_not_hide_the_others(tmp_path: Path) -> None:
    for name in ("broken", "sound"):
        create_run(tmp_path, name, {"folds": [0]})
    (tmp_path / "broken" / "run.json").write_text("{")
    assert find_run(tmp_path, "last").name == "sound"
    assert create_run(tmp_path, None, {"folds": [0]}).name == "run-1"


def test_a_folder_of_the_user_is_never_a_run(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    mine = {name: name.encode() for name in ("samples.csv", "recipe.yaml", "report.html", "cat.jpg")}
    for name, content in mine.items():
        (photos / name).write_bytes(content)
    with pytest.raises(UsageError, match=r"not empty, and what it holds is not a run: 4 entries.*another `name`"):
        create_run(tmp_path, "photos", {"folds": [0]}, fill=lambda run: run.recipe_file.write_text("mine"))
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == mine  # no lock file either


def test_an_empty_folder_becomes_a_run_even_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine").symlink_to(tmp_path / "disk")
    create_run(tmp_path / "runs", "mine", {"folds": [0]})
    assert (tmp_path / "disk" / "run.json").is_file()
