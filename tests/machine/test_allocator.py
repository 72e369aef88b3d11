"""Freed memory is kept within a stage and given back at its end."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOK = """
import ctypes
from pathlib import Path
import numpy as np
from podium.machine.allocator import keep_freed_memory, return_freed_memory

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

assert keep_freed_memory()
before = resident_mb()
blocks = [np.ones(1_000_000, np.uint8) for _ in range(200)]
last = np.ones(1000, np.uint8)
full = resident_mb()
del blocks
kept = resident_mb()
returned = return_freed_memory()
print(full - before, kept - before, resident_mb() - before, returned)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has these settings")
def test_freed_memory_is_kept_until_it_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    full, kept, after, returned = done.stdout.split()
    assert float(full) > 190
    assert float(kept) > 190
    assert float(after) < 40
    assert returned == "True"
