"""The files of one version with their manifest, written and read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from podium.durable.manifest import write_manifest
from podium.durable.stream import write_new_file
from podium.errors import CorruptFileError, StorageError

__all__ = ["PartWriter", "write_parts"]

PartWriter = Callable[[BinaryIO], object]
"""Writes one file's content to the binary file it is given; what it returns is ignored."""


def write_parts(
    folder: Path, shown_as: Path, writers: Mapping[str, PartWriter], facts: Mapping[str, Any], *, in_place: bool = False
) -> None:
    """Write the files of a version into an existing folder, and the manifest last.

    Args:
        folder: Folder to write to.
        shown_as: Folder that errors name.
        writers: Writer of each file, by name.
        facts: Kept in the manifest.
        in_place: Overwrite files that exist.

    Raises:
        StorageError: If the disk refuses. The folder has no manifest then.
        CorruptFileError: If what was read back is not what was written.
    """
    written: dict[str, str | None] = {}
    for name, write in writers.items():
        with write_new_file(folder / name, shown_as / name, in_place=in_place) as (file, stream):
            write(file)
        written[name] = stream.digest
    try:
        manifest = write_manifest(folder, writers, facts)
    except StorageError as error:  # it names the temporary folder, which the user does not know
        raise StorageError(error.what, where=shown_as, fix=error.fix) from error
    for name, digest in written.items():
        if digest is not None and digest != manifest.digests[name]:
            raise CorruptFileError(
                "what was read back is not what was written.", where=shown_as / name, fix="Check the disk."
            )
