"""Pages of a mapped file that were read are handed back before they are many."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from podium.durable import PageBudget

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/pagemap")
BUDGET = 16 * 1024**2


def resident_bytes(mapped: np.memmap[Any, Any]) -> int:
    """What the process holds of a mapped file, as the system says it, for these pages alone."""
    first, end = mapped.ctypes.data // mmap.PAGESIZE, -(-(mapped.ctypes.data + mapped.nbytes) // mmap.PAGESIZE)
    with Path("/proc/self/pagemap").open("rb") as file:
        file.seek(8 * first)
        entries = np.frombuffer(file.read(8 * (end - first)), np.uint64)
    assert len(entries) == end - first
    return int((entries >> np.uint64(63)).sum()) * mmap.PAGESIZE  # the highest bit of an entry: present


@pytest.mark.slow
def test_single_rows_from_all_over_a_file_stay_within_the_budget(tmp_path: Path) -> None:
    path, shape = tmp_path / "features.bin", (50_000, 320)
    np.ones(shape, np.float32).tofile(path)  # 64 MB, in the file cache
    features = np.memmap(path, np.float32, "r", shape=shape)
    rows = np.random.default_rng(0).permutation(len(features))
    total, most = 0.0, 0
    pages = PageBudget(features, BUDGET)
    for start in range(0, 4_000, 4):
        part = rows[start : start + 4]
        total += float(features[part].sum())
        most = max(most, resident_bytes(features))
        pages.count(4 * features[0].nbytes, n_places=4)
    assert total == 4_000 * 320
    assert 4 * features[0].nbytes < most < 1.5 * BUDGET


def test_a_map_within_the_budget_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "pixels.u8"
    np.zeros(4 * 1024**2, np.uint8).tofile(path)
    pixels = np.memmap(path, np.uint8, "r")
    pages = PageBudget(pixels, BUDGET)
    for _ in range(8):
        pixels.sum()
        pages.count(pixels.nbytes)
    assert resident_bytes(pixels) == pixels.nbytes


def test_what_is_read_in_order_counts_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "pixels.u8"
    np.zeros(64 * 1024**2, np.uint8).tofile(path)
    pixels = np.memmap(path, np.uint8, "r")
    pages, most = PageBudget(pixels, BUDGET), 0
    for start in range(0, len(pixels), 1024**2):
        pixels[start : start + 1024**2].sum()
        pages.count(1024**2)
        most = max(most, resident_bytes(pixels))
    assert BUDGET / 2 < most < 1.5 * BUDGET
