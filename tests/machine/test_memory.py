"""The size of memory beside the kernel's own words, and a limit that is told before torch starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from podium.machine import memory
from podium.machine.memory import SCARCE_GIB, address_limit_gib, memory_gib, scarce_memory, warn_of_scarce_memory
from tiny.contest import Notes

_LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
from podium.machine.memory import scarce_memory
print(scarce_memory())
"""


def test_the_size_is_the_kernels() -> None:
    lines = Path("/proc/meminfo").read_text().splitlines()
    (kib,) = [int(line.split()[1]) for line in lines if line.startswith("MemTotal:")]
    found = memory_gib()
    assert found is not None
    assert found == pytest.approx(kib / 2**20, rel=1e-3)


def test_an_unknown_size_is_none_and_no_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> int:
        raise ValueError

    monkeypatch.setattr(memory.os, "sysconf", refuse)
    assert memory_gib() is None


@pytest.mark.parametrize(("limit_gib", "is_told"), [(4, True), (7.9, True), (SCARCE_GIB, False), (50, False)])
def test_a_low_limit_is_told(limit_gib: float, is_told: bool) -> None:
    command = [sys.executable, "-c", _LIMITED, str(int(limit_gib * 2**30))]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert ("ulimit -v" in said) == is_told
    assert (f"{limit_gib:.1f} GiB of address space" in said) == is_told


def test_it_is_a_caution(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = Notes()
    monkeypatch.setattr(memory, "address_limit_gib", lambda: None)
    warn_of_scarce_memory(notes)
    assert notes.notes == []
    assert scarce_memory() is None
    monkeypatch.setattr(memory, "address_limit_gib", lambda: 4.0)
    warn_of_scarce_memory(notes)
    assert len(notes.notes) == 1


def test_no_limit_is_none() -> None:
    limit = address_limit_gib()
    assert limit is None or limit > 0
