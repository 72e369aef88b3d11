"""What a lock file says about its holder, and who is surely gone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from podium.durable import holder as holders
from podium.durable.holder import describe_self, encode_holder, is_gone, locked_error, process_mark, read_holder


def dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_record_comes_back_equal(tmp_path: Path) -> None:
    holder = describe_self()
    (tmp_path / "lock").write_bytes(encode_holder(holder))
    assert read_holder(tmp_path / "lock") == holder


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 40,
        b"{",
        b"[]",
        b"7",
        b'{"pid": 1}',
        b'{"pid": "x", "host": "", "started": "", "mark": ""}',
        b"\xff",
    ],
)
def test_what_is_no_record_names_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lock").write_bytes(content)
    assert read_holder(tmp_path / "lock") is None
    assert read_holder(tmp_path / "missing") is None
    assert read_holder(tmp_path) is None


def test_the_error_waits_for_a_name_that_is_just_being_written(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    path.touch()
    other = replace(describe_self(), pid=dead_pid(), host="elsewhere")
    timer = threading.Timer(0.1, path.write_bytes, [encode_holder(other)])
    timer.start()
    error = locked_error(path)
    timer.join()
    assert f"process {other.pid} on elsewhere, since {other.started}" in error.what
    assert "this very process" not in error.what
    assert error.where == str(tmp_path)


def test_a_nameless_lock_is_named_as_such_after_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "_WAIT_S", 0.05)
    (tmp_path / "run.lock").touch()
    started = time.monotonic()
    assert "another process" in locked_error(tmp_path / "run.lock").what
    assert time.monotonic() - started >= 0.05


def test_a_number_used_again_after_a_reboot_is_not_the_holder() -> None:
    here = describe_self()
    assert not is_gone(here)
    assert not is_gone(replace(here, mark=""))  # nothing known: it may live
    assert not is_gone(replace(here, pid=dead_pid(), host="elsewhere"))
    assert is_gone(replace(here, pid=dead_pid()))
    if here.mark:
        assert is_gone(replace(here, mark="earlier boot:1"))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="marks are Linux's")
def test_a_mark_is_one_process_whatever_its_program_is_called(tmp_path: Path) -> None:
    name = "a) 1 (b c"
    (tmp_path / name).symlink_to(shutil.which("sleep") or "/bin/sleep")
    processes = [subprocess.Popen([tmp_path / name, "60"]) for _ in range(2)]
    try:
        marks = []
        for process in processes:
            line = re.escape(f"{process.pid} ({name}) ") + r"\w( -?\d+){18} (\d+) "
            deadline = time.monotonic() + 20  # until the new program has replaced the fork of this one
            while (found := re.match(line, Path(f"/proc/{process.pid}/stat").read_text())) is None:
                assert time.monotonic() < deadline
            marks.append(process_mark(process.pid))
            assert marks[-1].rpartition(":")[2] == found.group(2)
            assert process_mark(process.pid) == marks[-1]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        assert {mark.rpartition(":")[0] for mark in [*marks, process_mark(os.getpid())]} == {boot}
        assert process_mark(os.getpid()) not in marks
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert process_mark(processes[0].pid) == ""
