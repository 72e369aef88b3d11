"""Folders of stand-in files: a scan reads names, not pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

MakeTree = Callable[..., Path]


@pytest.fixture
def make_tree(tmp_path: Path) -> MakeTree:
    """A function that writes files of the given relative names and returns the folder they are in."""

    def make(*names: str, **texts: str) -> Path:
        root = tmp_path / "data"
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        for stem, text in texts.items():
            root.mkdir(exist_ok=True)
            (root / f"{stem}.csv").write_text(text, encoding="utf-8")
        return root

    return make
