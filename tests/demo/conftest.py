"""The files of every contest, made once and where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from podium.demo import TASKS


class _Made(Mapping[str, Mapping[str, bytes]]):
    def __init__(self) -> None:
        self._files: dict[str, Mapping[str, bytes]] = {}

    def __getitem__(self, task: str) -> Mapping[str, bytes]:
        if task not in self._files:
            self._files[task] = TASKS[task].make_files(0)
        return self._files[task]

    def __iter__(self) -> Iterator[str]:
        return iter(TASKS)

    def __len__(self) -> int:
        return len(TASKS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole contests take seconds to draw."""
    for item in items:
        if isinstance(item, pytest.Function) and "made" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def made() -> Mapping[str, Mapping[str, bytes]]:
    return _Made()
