"""Whole files: every operation of a save is tried as the point of a crash or of a full disk."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import signal
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium import durable
from podium.durable.backend import Backend
from podium.errors import StorageError

OLD, NEW = b"old" * 7, b"new" * 1000


def operations_of(action: Callable[[], object]) -> list[str]:
    """Names of the operations an action takes when nothing goes wrong."""
    backend = durable.FaultyBackend(lambda *_: False, lambda: pytest.fail("no fault was asked for"))
    with durable.using_backend(backend):
        action()
    return backend.operations


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_bytes_are_synced_before_the_rename_and_the_folder_after(tmp_path: Path) -> None:
    operations = operations_of(lambda: durable.write_bytes(tmp_path / "a.bin", NEW))
    assert operations == ["create", "write", "fsync", "replace", "fsync_dir"]
    assert (tmp_path / "a.bin").read_bytes() == NEW


def test_missing_parents_are_made_and_each_is_synced_into_its_own(tmp_path: Path) -> None:
    operations = operations_of(lambda: durable.write_bytes(tmp_path / "x" / "y" / "a.bin", NEW))
    assert operations[:4] == ["mkdir", "fsync_dir", "mkdir", "fsync_dir"]


@pytest.mark.parametrize("had_old", [True, False])
@pytest.mark.parametrize("make_backend", [durable.fail_at, durable.fill_disk_at, durable.die_at])
def test_every_operation_leaves_the_old_or_the_new_file(
    tmp_path: Path, make_backend: Callable[[int], durable.FaultyBackend], had_old: bool
) -> None:
    n_operations = len(operations_of(lambda: durable.write_bytes(tmp_path / "count", NEW)))
    for k in range(1, n_operations + 1):
        folder = tmp_path / str(k)
        folder.mkdir()
        target = folder / "a.bin"
        if had_old:
            target.write_bytes(OLD)
        backend = make_backend(k)
        fault: BaseException | None = None
        try:
            with durable.using_backend(backend):
                durable.write_bytes(target, NEW)
        except (StorageError, durable.Death) as error:
            fault = error
        # A full disk does not hinder the sync of a folder; every other fault must have been met.
        assert fault is not None or make_backend is durable.fill_disk_at
        if isinstance(fault, StorageError):
            assert fault.where == str(target)
            assert names(folder) in ([], ["a.bin"]), "a temporary file was left"
        content = target.read_bytes() if target.exists() else None
        assert content in ((OLD, NEW) if had_old else (None, NEW))
        durable.write_bytes(target, NEW)  # the same command goes on once the cause is gone
        assert target.read_bytes() == NEW


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_a_killed_process_leaves_the_old_or_the_new_file(tmp_path: Path, k: int) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(OLD)
    child = os.fork()
    if child == 0:
        with durable.using_backend(durable.kill_at(k)):
            durable.write_bytes(target, NEW)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert target.read_bytes() == (NEW if k == 5 else OLD)
    leftovers = durable.remove_leftovers(tmp_path)
    assert len(leftovers) == (1 if 2 <= k <= 4 else 0)
    assert names(tmp_path) == ["a.bin"]


def test_a_full_disk_tells_the_bytes_needed_and_free(tmp_path: Path) -> None:
    backend = durable.fill_disk_at(2)
    with durable.using_backend(backend), pytest.raises(StorageError) as caught:
        durable.write_bytes(tmp_path / "a.bin", NEW)
    assert backend.operations[-2:] == ["truncate", "unlink"]  # half a file must not count as used space
    assert "3,000 bytes needed" in caught.value.what
    assert "bytes are free" in caught.value.what
    assert caught.value.where == str(tmp_path / "a.bin")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_really_full_device_is_told_by_its_errno() -> None:
    class OntoFull(Backend):
        def create(self, path: Path) -> int:
            path.touch()
            return os.open("/dev/full", os.O_WRONLY)

    with durable.using_backend(OntoFull()), pytest.raises(StorageError, match="disk is full"):
        durable.write_bytes(Path("/tmp") / f"podium-full-{os.getpid()}", b"x")
    assert not (Path("/tmp") / f"podium-full-{os.getpid()}").exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "permission denied"),
        (errno.EROFS, "read-only"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "input/output"),
        (errno.EMFILE, "open files"),
    ],
)
def test_each_cause_has_its_words_and_a_remedy(tmp_path: Path, code: int, words: str) -> None:
    with durable.using_backend(durable.fail_at(1, code)), pytest.raises(StorageError, match=words) as caught:
        durable.write_text(tmp_path / "a.txt", "x")
    assert caught.value.fix


def test_a_name_too_long_or_a_folder_in_the_way_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="too long"):
        durable.write_text(tmp_path / ("x" * 256), "x")
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError, match="folder"):
        durable.write_text(tmp_path / "taken", "x")
    assert names(tmp_path) == ["taken"]
    durable.write_text(tmp_path / ("y" * 255), "x")  # the longest name there is has a temporary one too


def test_short_writes_are_continued(tmp_path: Path) -> None:
    class Slow(Backend):
        def write(self, descriptor: int, data: memoryview) -> int:
            return super().write(descriptor, data[:7])

    with durable.using_backend(Slow()):
        durable.write_bytes(tmp_path / "a.bin", NEW)
    assert (tmp_path / "a.bin").read_bytes() == NEW


def test_writers_of_other_libraries_can_be_used(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["가.png", "b,c.png"], "p": [0.25, 0.75]})
    with durable.write_atomically(tmp_path / "a.parquet") as file:
        frame.to_parquet(file)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), frame)
    with durable.write_atomically(tmp_path / "a.csv") as file:
        frame.to_csv(file, index=False, lineterminator="\n")
    assert (tmp_path / "a.csv").read_bytes() == frame.to_csv(index=False, lineterminator="\n").encode()
    with durable.write_atomically(tmp_path / "a.npz") as file:
        np.savez_compressed(file, x=np.arange(5))
    assert np.load(tmp_path / "a.npz")["x"].tolist() == [0, 1, 2, 3, 4]
    with durable.write_atomically(tmp_path / "a.npy") as file:
        np.save(file, np.arange(300_000))
    assert np.array_equal(np.load(tmp_path / "a.npy"), np.arange(300_000))
    with durable.write_atomically(tmp_path / "a.txt") as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
        text.write("closed by its writer\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"closed by its writer\r\n"


@pytest.mark.parametrize("kind", ["parquet", "npy", "zip"])
def test_a_full_disk_inside_another_library_is_still_told_as_one(tmp_path: Path, kind: str) -> None:
    values = np.random.default_rng(0).random(400_000)

    def save() -> None:
        with durable.write_atomically(tmp_path / f"a.{kind}") as file:
            if kind == "parquet":
                pd.DataFrame({"p": values}).to_parquet(file)
            elif kind == "npy":
                np.save(file, values)
            else:
                with zipfile.ZipFile(file, "w") as archive:
                    archive.writestr("a", values.tobytes())

    for k in (2, 3):
        with durable.using_backend(durable.fill_disk_at(k)), pytest.raises(StorageError, match="disk is full"):
            save()
        assert names(tmp_path) == []


def test_a_writer_that_swallows_the_failure_is_not_believed(tmp_path: Path) -> None:
    def save() -> None:
        with durable.write_atomically(tmp_path / "a.bin") as file, contextlib.suppress(OSError):
            file.write(b"x" * (3 << 20))

    with durable.using_backend(durable.fail_at(2)), pytest.raises(StorageError, match="input/output"):
        save()
    assert names(tmp_path) == []


def test_an_error_of_the_writer_passes_and_leaves_nothing(tmp_path: Path) -> None:
    def save(error: BaseException) -> None:
        with durable.write_atomically(tmp_path / "a.bin") as file:
            file.write(b"half")
            raise error

    for error in (KeyError("mine"), FileNotFoundError("an input"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            save(error)
    assert names(tmp_path) == []


@pytest.mark.slow
@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_text_is_kept_exact(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "exact.txt"
    durable.write_text(path, text)
    assert path.read_bytes() == text.encode()


def test_a_name_that_is_not_utf8_is_written_back_as_its_bytes(tmp_path: Path) -> None:
    durable.write_text(tmp_path / "ids.txt", os.fsdecode(b"caf\xe9.png\r\n"))
    assert (tmp_path / "ids.txt").read_bytes() == b"caf\xe9.png\r\n"


ANY_TEXT = st.text(st.characters(), max_size=5)  # all code points, lone surrogates too
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=20,
)


def has_surrogate_pair(value: object) -> bool:
    """Two lone surrogates side by side, which JSON reads as one character; no file name has them."""
    text = json.dumps(value)
    return any(f"\\ud{high}" in text.lower() for high in "89ab")


@pytest.mark.slow
@given(JSON)
def test_json_comes_back_equal(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.getbasetemp() / "value.json"
    durable.write_json(path, value)
    assert path.read_bytes().endswith(b"\n")
    if not has_surrogate_pair(value):
        assert durable.read_json(path) == value
        assert json.loads(path.read_text(encoding="utf-8")) == value


def test_json_keeps_the_order_and_readable_hangul(tmp_path: Path) -> None:
    durable.write_json(tmp_path / "a.json", {"z": 1, "a": "개"})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "z": 1,\n  "a": "개"\n}\n'


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"f1": float("-inf")}])
def test_json_refuses_what_is_no_number(tmp_path: Path, value: object) -> None:
    with pytest.raises(ValueError, match=r"a\.json"):
        durable.write_json(tmp_path / "a.json", value)
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe"])
def test_what_is_no_regular_file_is_refused_and_stays(tmp_path: Path, kind: str) -> None:
    (tmp_path / "outside").write_bytes(OLD)
    odd = tmp_path / "here" / "odd"
    odd.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to(tmp_path / ("outside" if kind == "link" else "nothing"))
    before = odd.lstat()
    with pytest.raises(StorageError, match="a pipe or a device" if kind == "pipe" else "does not write through links"):
        durable.write_bytes(odd, NEW)
    assert (odd.lstat().st_ino, odd.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert names(odd.parent) == ["odd"]
    assert (tmp_path / "outside").read_bytes() == OLD


def test_a_second_name_keeps_its_content(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(OLD)
    (tmp_path / "hard").hardlink_to(tmp_path / "outside")
    durable.write_bytes(tmp_path / "hard", NEW)
    assert ((tmp_path / "outside").read_bytes(), (tmp_path / "hard").read_bytes()) == (OLD, NEW)


def test_a_signal_right_after_the_file_was_made_leaves_nothing(tmp_path: Path) -> None:
    """An interruption can come between the call that makes the temporary file and the next instruction."""

    class InterruptedAfterCreate(durable.Backend):
        def create(self, path: Path) -> int:
            super().create(path)
            raise KeyboardInterrupt

    (tmp_path / "a.bin").write_bytes(OLD)
    with durable.using_backend(InterruptedAfterCreate()), pytest.raises(KeyboardInterrupt):
        durable.write_bytes(tmp_path / "a.bin", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == OLD
