"""A lock made of a file name: taken over from the dead at any point, never from those who may live."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from podium import durable
from podium.durable import holder as holders
from podium.durable.holder import describe_self, encode_holder
from podium.durable.named_lock import holding_named_lock
from podium.errors import LockedError, StorageError


def dead_pid() -> int:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def take(path: Path) -> None:
    with holding_named_lock(path, describe_self()):
        pass


@pytest.fixture(autouse=True)
def no_wait_for_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "_WAIT_S", 0.01)


def age(folder: Path, seconds: float) -> None:
    for path in folder.iterdir():
        os.utime(path, (time.time() - seconds,) * 2)


@pytest.mark.slow
@pytest.mark.parametrize("is_stale", [False, True])
def test_killed_at_any_operation_it_is_taken_over(tmp_path: Path, is_stale: bool) -> None:
    """At once where the dead left its name, after a minute where it had no time to write one."""
    path, n_ended = tmp_path / "run.lock", 0
    dead = encode_holder(replace(describe_self(), pid=dead_pid()))
    for k in range(1, 20):
        if is_stale:
            path.with_name("run.lock.owner").write_bytes(dead)
        child = os.fork()
        if child == 0:
            with durable.using_backend(durable.kill_at(k)):
                take(path)
            os._exit(0)
        n_ended += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        try:
            take(path)
        except LockedError:
            age(tmp_path, 61)
            take(path)
        assert {path.name for path in tmp_path.iterdir()} <= {"run.lock.owner.takeover"}  # the guard of a dead judge
        if n_ended < k:
            break
        for guard in tmp_path.iterdir():
            guard.rmdir()
    assert n_ended == (7 if is_stale else 3)  # create, write, unlink; before them mkdir, unlink, rmdir and a create


def test_a_named_lock_of_another_machine_is_respected_and_the_remedy_told(tmp_path: Path) -> None:
    foreign = replace(describe_self(), host="elsewhere", pid=dead_pid())
    owned = tmp_path / "run.lock.owner"
    owned.write_bytes(encode_holder(foreign))
    age(tmp_path, 10**6)
    with pytest.raises(LockedError, match="on elsewhere") as caught:
        take(tmp_path / "run.lock")
    assert str(owned) in str(caught.value.fix)
    assert owned.exists()


@pytest.mark.parametrize("age_s", [0, 3600])
def test_a_nameless_lock_is_stale_only_when_it_is_old(tmp_path: Path, age_s: int) -> None:
    for path in (tmp_path / "run.lock.owner", tmp_path / "run.lock.owner.takeover"):
        path.mkdir() if path.suffix == ".takeover" else path.touch()
    age(tmp_path, age_s)
    if age_s:
        take(tmp_path / "run.lock")
        assert list(tmp_path.iterdir()) == []
    else:
        with pytest.raises(LockedError, match="another process"):
            take(tmp_path / "run.lock")


def test_who_judges_a_stale_lock_keeps_others_from_judging_it(tmp_path: Path) -> None:
    owned = tmp_path / "run.lock.owner"
    owned.write_bytes(encode_holder(replace(describe_self(), pid=dead_pid())))
    owned.with_name("run.lock.owner.takeover").mkdir()
    with pytest.raises(LockedError):
        take(tmp_path / "run.lock")
    assert owned.exists()


def test_a_named_lock_is_freed_by_its_holder_alone(tmp_path: Path) -> None:
    owned = tmp_path / "run.lock.owner"
    held = holding_named_lock(tmp_path / "run.lock", describe_self())
    with held:
        child = os.fork()
        if child == 0:
            held.__exit__(None, None, None)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert owned.exists()  # a forked child that left the block is not the holder
    assert not owned.exists()
    other = replace(describe_self(), started="2020-01-01T00:00:00+00:00")
    with holding_named_lock(tmp_path / "run.lock", describe_self()):
        owned.write_bytes(encode_holder(other))  # somebody removed the file by hand, and started again
    assert holders.read_holder(owned) == other


def test_a_disk_that_refuses_is_an_error_of_storage(tmp_path: Path) -> None:
    with durable.using_backend(durable.fail_at(1)), pytest.raises(StorageError, match="input/output") as caught:
        take(tmp_path / "run.lock")
    assert not isinstance(caught.value, LockedError)
    assert list(tmp_path.iterdir()) == []
