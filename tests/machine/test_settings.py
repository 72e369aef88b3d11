"""Threads of each process: those asked for, or the cores divided. Folders may be strings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from podium.errors import UsageError
from podium.machine import Settings


@pytest.mark.parametrize(
    ("n_cores", "threads", "processes", "expected"),
    [(8, None, 1, 8), (8, None, 2, 4), (8, None, 3, 2), (2, None, 5, 1), (8, 3, 4, 3)],
)
def test_threads_of_each_process(
    n_cores: int, threads: int | None, processes: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(n_cores)), raising=False)
    assert Settings(threads=threads, processes=processes).n_threads == expected


def test_at_least_one_process() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Settings(processes=0)


def test_folders_may_be_strings() -> None:
    given: dict[str, Any] = {"runs": "a/runs", "cache": "b/cache"}
    assert Settings(**given) == Settings(runs=Path("a/runs"), cache=Path("b/cache"))
    assert Settings(**given).cache_folder == Path("b/cache")


def test_the_cache_is_in_the_folder_of_runs_unless_named() -> None:
    only_runs: dict[str, Any] = {"runs": "a/runs"}
    assert Settings(**only_runs).cache_folder == Path("a/runs/.cache")
