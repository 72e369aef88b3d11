"""A child that is tied to its parent: SIGTERM as soon as its standard input ends, and not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
import signal, sys, time
from podium.launch.tether import tie_to_parent
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
tie_to_parent()
print("tied", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("is_written_to", [False, True])
@pytest.mark.skipif(sys.platform == "win32", reason="a handler runs between two steps there, not in a sleep")
def test_the_end_of_the_pipe_is_a_request_to_stop(is_written_to: bool) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"tied\n"
        if is_written_to:
            child.stdin.write(b"something\n")
            child.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
        child.stdin.close()
        assert child.wait(30) == 7, "the handler of SIGTERM ends it"
    finally:
        child.kill()
        child.stdout.close()
        child.wait()
