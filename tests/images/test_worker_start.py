"""A decode worker ties its life to its owner's before it does anything that takes time."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from podium.images import worker_start

LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
# A worker that has bound itself to a process, says so, and sleeps.
SLEEPER = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("worker_start", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.die_with(int(sys.argv[2]))
print("bound", sorted(name for name in sys.modules if name in ("podium", "numpy", "cv2", "PIL")), flush=True)
time.sleep(60)
"""


def test_nothing_of_podium_is_imported_before_the_life_is_tied() -> None:
    """Its own imports are those at the top; the others come after the call."""
    tree = ast.parse(Path(worker_start.__file__).read_text())
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [alias.name for node in top if isinstance(node, ast.Import) for alias in node.names]
    assert set(names) <= sys.stdlib_module_names
    assert [node.module for node in top if isinstance(node, ast.ImportFrom)] == ["__future__"]


def test_another_owner_than_ones_parent_is_a_dead_one() -> None:
    command = [sys.executable, "-c", SLEEPER, worker_start.__file__, str(os.getpid() + 1)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_living_owner_is_stayed_with_and_ctrl_c_ignored() -> None:
    command = [sys.executable, "-c", SLEEPER, worker_start.__file__, str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "bound []\n"
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.kill()


@LINUX_ONLY
def test_the_kernel_ends_it_with_its_owner() -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "command = [sys.executable, '-c', sys.argv[1], sys.argv[2], str(os.getpid())]\n"
        "child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, SLEEPER, worker_start.__file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        os.kill(pid, 0)
        owner.kill()
    end = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
