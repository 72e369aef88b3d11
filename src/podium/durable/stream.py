"""A new file that is written through the backend, remembers why a write failed, and is durable when finished."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from podium.durable.backend import current_backend
from podium.durable.failures import explain_failure, explaining_failures

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["NewFile", "write_new_file"]

_BUFFER_BYTES = 1 << 20


class NewFile(io.RawIOBase):
    """The raw stream behind the file object that a writer gets.

    It has no `fileno`, on purpose: numpy would write around the backend, and a full disk would lose its errno there.
    Closing it closes the view only; the descriptor stays with `write_new_file`, for the fsync that must follow.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.failure: OSError | None = None
        self.needed = 0
        self._descriptor = descriptor
        self._is_abandoned = False
        self._is_sequential = True
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str | None:
        """SHA-256 of what was written; None when the writer went back and wrote over something."""
        return self._digest.hexdigest() if self._is_sequential else None

    def writable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true: zip based formats go back to fill in sizes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position; gives it."""
        before = self.tell()
        position = os.lseek(self._descriptor, offset, whence)
        self._is_sequential = self._is_sequential and position == before
        return position

    def tell(self) -> int:
        """Current position in bytes."""
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def truncate(self, size: int | None = None) -> int:
        """Cut the file; gives its size."""
        size = self.tell() if size is None else size
        current_backend().truncate(self._descriptor, size)
        self._is_sequential = False
        return size

    def write(self, data: Buffer, /) -> int:
        """Number of bytes written; a failure is remembered, for writers that hide its cause."""
        view = memoryview(data).cast("B")
        if self._is_abandoned:
            return len(view)
        try:
            n_written = current_backend().write(self._descriptor, view)
        except OSError as error:
            self.failure = self.failure or error
            self.needed = max(self.needed, self.tell() + len(view))
            raise
        self._digest.update(view[:n_written])
        return n_written

    def sync(self) -> None:
        """Force the content to the disk; raises the first failure, even one that the writer swallowed."""
        if self.failure is not None:
            raise self.failure
        try:
            current_backend().fsync(self._descriptor)
        except OSError as error:
            self.failure = error
            raise

    def abandon(self) -> None:
        """Throw away what is written from now on, so that a closing buffer does not fail a second time."""
        self._is_abandoned = True


@contextmanager
def write_new_file(
    path: Path, shown_as: Path, *, needed: int | None = None, in_place: bool = False
) -> Iterator[tuple[BinaryIO, NewFile]]:
    """Create a file, give it to a writer, and have it on the disk when the block ends.

    After an error nothing is left of the file, or of its content when it is written in place.

    Args:
        path: File to create; its folder must exist.
        shown_as: Path that errors name.
        needed: Bytes that will be written, where known.
        in_place: Overwrite a file of this name; else there must be none.

    Yields:
        The buffered file object to write to, and the raw stream, whose `digest` is valid after the block.

    Raises:
        StorageError: If creating, writing or syncing fails. An OSError the writer met elsewhere passes unchanged.
    """
    with explaining_failures(shown_as, needed=needed):
        descriptor = current_backend().edit(path) if in_place else current_backend().create(path)
    stream = NewFile(descriptor)
    file = io.BufferedWriter(stream, _BUFFER_BYTES)
    try:
        if in_place:
            with explaining_failures(shown_as):
                current_backend().truncate(descriptor, 0)
        yield file, stream
        _finish(file, stream, shown_as)
    except BaseException as error:
        with suppress(OSError):  # an open file keeps its space even without a name, and the user is told what is free
            current_backend().truncate(descriptor, 0)
        with suppress(OSError):
            if not in_place:
                current_backend().unlink(path)
        if stream.failure is not None and isinstance(error, Exception):
            # torch and pyarrow raise their own error for a failed write; the cause is the one we remember.
            raise explain_failure(stream.failure, shown_as, needed=needed or stream.needed) from stream.failure
        raise
    finally:
        stream.abandon()
        file.close()
        os.close(descriptor)


def _finish(file: BinaryIO, stream: NewFile, shown_as: Path) -> None:
    with explaining_failures(shown_as):
        if not file.closed:
            file.flush()
        stream.sync()
