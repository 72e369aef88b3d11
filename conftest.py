"""What makes the collection of ten thousand tests cheap: every worker does it anew."""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule

gc.disable()  # what is collected stays to the end: looking for garbage in it takes a sixth of the collection's time


def pytest_collection_finish() -> None:
    """From now on there is garbage."""
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """The collectors of a file, without that of its examples where it has none, which would import it for nothing."""
    found = yield
    if file_path.suffix == ".py" and b">>>" not in file_path.read_bytes():
        return [collector for collector in found if not isinstance(collector, DoctestModule)]
    return found
