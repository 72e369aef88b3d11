"""Lost readers and full disks behind standard streams, and streams that are closed."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from podium.machine.streams import LossyStream, lossy_streams


class _Refusing(io.StringIO):
    """Takes nothing while `error` is set."""

    error: Exception | None = None

    def write(self, text: str) -> int:
        if self.error is not None:
            raise self.error
        return super().write(text)

    def flush(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(
    "error",
    [
        BrokenPipeError(errno.EPIPE, "gone"),
        OSError(errno.ENOSPC, "full"),
        OSError(errno.EIO, "no tty"),
        ValueError("shut"),
    ],
)
def test_what_is_not_taken_is_dropped_and_the_first_reason_is_kept(error: Exception) -> None:
    behind = _Refusing()
    stream = LossyStream(behind)
    assert stream.write("a\n") == 2
    assert stream.loss is None
    behind.error = error
    assert stream.write("lost\n") == 5
    stream.flush()
    print("lost too", file=stream)
    behind.error = None
    stream.write("b\n")
    assert behind.getvalue() == "a\nb\n", "a disk with space again is written to again"
    assert stream.loss is error


def test_other_errors_of_a_stream_are_not_hidden() -> None:
    behind = _Refusing()
    behind.error = TypeError("a fault")
    with pytest.raises(TypeError, match="a fault"):
        LossyStream(behind).write("a")


def test_streams_of_before_come_back_and_a_closed_one_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    before = sys.stdout
    with lossy_streams() as output:
        assert sys.stdout is output
        print("into the void", file=sys.stderr)
    assert (sys.stdout, sys.stderr) == (before, None)
    assert output.loss is None


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_process_ends_with_its_own_code_whatever_is_behind_its_streams(tmp_path: Path) -> None:
    code = (
        "import contextlib, os, sys",
        "from podium.machine.streams import lossy_streams",
        "with lossy_streams():",
        "    print('x' * 100_000)",
        "    print('y' * 100_000, file=sys.stderr)",
        "    with open('file', 'w') as file:",
        "        assert file.fileno() > 2, file.fileno()",
        "        with contextlib.suppress(OSError):",
        "            os.write(2, b'a library')",
        "sys.exit(7)",
    )
    (tmp_path / "work.py").write_text("\n".join(code))
    for line in ("2>&1 | head -0", ">/dev/full 2>/dev/full", ">&- 2>&-"):
        command = f"set -o pipefail; '{sys.executable}' work.py {line}"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, env=environment, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (7, b"", b""), line
        assert (tmp_path / "file").read_bytes() == b""
