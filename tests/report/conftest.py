"""Finished runs, one a task shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.store import RunFolder

from .run_writer import SHAPES, draw_files, make_samples, write_run


@pytest.fixture(scope="session", params=list(SHAPES))
def any_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run of each task shape. Read it only; copy it to change it."""
    return _write(request.param, tmp_path_factory.mktemp(request.param), 240)


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A small finished run of several attributes."""
    return _write("faces", tmp_path_factory.mktemp("small"), 90)


def _write(shape: str, folder: Path, n: int) -> RunFolder:
    samples = make_samples(SHAPES[shape](), folder / "data", n, n_groups=40)
    draw_files(samples)
    return write_run(folder / "runs", samples, name="baseline-1")
