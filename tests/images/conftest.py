"""Decode workers that misbehave on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

# Runs in every worker before its program does: files with these names do what hostile files do to C decoders.
# The names only matter to a worker, so the tests prove what the owner of a misbehaving worker does.
SABOTAGE = """
import os, pathlib, signal, time
import podium.images.job as job
real = job.decode_file
def decode_file(path, **options):
    name = os.path.basename(path)
    if "crash-once" in name:
        mark = pathlib.Path(path + ".mark")
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGSEGV)
    elif "crash" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    elif "exit" in name:
        os._exit(7)
    elif "hang" in name:
        pathlib.Path(path + ".pid").write_text(str(os.getpid()))
        while True:
            time.sleep(60)
    elif "print" in name:
        os.write(1, b"noise on standard output")
        os.write(2, b"noise on standard error")
    return real(path, **options)
job.decode_file = decode_file
"""


@pytest.fixture
def sabotaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "sabotage"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SABOTAGE)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder
