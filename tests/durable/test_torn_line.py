"""A line that was cut short by a kill is cut off, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.durable import cut_torn_line


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b""), (b"a\n", b"a\n"), (b"a\nb", b"a\n"), (b"torn", b""), (b"x\n" + b"y" * 200_000, b"x\n")],
)
def test_what_follows_the_last_line_end_goes(before: bytes, after: bytes, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(before)
    assert cut_torn_line(path) == (before != after)
    assert path.read_bytes() == after


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert not cut_torn_line(tmp_path / "none")
    assert not list(tmp_path.iterdir())
