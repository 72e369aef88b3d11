from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from podium.errors import Stopped, StorageError, UsageError
from podium.launch.worker import FAULT, pack_settings
from podium.machine import Settings

SCRIPT = """
import sys
from podium.errors import Stopped, StorageError, UsageError
from podium.launch.worker import run_worker

def work(request, settings, reporter):
    reporter.note(f"{request['what']} with {settings.threads} threads in {settings.runs}")
    print("what a library prints")
    if request["what"] == "stop":
        raise Stopped("asked to stop.")
    if request["what"] == "refuse":
        raise UsageError("no such thing.")
    if request["what"] == "fail":
        raise ZeroDivisionError
    if request["what"] == "fill":
        raise OSError(28, "No space left on device")

sys.exit(run_worker(work))
"""


@pytest.mark.parametrize(
    ("what", "code", "kind"),
    [
        ("work", 0, None),
        ("stop", Stopped.exit_code, None),
        ("refuse", UsageError.exit_code, "UsageError"),
        ("fail", FAULT, None),
        ("fill", StorageError.exit_code, "StorageError"),
    ],
)
def test_how_work_ends_is_an_exit_code_and_lines_of_json(
    what: str, code: int, kind: str | None, tmp_path: Path
) -> None:
    request = {"what": what, "settings": pack_settings(Settings(runs=tmp_path, threads=3))}
    command = [sys.executable, "-c", SCRIPT, json.dumps(request)]
    with (tmp_path / "errors").open("w+") as errors:
        # An open pipe as standard input is the tie to the parent, see podium.launch.tether.
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        with child:
            assert child.stdout is not None
            first, *rest = map(json.loads, child.stdout)
            ended = child.wait()
        told = (tmp_path / "errors").read_text()
    assert first == {"note": f"{what} with 3 threads in {tmp_path}", "is_caution": False}
    assert "what a library prints" in told
    assert ended == code
    assert [line["error"]["error"] for line in rest] == ([] if kind is None else [kind])
    assert ("Traceback" in told) is (what == "fail")
