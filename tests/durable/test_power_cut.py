"""What a power cut may take: with an fsync left out anywhere, these fail."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from podium import durable

Cut = Callable[[Callable[[], object], int, bool, bool], bool]
STATES = list(itertools.product([False, True], repeat=2))


def every_cut(cut: Cut, prepare: Callable[[int], Callable[[], object]], check: Callable[[bool], None]) -> int:
    """Cut at every operation, with every state of the disk; the number of cuts."""
    n_cuts = 0
    for keep_data, keep_names in STATES:
        for k in itertools.count(1):
            was_cut = cut(prepare(n_cuts), k, keep_data, keep_names)
            check(not was_cut)
            n_cuts += 1
            if not was_cut:
                break
    return n_cuts


@pytest.mark.parametrize("old", [None, b"old" * 9])
def test_a_file_is_old_or_new(tmp_path: Path, cut_power: Cut, old: bytes | None) -> None:
    path = tmp_path

    def prepare(n: int) -> Callable[[], object]:
        nonlocal path
        path = tmp_path / str(n) / "deep" / "file"
        if old is not None:
            durable.write_bytes(path, old)
        return lambda: durable.write_bytes(path, b"new" * 50)

    def check(is_done: bool) -> None:
        content = path.read_bytes() if path.exists() else None
        assert content in ((b"new" * 50,) if is_done else (old, b"new" * 50))

    assert every_cut(cut_power, prepare, check) >= 4 * 6


@pytest.mark.parametrize("old", [[], [{"n": 0}, {"n": 1}]])
def test_a_journal_loses_nothing_that_was_appended(
    tmp_path: Path, cut_power: Cut, old: list[dict[str, object]]
) -> None:
    path = tmp_path

    def prepare(n: int) -> Callable[[], object]:
        nonlocal path
        path = tmp_path / f"{n}.jsonl"
        for record in old:
            durable.Journal(path).append(record)
        return lambda: durable.Journal(path).append({"n": 2})

    def check(is_done: bool) -> None:
        new = [*old, {"n": 2}]
        assert durable.Journal(path).read() in ((new,) if is_done else (old, new))
        durable.Journal(path).append({"n": 3})
        assert durable.Journal(path).read()[-1] == {"n": 3}

    assert every_cut(cut_power, prepare, check) >= 4 * 3


@pytest.mark.long
@pytest.mark.parametrize("mode", ["folders", "slots"])
@pytest.mark.parametrize("n_old", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3))])
def test_a_version_is_old_or_new(tmp_path: Path, cut_power: Cut, mode: Literal["folders", "slots"], n_old: int) -> None:
    folder = before = tmp_path / "before"

    def commit(number: int) -> None:
        content = bytes([number]) * 100
        writers: dict[str, durable.PartWriter] = {name: lambda file: file.write(content) for name in ("a", "b")}
        durable.commit_version(folder, number, writers, {"n": number}, mode=mode)

    for number in range(1, n_old + 1):
        commit(number)

    def prepare(n: int) -> Callable[[], object]:
        nonlocal folder
        folder = tmp_path / str(n)
        if before.exists():
            shutil.copytree(before, folder)
        return lambda: commit(9)

    def check(is_done: bool) -> None:
        version = durable.load_newest(folder)
        number = 0 if version is None else version.number
        assert number in ((9,) if is_done else (n_old, 9))
        if version is not None:
            assert {path.read_bytes() for path in version.parts.values()} == {bytes([number]) * 100}
        commit(10)
        version = durable.load_newest(folder)
        assert version is not None
        assert (version.number, version.notes) == (10, ())

    assert every_cut(cut_power, prepare, check) >= 4 * 12
