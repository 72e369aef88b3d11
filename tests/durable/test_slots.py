"""Two folders in turn: the newest is never touched, and nothing large is deleted or replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium import durable
from podium.durable.slots import SLOT_NAMES, commit_to_slot, has_committed_slots, is_unfinished_slot
from podium.errors import StorageError


def commit(folder: Path, newest: Path | None, number: int) -> Path:
    return commit_to_slot(
        folder, newest, {"weights": lambda file: file.write(b"%d" % number * 100)}, {"number": number}
    )


def test_versions_alternate_and_the_newest_stays_sound_while_the_next_is_written(tmp_path: Path) -> None:
    newest = None
    for number in range(4):
        slot = commit(tmp_path, newest, number)
        assert slot.name == SLOT_NAMES[number % 2]
        assert durable.check_manifest(slot).meta == {"number": number}
        if newest is not None:
            assert durable.check_manifest(newest).meta == {"number": number - 1}
        newest = slot


def test_a_commit_that_fails_anywhere_leaves_the_newest_and_an_unfinished_slot(tmp_path: Path) -> None:
    first = commit(tmp_path, None, 0)
    commit(tmp_path, first, 1)
    counting = durable.fail_at(10**9)
    with durable.using_backend(counting):
        commit(tmp_path, first, 2)
    n_operations = len(counting.operations)
    assert not {"unlink", "rmdir"} & set(counting.operations)
    n_failed = 0
    for k in range(1, n_operations + 1):
        try:
            with durable.using_backend(durable.fail_at(k)):
                commit(tmp_path, first, 100 + k)
        except StorageError:
            n_failed += 1
            second = tmp_path / SLOT_NAMES[1]
            # Before its manifest is emptied it holds the version before, after it is named it holds the new one.
            if not is_unfinished_slot(second):
                durable.check_manifest(second)
        assert durable.check_manifest(first).meta == {"number": 0}
    assert n_failed >= n_operations - 2


def test_a_slot_is_unfinished_without_a_manifest_or_with_an_empty_one(tmp_path: Path) -> None:
    slot = tmp_path / SLOT_NAMES[0]
    slot.mkdir()
    assert is_unfinished_slot(slot)
    (slot / durable.MANIFEST_NAME).touch()
    assert is_unfinished_slot(slot)
    (slot / durable.MANIFEST_NAME).write_bytes(b"{")
    assert not is_unfinished_slot(slot)  # damaged is not unfinished
    (tmp_path / "other").mkdir()
    assert not is_unfinished_slot(tmp_path / "other")


def test_the_mark_of_a_first_version_comes_after_that_version(tmp_path: Path) -> None:
    counting = durable.fail_at(10**9)
    assert not has_committed_slots(tmp_path)
    with durable.using_backend(counting):
        commit(tmp_path, None, 0)
    assert has_committed_slots(tmp_path)
    last_but_mark = len(counting.operations) - 5
    other = tmp_path / "other"
    with pytest.raises(StorageError), durable.using_backend(durable.fail_at(last_but_mark)):
        commit(other, None, 0)
    assert not has_committed_slots(other)


def test_files_of_a_version_before_are_emptied_not_removed(tmp_path: Path) -> None:
    slot = commit(tmp_path, None, 0)
    writers = {"other": lambda file: file.write(b"x")}
    counting = durable.fail_at(10**9)
    with durable.using_backend(counting):
        again = commit_to_slot(tmp_path, tmp_path / SLOT_NAMES[1], writers, {})
    assert again == slot
    assert set(durable.check_manifest(slot).sizes) == {"other"}
    assert not (slot / "weights").exists() or (slot / "weights").stat().st_size == 0
    assert "truncate" in counting.operations
