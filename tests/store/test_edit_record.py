"""run.json under several hands: no change is lost, and an error changes nothing."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from podium import durable
from podium.errors import LockedError
from podium.store import create_run, edit_record


def test_changes_of_several_processes_are_all_kept(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})

    def ask_for(fold: int) -> None:
        with edit_record(run) as record:
            record["folds"] = sorted([*record["folds"], fold])

    threads = [threading.Thread(target=ask_for, args=(fold,)) for fold in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.read()["folds"] == [0, 1, 2, 3, 4]


def test_an_error_leaves_the_record_and_frees_the_lock(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})
    before = run.run_file.read_bytes()

    def fail() -> None:
        with edit_record(run) as record:
            record["folds"].append(1)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert run.run_file.read_bytes() == before
    with durable.hold_lock(run.path):
        pass


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})
    before = run.run_file.stat().st_mtime_ns, run.run_file.stat().st_ino
    with edit_record(run) as record:
        assert record["folds"] == [0]
    assert (run.run_file.stat().st_mtime_ns, run.run_file.stat().st_ino) == before


def test_who_waits_may_end_the_wait(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})

    def give_up(problem: LockedError) -> None:
        raise problem

    with durable.hold_lock(run.path), pytest.raises(LockedError), edit_record(run, while_waiting=give_up):
        pass
