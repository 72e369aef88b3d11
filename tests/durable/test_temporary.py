"""Unfinished files: those of the dead are swept away, those of the living stay."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from podium import durable
from podium.durable import temporary
from podium.durable.temporary import is_abandoned, is_leftover, temporary_path


@pytest.fixture
def dead_pid() -> int:
    """A process that has ended."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def left_by(folder: Path, pid: int, host: str | None = None, *, age_s: float = 0) -> Path:
    own = temporary_path(folder).name.split("-")
    path = folder / "-".join([own[0], str(pid), host or own[2], own[3]])
    path.write_bytes(b"half of it")
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_name_tells_its_process_and_is_short(tmp_path: Path) -> None:
    path = temporary_path(tmp_path)
    assert is_leftover(path.name)
    assert str(os.getpid()) in path.name
    assert len(path.name) < 60
    path.touch()
    assert not is_abandoned(path), "this process lives"


def test_what_a_dead_process_left_is_abandoned_at_once(tmp_path: Path, dead_pid: int) -> None:
    assert is_abandoned(left_by(tmp_path, dead_pid))
    assert not is_abandoned(left_by(tmp_path, os.getppid()))


def test_of_another_machine_only_what_is_old_is_abandoned(tmp_path: Path, dead_pid: int) -> None:
    assert not is_abandoned(left_by(tmp_path, dead_pid, "0" * 8))
    assert is_abandoned(left_by(tmp_path, dead_pid, "0" * 8, age_s=25 * 3600))
    old = tmp_path / f".podium-{dead_pid}-abcd1234.tmp"  # an older version named no machine
    old.touch()
    assert not is_abandoned(old)
    os.utime(old, (1, 1))
    assert is_abandoned(old)


@pytest.mark.parametrize(
    "name", ["a.tmp", ".podium-notes.tmp", ".podium-x-ab.tmp", ".podium-1-ab.txt", "podium-1-ab.tmp"]
)
def test_files_of_others_are_never_abandoned(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    os.utime(tmp_path / name, (1, 1))
    assert not is_abandoned(tmp_path / name)


def test_the_next_holder_of_a_lock_sweeps(tmp_path: Path, dead_pid: int) -> None:
    left_by(tmp_path, dead_pid)
    folder = left_by(tmp_path, dead_pid)
    folder.unlink()
    folder.mkdir()
    (folder / "part").touch()
    mine = left_by(tmp_path, os.getpid())
    (tmp_path / "data.csv").touch()
    with durable.hold_lock(tmp_path):
        assert names(tmp_path) == sorted([mine.name, "data.csv", durable.LOCK_NAME])


def test_who_asks_whether_a_folder_can_be_written_sweeps_too(tmp_path: Path, dead_pid: int) -> None:
    left_by(tmp_path, dead_pid)
    durable.check_writable(tmp_path)
    assert names(tmp_path) == []


def test_folders_inside_are_swept_on_request_and_links_are_not_followed(tmp_path: Path, dead_pid: int) -> None:
    inside, outside = tmp_path / "run" / "predictions", tmp_path / "outside"
    inside.mkdir(parents=True)
    outside.mkdir()
    left_by(inside, dead_pid)
    kept = left_by(outside, dead_pid)
    (tmp_path / "run" / "link").symlink_to(outside)
    durable.sweep_leftovers(tmp_path / "run")
    assert len(names(inside)) == 1
    durable.sweep_leftovers(tmp_path / "run", deep=True)
    assert names(inside) == []
    assert kept.exists()
    durable.sweep_leftovers(tmp_path / "missing", deep=True)


def test_what_cannot_be_removed_stops_nobody(tmp_path: Path, dead_pid: int) -> None:
    for _ in range(3):
        left_by(tmp_path, dead_pid)
    with durable.using_backend(durable.fail_at(2)):
        durable.sweep_leftovers(tmp_path)
    assert len(names(tmp_path)) == 1


def test_the_age_is_the_only_judge_where_processes_cannot_be_asked(
    tmp_path: Path, dead_pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = left_by(tmp_path, dead_pid)
    monkeypatch.setattr(temporary.os, "name", "nt")
    assert not is_abandoned(path)
