"""Which functions each test calls and how long it takes, for scripts/mutants: two plugins of pytest and the choice."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from code_changes import Change


@dataclass(frozen=True)
class Test:
    """A test that passed.

    Args:
        name: Its node id.
        seconds: Time of its last run, the fixtures it asked for first included.
        called: File, first and last line of every function of the copy that it or one of its fixtures called.
    """

    name: str
    seconds: float
    called: list[tuple[str, int, int]]

    @property
    def file(self) -> str:
        return self.name.split("::")[0]

    def calls(self, change: Change) -> bool:
        """Whether it called the function that is changed."""
        return any(file == str(change.path) and first <= change.line <= last for file, first, last in self.called)


def select_tests(tests: list[Test], change: Change, *, files: list[str]) -> list[Test]:
    """The tests that call the changed function, those of the first files first, then the fastest.

    All of the files, where none does: a line may run at import, or in another process.
    """
    near = [test for test in tests if any(Path(test.file).is_relative_to(file.split("::")[0]) for file in files)]
    found = [test for test in near if test.calls(change)] or near
    place = {file: n for n, file in enumerate(files)}
    return sorted(found, key=lambda test: (place.get(test.file, len(files)), test.seconds))


class Chosen:
    """Runs these tests alone, in this order."""

    def __init__(self, tests: list[Test]) -> None:
        self.place = {test.name: n for n, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.place), key=lambda item: self.place[item.nodeid]
        )


class Observer:
    """Notes the functions that tests and their fixtures call in this process."""

    def __init__(self, copy: Path) -> None:
        self.copy = copy
        self.seconds: dict[str, float] = {}
        self.fixtures: dict[str, tuple[str, ...]] = {}
        self.calls: dict[str, dict[int, CodeType]] = {}
        self.current: dict[int, CodeType] | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.fixtures[item.nodeid] = tuple(getattr(item, "fixturenames", ()))
        with self._noting(item.nodeid):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        # A fixture shared by many tests is set up in the first, and called by all.
        with self._noting(fixturedef.argname):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        before, self.current = self.current, self.calls.setdefault(name, {})
        sys.setprofile(self._note)
        threading.setprofile(self._note)
        try:
            yield
        finally:
            self.current = before
            if before is None:
                sys.setprofile(None)
                threading.setprofile(None)  # type: ignore[arg-type]

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and self.current is not None:
            self.current[id(frame.f_code)] = frame.f_code

    def list_tests(self) -> list[dict[str, Any]]:
        """The arguments of a `Test` for each."""
        return [
            {"name": name, "seconds": self.seconds.get(name, 0.0), "called": sorted(self._list_called(name))}
            for name in self.fixtures
        ]

    def _list_called(self, name: str) -> Iterator[tuple[str, int, int]]:
        codes = {key: code for part in (name, *self.fixtures[name]) for key, code in self.calls.get(part, {}).items()}
        for code in codes.values():
            path = Path(code.co_filename)
            if path.is_relative_to(self.copy / "src") and code.co_name != "<module>":
                lines = [line for *_, line in code.co_lines() if line]
                yield str(path.relative_to(self.copy)), code.co_firstlineno, max(lines, default=code.co_firstlineno)
