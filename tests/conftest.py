"""Where the optional shared data sets are, and skipping without them."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# As in the `podium` command: threads that spin while they wait would take the cores from the other tests. OpenMP reads
# this when torch is imported, which no test module has done yet.
for name, value in {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}.items():
    os.environ.setdefault(name, value)

settings.register_profile("podium", deadline=None)  # a busy machine is no fault of an example
settings.load_profile("podium")

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("PODIUM_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of the most long tests come first, so that at the end no worker is alone with one."""
    n_long: Counter[Path] = Counter()
    for item in items:
        n_long[item.path] += 5 if item.get_closest_marker("long") else 1 if item.get_closest_marker("slow") else 0
    items.sort(key=lambda item: -n_long[item.path])


@pytest.fixture(autouse=True)
def _no_metric_is_left_behind() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    registry = sys.modules.get("podium.metrics.registry")
    known = None if registry is None else dict(registry._known)
    yield
    registry = sys.modules.get("podium.metrics.registry")
    if registry is not None and (names := set(registry._known) - set(known or registry._BUILT_IN)):
        for name in names:
            del registry._known[name]


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """A function from a data set's name to its folder; skips the test where the set is absent."""

    def find(name: str) -> Path:
        folder = SHARED_DATA / name
        if not folder.is_dir():
            pytest.skip(f"data set {name!r} is not in {SHARED_DATA} (set PODIUM_SHARED_DATA)")
        return folder

    return find
