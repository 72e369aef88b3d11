from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.errors import UsageError
from podium.own_parts import VARIABLE, load_named_parts, load_parts


def test_a_file_runs_once_and_is_named_for_processes_that_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    file, log = tmp_path / "my parts.py", tmp_path / "log"
    file.write_text(f"with open({str(log)!r}, 'a') as log: log.write('x')")
    load_parts(file)
    load_parts(file)
    load_named_parts()
    assert log.read_text() == "x"
    assert os.environ[VARIABLE] == str(file)


@pytest.mark.parametrize(
    ("text", "words"), [(None, "does not exist"), ("1 / 0", "ZeroDivisionError"), ("x =", "SyntaxError")]
)
def test_a_file_that_cannot_run_is_named(
    text: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "")
    file = tmp_path / "parts.py"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=words) as raised:
        load_parts(file)
    assert "parts.py" in str(raised.value)
    assert not os.environ[VARIABLE]
