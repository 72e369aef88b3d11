"""The files of one version: the manifest comes last and vouches for what is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium import durable
from podium.durable.parts import write_parts
from podium.errors import CorruptFileError, StorageError

WRITERS = {"a.bin": lambda file: file.write(b"alpha"), "b.bin": lambda file: file.write(b"beta" * 1000)}


class Lying(durable.Backend):
    """A disk that stores other bytes than it is given."""

    def write(self, descriptor: int, data: memoryview) -> int:
        return super().write(descriptor, memoryview(bytes(data).replace(b"beta", b"bets")))


def test_the_manifest_lists_every_file_with_its_facts(tmp_path: Path) -> None:
    write_parts(tmp_path, tmp_path, WRITERS, {"step": 7})
    manifest = durable.check_manifest(tmp_path)
    assert dict(manifest.sizes) == {"a.bin": 5, "b.bin": 4000}
    assert manifest.meta == {"step": 7}


def test_what_is_read_back_must_be_what_was_written(tmp_path: Path) -> None:
    with pytest.raises(CorruptFileError, match="read back") as caught, durable.using_backend(Lying()):
        write_parts(tmp_path, Path("checkpoints/3"), WRITERS, {})
    assert caught.value.where == str(Path("checkpoints/3/b.bin"))


def test_at_whatever_operation_the_disk_refuses_there_is_no_manifest_and_the_users_folder_is_named(
    tmp_path: Path,
) -> None:
    counting = durable.fail_at(10**9)
    (tmp_path / "0").mkdir()
    with durable.using_backend(counting):
        write_parts(tmp_path / "0", tmp_path / "0", WRITERS, {})
    named = counting.operations.index("replace") + 1  # from here on the manifest has its name
    for k in range(1, named + 1):
        folder = tmp_path / str(k)
        folder.mkdir()
        with pytest.raises(StorageError) as caught, durable.using_backend(durable.fail_at(k)):
            write_parts(folder, Path("shown"), WRITERS, {})
        assert str(caught.value.where).startswith("shown"), k
        assert not (folder / durable.MANIFEST_NAME).exists()


def test_in_place_an_old_file_is_overwritten_and_else_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"an older and longer content")
    with pytest.raises(StorageError):
        write_parts(tmp_path, tmp_path, WRITERS, {})
    assert not (tmp_path / durable.MANIFEST_NAME).exists()
    write_parts(tmp_path, tmp_path, WRITERS, {}, in_place=True)
    assert (tmp_path / "a.bin").read_bytes() == b"alpha"
    durable.check_manifest(tmp_path)
