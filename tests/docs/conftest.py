"""One thread for training, no waiting for the disk, no processes that decode; demo images are drawn once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from podium.demo import TASKS
from tiny.fixtures import fast_process

__all__ = ["drawn_once", "fast_process"]


@pytest.fixture(scope="module", autouse=True)
def drawn_once() -> Iterator[None]:
    """Drawing 500 sheets of letters takes five seconds, for each page that uses them; other tests draw their own."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, task in list(TASKS.items()):
            monkeypatch.setitem(TASKS, name, replace(task, make_files=cache(task.make_files)))
        yield
