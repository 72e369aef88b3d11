"""What the operating system says, turned into words with a remedy."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from podium.durable.failures import explain_failure, explaining_failures
from podium.errors import StorageError


def explain(code: int | None, path: Path, needed: int | None = None) -> StorageError:
    return explain_failure(OSError(code, os.strerror(code or 0)), path, needed=needed)


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "quota is used up")])
def test_a_full_disk_tells_what_is_needed_and_what_is_free(tmp_path: Path, code: int, words: str) -> None:
    error = explain(code, tmp_path / "not" / "made" / "yet", 12_345_678)
    assert words in error.what
    assert "at least 12,345,678 bytes" in error.what
    free = int(error.what.rpartition(" bytes are free")[0].rpartition(" ")[2].replace(",", ""))
    assert abs(free - shutil.disk_usage(tmp_path).free) < 2**30  # others write to this disk meanwhile
    assert error.where == str(tmp_path / "not" / "made" / "yet")
    assert error.fix
    assert "an unknown number of bytes" in explain(code, tmp_path).what


def test_without_a_folder_to_ask_a_full_disk_is_still_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.EACCES, "no")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    assert explain(errno.ENOSPC, tmp_path).what == "the disk is full: an unknown number of bytes needed."


def test_a_full_table_of_files_is_no_lack_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = list(os.statvfs(tmp_path))
    full = os.statvfs_result([*real[:5], 1000, 0, 0, *real[8:]])  # f_files, f_ffree, f_favail
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    error = explain(errno.ENOSPC, tmp_path / "a")
    assert "inodes" in error.what
    assert "full" in error.what
    assert "bytes" not in error.what
    uncounted = os.statvfs_result([*real[:5], 0, 0, 0, *real[8:]])  # as btrfs answers
    monkeypatch.setattr(os, "statvfs", lambda path: uncounted)
    assert "the disk is full" in explain(errno.ENOSPC, tmp_path / "a").what


@pytest.mark.parametrize("code", [errno.ELOOP, errno.EMLINK])
def test_links_are_told_as_links(tmp_path: Path, code: int) -> None:
    assert "link" in explain(code, tmp_path).what
    assert explain(code, tmp_path).fix


def test_an_unknown_cause_keeps_the_words_of_the_system(tmp_path: Path) -> None:
    assert explain(errno.ETXTBSY, tmp_path).what == f"{os.strerror(errno.ETXTBSY)}."
    assert explain_failure(OSError("only words"), tmp_path).what == "only words."


def test_only_errors_of_the_system_are_explained_and_their_cause_is_kept(tmp_path: Path) -> None:
    cause = OSError(errno.EIO, "broken")
    with pytest.raises(StorageError, match="input/output") as caught, explaining_failures(tmp_path):
        raise cause
    assert caught.value.__cause__ is cause
    with pytest.raises(KeyError), explaining_failures(tmp_path):
        raise KeyError
    with explaining_failures(tmp_path):
        pass
