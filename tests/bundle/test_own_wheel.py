from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from podium.bundle.own_wheel import make_wheel


@pytest.mark.long
def test_the_wheel_is_whole_imports_by_itself_and_is_the_same_each_time(tmp_path: Path) -> None:
    name, data = make_wheel()
    assert make_wheel() == (name, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = next(one for one in archive.namelist() if one.endswith(".dist-info/RECORD"))
        rows = [row for row in csv.reader(io.StringIO(archive.read(info).decode())) if row[1]]
        assert {row[0] for row in rows} | {info} == set(archive.namelist())
        for path, digest, size in rows:
            found = urlsafe_b64encode(hashlib.sha256(archive.read(path)).digest()).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={found}", len(archive.read(path)))
        assert "podium = podium.cli:main" in archive.read(info.replace("RECORD", "entry_points.txt")).decode()
    (tmp_path / name).write_bytes(data)
    code = f"import sys; sys.path.insert(0, {str(tmp_path / name)!r}); import podium; print(podium.__file__)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert name in done.stdout
