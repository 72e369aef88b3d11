"""A new folder of files that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from podium.durable.backend import current_backend
from podium.durable.failures import explaining_failures
from podium.durable.folders import make_folder, remove_tree
from podium.durable.parts import PartWriter
from podium.durable.stream import write_new_file
from podium.durable.temporary import temporary_path
from podium.errors import StorageError

__all__ = ["write_folder"]


def write_folder(folder: str | Path, writers: Mapping[str, PartWriter]) -> None:
    """Write files beside a folder's place and give them its name when all are on the disk.

    Args:
        folder: A folder that is absent or empty.
        writers: A function for each file name that writes the file's content to the binary file it is given. Slashes in
            a name make folders.

    Raises:
        StorageError: If the disk refuses, or the folder holds something by then. Nothing is left of it.
    """
    target = Path(folder).absolute()
    parent, backend = make_folder(target.parent), current_backend()
    temporary = temporary_path(parent)
    try:
        with explaining_failures(target):
            backend.mkdir(temporary)
        folders = _folders_of(writers)
        with explaining_failures(target):
            for name in folders:
                backend.mkdir(temporary / name)
        for name, write in writers.items():
            with write_new_file(temporary / name, target / name) as (file, _):
                write(file)
        with explaining_failures(target):
            for name in reversed(folders):
                backend.fsync_dir(temporary / name)
            backend.fsync_dir(temporary)
            backend.replace(temporary, target)
            backend.fsync_dir(parent)
    except BaseException:
        with suppress(StorageError):
            remove_tree(temporary)
        raise


def _folders_of(names: Iterable[str]) -> list[str]:
    """Every folder that these files need, the outer ones first.

    Example:
        >>> _folders_of(["a.txt", "runs/one/run.json", "runs/two/run.json"])
        ['runs', 'runs/one', 'runs/two']
    """
    found = {str(step) for name in names for step in PurePosixPath(name).parents}
    return sorted(found - {"."})
