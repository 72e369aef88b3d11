"""Versions: every operation as crash point, every damage with its fallback, never a silent new start."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pytest

from podium import durable
from podium.errors import CorruptFileError, StorageError

Mode = Literal["folders", "slots"]
MODES = ("folders", "slots")


def content_of(number: int) -> bytes:
    return random.Random(number).randbytes(300 + number % 1000)


def commit(folder: Path, number: int, mode: Mode = "folders", keep: tuple[int, ...] = ()) -> durable.Version:
    writers: dict[str, durable.PartWriter] = {
        "weights.bin": lambda file: file.write(content_of(number)),
        "state.npz": lambda file: np.savez(file, step=np.array(number)),
    }
    return durable.commit_version(folder, number, writers, {"step": number}, keep=keep, mode=mode)


def loaded(folder: Path) -> int | None:
    """Number of the newest version, all of whose content is checked; None for none."""
    version = durable.load_newest(folder)
    if version is None:
        return None
    assert version.meta == {"step": version.number}
    assert version.parts["weights.bin"].read_bytes() == content_of(version.number)
    assert int(np.load(version.parts["state.npz"])["step"]) == version.number
    return version.number


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("mode", MODES)
def test_what_is_committed_is_loaded(tmp_path: Path, mode: Mode) -> None:
    assert durable.load_newest(tmp_path / "new") is None
    for number in (0, 1, 5, 100_000_000):
        version = commit(tmp_path / "new", number, mode)
        assert (version.number, version.notes) == (number, ())
        assert loaded(tmp_path / "new") == number
    assert durable.list_versions(tmp_path / "new") == [5, 100_000_000]


def test_the_newest_two_and_the_kept_stay(tmp_path: Path) -> None:
    for number in range(1, 7):
        commit(tmp_path, number, keep=(2, 6))
    assert names(tmp_path) == ["00000002", "00000005", "00000006"]
    assert durable.load_version(tmp_path, 2).number == 2
    with pytest.raises(StorageError, match="no version 3"):
        durable.load_version(tmp_path, 3)


def test_slots_overwrite_and_never_delete_or_replace_content(tmp_path: Path) -> None:
    for number in (1, 2):
        commit(tmp_path, number, "slots")
    inodes = {path: path.stat().st_ino for path in tmp_path.glob("slot-*/*.[bn]*")}
    assert len(inodes) == 4
    for number in (3, 4):
        backend = durable.FaultyBackend(lambda *_: False, lambda: pytest.fail("none"))
        with durable.using_backend(backend):
            commit(tmp_path, number, "slots")
        assert "unlink" not in backend.operations
        assert backend.operations.count("replace") == 1  # the new manifest, over one that was emptied
    assert {path: path.stat().st_ino for path in inodes} == inodes
    assert names(tmp_path) == ["slot-a", "slot-b", "slots.json"]
    assert durable.list_versions(tmp_path) == [3, 4]


def test_a_slot_forgets_files_the_new_version_does_not_have(tmp_path: Path) -> None:
    for number in (1, 2):
        commit(tmp_path, number, "slots")
    version = durable.commit_version(tmp_path, 3, {"only": lambda file: file.write(b"x")}, mode="slots")
    assert names(version.folder) == ["manifest.json", "only"]


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n_old", [0, 1, 3])
@pytest.mark.parametrize("make_backend", [durable.fail_at, durable.fill_disk_at, durable.die_at])
def test_every_operation_leaves_the_old_or_the_new_version(
    tmp_path: Path, mode: Mode, n_old: int, make_backend: Callable[[int], durable.FaultyBackend]
) -> None:
    old = n_old or None
    start = tmp_path / "start"
    start.mkdir()
    for number in range(1, n_old + 1):
        commit(start, number, mode)
    for k in range(1, 200):
        folder = tmp_path / str(k)
        shutil.copytree(start, folder)
        backend = make_backend(k)
        fault: BaseException | None = None
        try:
            with durable.using_backend(backend):
                commit(folder, 9, mode)
        except (StorageError, durable.Death) as error:
            fault = error
        assert loaded(folder) in ((9,) if fault is None else (old, 9))
        if isinstance(fault, StorageError):
            assert str(folder) in str(fault)
            assert not durable.remove_leftovers(folder) or make_backend is durable.fail_at
        commit(folder, 10, mode)  # the same run goes on
        assert loaded(folder) == 10
        assert len(durable.list_versions(folder)) <= 2
        assert not [name for name in names(folder) if name.endswith(".tmp")]
        if fault is None and len(backend.operations) < k:
            break
    else:
        pytest.fail("the commit never ended")
    assert k > 15


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("k", [2, 6, 10, 14, 18, 22])
def test_a_killed_process_leaves_the_old_or_the_new_version(tmp_path: Path, mode: Mode, k: int) -> None:
    for number in (1, 2, 3):
        commit(tmp_path, number, mode)
    child = os.fork()
    if child == 0:
        with durable.using_backend(durable.kill_at(k)):
            commit(tmp_path, 9, mode)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert loaded(tmp_path) in (3, 9)
    commit(tmp_path, 10, mode)
    assert loaded(tmp_path) == 10
    assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


def damage(path: Path, kind: str, rng: random.Random) -> None:
    whole = path.read_bytes()
    position = rng.randrange(len(whole))
    if kind == "missing":
        path.unlink()
        return
    flipped = bytearray(whole)
    flipped[position] ^= 1 << rng.randrange(8)
    path.write_bytes({"cut": whole[:position], "flip": bytes(flipped), "zero": bytes(len(whole)), "empty": b""}[kind])


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_a_damaged_newest_falls_back_and_says_so_and_all_damaged_is_refused(tmp_path: Path, mode: Mode) -> None:
    start = tmp_path / "start"
    commit(start, 1, mode)
    commit(start, 2, mode)
    by_number = {number: durable.load_version(start, number).folder.name for number in (1, 2)}
    rng = random.Random(0)
    for n in range(250):
        folder = tmp_path / str(n)
        shutil.copytree(start, folder)
        kind = ("cut", "flip", "zero", "missing", "empty")[n % 5]
        part = rng.choice(["weights.bin", "state.npz", durable.MANIFEST_NAME])
        damage(folder / by_number[2] / part, kind, rng)
        version = durable.load_newest(folder)
        assert version is not None
        assert version.number == 1
        assert len(version.notes) == 1
        assert by_number[2] in version.notes[0]
        damage(folder / by_number[1] / rng.choice(["weights.bin", durable.MANIFEST_NAME]), kind, rng)
        with pytest.raises(CorruptFileError) as caught:
            durable.load_newest(folder)
        assert len(caught.value.details) == 2
        shutil.rmtree(folder)


@pytest.mark.parametrize("mode", MODES)
def test_after_a_fallback_the_damaged_number_can_be_committed_again(tmp_path: Path, mode: Mode) -> None:
    for number in (1, 2, 3):
        commit(tmp_path, number, mode)
    durable.load_version(tmp_path, 3).parts["weights.bin"].write_bytes(b"damaged")
    assert loaded(tmp_path) == 2
    commit(tmp_path, 3, mode)
    assert loaded(tmp_path) == 3
    durable.load_version(tmp_path, 3).parts["weights.bin"].write_bytes(content_of(3)[::-1])
    assert loaded(tmp_path) == 2  # the one before was not given up for the damaged one
    commit(tmp_path, 3, mode)
    commit(tmp_path, 4, mode)
    version = durable.load_newest(tmp_path)
    assert version is not None
    assert (version.number, version.notes) == (4, ())


def test_a_damaged_higher_number_is_removed_when_the_run_has_gone_on_below_it(tmp_path: Path) -> None:
    for number in (10, 20):
        commit(tmp_path, number)
    durable.load_version(tmp_path, 20).parts["weights.bin"].write_bytes(content_of(20)[::-1])
    commit(tmp_path, 15)
    assert names(tmp_path) == ["00000010", "00000015"]


@pytest.mark.parametrize("mode", MODES)
def test_going_back_behind_a_sound_version_is_refused(tmp_path: Path, mode: Mode) -> None:
    commit(tmp_path, 5, mode)
    with pytest.raises(ValueError, match="version 5 is newer than 4"):
        commit(tmp_path, 4, mode)
    commit(tmp_path, 5, mode)
    assert loaded(tmp_path) == 5


def test_a_renamed_folder_is_not_believed(tmp_path: Path) -> None:
    commit(tmp_path, 1)
    (tmp_path / "00000001").rename(tmp_path / "00000007")
    with pytest.raises(CorruptFileError) as caught:
        durable.load_newest(tmp_path)
    assert "that of version 1" in caught.value.details[0]


@pytest.mark.parametrize("mode", MODES)
def test_a_foreign_folder_with_a_sound_manifest_is_no_version(tmp_path: Path, mode: Mode) -> None:
    commit(tmp_path, 1, mode)
    home = durable.load_version(tmp_path, 1).folder
    durable.write_manifest(home, ["weights.bin"], {"epoch": 3})
    with pytest.raises(CorruptFileError) as caught:
        durable.load_newest(tmp_path)
    assert "not that of a version" in caught.value.details[0]


@pytest.mark.parametrize("mode", MODES)
def test_an_error_of_a_writer_passes_and_the_old_version_stays(tmp_path: Path, mode: Mode) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise KeyError("mine")

    commit(tmp_path, 1, mode)
    with pytest.raises(KeyError):
        durable.commit_version(tmp_path, 2, {"weights.bin": fail}, mode=mode)
    assert loaded(tmp_path) == 1
    assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


def test_what_is_read_back_wrong_is_noticed_before_it_counts(tmp_path: Path) -> None:
    class Lying(durable.Backend):
        """A disk that stores other bytes than it was given."""

        def write(self, descriptor: int, data: memoryview) -> int:
            super().write(descriptor, memoryview(bytes(data).replace(b"xyz", b"xyy")))
            return len(data)

    commit(tmp_path, 1)
    with durable.using_backend(Lying()), pytest.raises(CorruptFileError, match="read back"):
        durable.commit_version(tmp_path, 2, {"a": lambda file: file.write(b"xyz")})
    assert names(tmp_path) == ["00000001"]


def test_an_old_version_that_cannot_be_removed_is_only_noted(tmp_path: Path) -> None:
    for number in (1, 2):
        commit(tmp_path, number)
    code = OSError(errno.EIO, "broken")

    def fail() -> None:
        raise code

    backend = durable.FaultyBackend(lambda _, name: name == "rmdir", fail)  # type: ignore[arg-type]
    with durable.using_backend(backend):
        version = commit(tmp_path, 3)
    assert version.number == 3
    assert "could not be removed" in version.notes[0]
    assert loaded(tmp_path) == 3


@pytest.mark.parametrize(
    ("number", "name", "mode", "keep"),
    [
        (-1, "a", "folders", ()),
        (1, "", "folders", ()),
        (1, "../a", "folders", ()),
        (1, ".a", "folders", ()),
        (1, "manifest.json", "folders", ()),
        (1, "a", "other", ()),
        (1, "a", "slots", (1,)),
    ],
)
def test_arguments_out_of_range_are_refused(
    tmp_path: Path, number: int, name: str, mode: Mode, keep: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        durable.commit_version(tmp_path, number, {name: lambda file: file.write(b"x")}, keep=keep, mode=mode)
    with pytest.raises(ValueError, match="at least one file"):
        durable.commit_version(tmp_path, 1, {})
    assert list(tmp_path.iterdir()) == []
