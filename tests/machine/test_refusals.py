"""A machine without memory says so in many kinds of error; faults of our own stay faults."""

from __future__ import annotations

import errno

import pytest

from podium.errors import PodiumError, StorageError
from podium.machine.refusals import name_refusal


def _caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("std::bad_alloc"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes. Error code 12"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
        ImportError("libtorch.so: failed to map segment from shared object: Cannot allocate memory"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        _caused(ValueError("the reader failed"), MemoryError()),
    ],
)
def test_every_lack_of_memory_is_named(error: Exception) -> None:
    named = name_refusal(error)
    assert named is not None
    assert type(named) is PodiumError
    assert named.what == "out of memory."
    assert named.__cause__ is error


def test_what_the_system_refuses_has_a_name_and_a_place() -> None:
    named = name_refusal(PermissionError(errno.EACCES, "Permission denied", "a.csv"))
    assert isinstance(named, StorageError)
    assert str(named) == "a.csv: the operating system refused: Permission denied."


@pytest.mark.parametrize("fault", [ValueError("out of memory"), KeyError("x"), RuntimeError("shapes differ")])
def test_a_fault_is_no_refusal(fault: Exception) -> None:
    assert name_refusal(fault) is None
