"""A disk that loses at a power cut what was not synced, as strictly as POSIX allows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from podium import durable
from podium.durable.backend import Backend


class PowerCut(Backend):
    """The real operations until the k-th, which cuts the power: then `Death` is raised, now and ever after.

    `settle` then gives the disk the state it may have after the cut. Content that was not synced falls back to what it
    was at the last sync (`keep_data=False`), and names that were not synced in their folder fall back to what they were
    (`keep_names=False`); a kernel may also have written either by chance, hence the switches.
    """

    def __init__(self, k: int, stash: Path) -> None:
        self.k = k
        self.n_operations = 0
        self.stash = stash
        self.paths: dict[int, int] = {}  # inode -> descriptor of our own, which follows the file through renames
        self.synced: dict[int, bytes] = {}
        self.names: list[tuple[Path, Callable[[], object]]] = []

    def before(self, operation: str) -> None:
        self.n_operations += 1
        if self.n_operations >= self.k:
            raise durable.Death

    def _track(self, descriptor: int, content: bytes) -> int:
        inode = os.fstat(descriptor).st_ino
        if inode not in self.paths:
            self.paths[inode] = os.dup(descriptor)
        self.synced.setdefault(inode, content)
        return descriptor

    def create(self, path: Path) -> int:
        self.before("create")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        self.names.append((path.parent, path.unlink))
        self.synced.pop(os.fstat(descriptor).st_ino, None)  # an inode number that is used again
        self.paths.pop(os.fstat(descriptor).st_ino, None)
        return self._track(descriptor, b"")

    def edit(self, path: Path) -> int:
        existed = path.exists()
        descriptor = super().edit(path)
        if not existed:
            self.names.append((path.parent, path.unlink))
        return self._track(descriptor, path.read_bytes() if existed else b"")

    def fsync(self, descriptor: int) -> None:
        super().fsync(descriptor)
        size = os.fstat(descriptor).st_size
        self.synced[os.fstat(descriptor).st_ino] = os.pread(descriptor, size, 0)

    def fsync_dir(self, folder: Path) -> None:
        super().fsync_dir(folder)
        self.names = [(parent, undo) for parent, undo in self.names if parent != folder]

    def replace(self, source: Path, target: Path) -> None:
        saved = self.stash / str(len(list(self.stash.iterdir())))
        if target.is_file():
            saved.hardlink_to(target)
        super().replace(source, target)

        def undo() -> None:
            target.rename(source)
            if saved.exists():
                target.hardlink_to(saved)

        self.names.append((target.parent, undo))

    def unlink(self, path: Path) -> None:
        saved = self.stash / str(len(list(self.stash.iterdir())))
        if path.exists():
            saved.hardlink_to(path)
        super().unlink(path)
        self.names.append((path.parent, lambda: path.hardlink_to(saved)))

    def mkdir(self, folder: Path) -> None:
        super().mkdir(folder)
        # A folder whose name is lost takes what is in it along.
        self.names.append((folder.parent, lambda: durable.remove_tree(folder)))

    def rmdir(self, folder: Path) -> None:
        super().rmdir(folder)
        self.names.append((folder.parent, folder.mkdir))

    def settle(self, *, keep_data: bool, keep_names: bool) -> None:
        """Bring the disk to a state it may have after the cut."""
        for inode, descriptor in self.paths.items():
            if not keep_data:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, self.synced[inode], 0)
            os.close(descriptor)
        for _, undo in reversed([] if keep_names else self.names):
            undo()
        for saved in self.stash.iterdir():  # a file with two names would be refused from here on
            saved.unlink()


@pytest.fixture(scope="session", autouse=True)
def no_real_sync() -> Iterator[None]:
    """Syncing takes most of the time and nobody can see its effect here; `PowerCut` notices where it is left out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # still an error for a descriptor that is closed
        yield


@pytest.fixture
def cut_power(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Callable[[], object], int, bool, bool], bool]:
    """Run an action, cut the power at its k-th operation, settle the disk; False when it ended before."""

    def cut(action: Callable[[], object], k: int, keep_data: bool, keep_names: bool) -> bool:
        backend = PowerCut(k, tmp_path_factory.mktemp("stash"))
        try:
            with durable.using_backend(backend):
                action()
        except durable.Death:
            backend.settle(keep_data=keep_data, keep_names=keep_names)
            return True
        backend.settle(keep_data=keep_data, keep_names=keep_names)
        return False

    return cut
