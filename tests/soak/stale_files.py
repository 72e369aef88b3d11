"""A network drive as its clients see it: what a process did not change itself, it may see as it was seconds ago.

NFS keeps attributes and listings of folders for 3 to 60 s (acregmin, acdirmin), and asks the server anew when a file is
opened (close-to-open). So here `stat` and listings are kept, those of absent files too, and `open` is not. What this
process makes, renames or removes it sees at once, and with it the other names of that folder: the server's answer tells
the client that the folder has changed.
"""

# ruff: noqa: PTH100, PTH120 - it stands below pathlib
from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

__all__ = ["stale_files"]


class _Kept:
    """Answers of a function of a path, each kept for a while, errors too."""

    def __init__(self, ask: Callable[..., Any], below: str, seconds: float) -> None:
        self._ask, self._below, self._seconds = ask, below, seconds
        self._answers: dict[Any, tuple[float, Any, OSError | None]] = {}
        self.own: set[str] = set()

    def __call__(self, path: Any = ".", *rest: Any, **more: Any) -> Any:
        name = path if isinstance(path, int) else os.fspath(path)
        if not isinstance(name, str) or not self._is_kept(os.path.abspath(name)) or more.get("dir_fd"):
            return self._ask(path, *rest, **more)
        key = (os.path.abspath(name), rest, tuple(sorted(more.items())))
        kept = self._answers.get(key)
        if kept is None or time.monotonic() - kept[0] > self._seconds:
            kept = self._answers[key] = (time.monotonic(), *self._fresh(path, *rest, **more))
        if kept[2] is not None:
            raise kept[2]
        return kept[1]

    def _is_kept(self, name: str) -> bool:
        return name.startswith(self._below) and name not in self.own

    def _fresh(self, *given: Any, **more: Any) -> tuple[Any, OSError | None]:
        try:
            return self._ask(*given, **more), None
        except OSError as error:
            return None, error

    def forget(self, path: Any) -> None:
        """The process has changed this name itself, and so knows anew what its folder holds."""
        if isinstance(path, (str, os.PathLike)):
            name = os.path.abspath(os.fspath(path))
            folder = os.path.dirname(name)
            for key in [key for key in self._answers if key[0] == folder or os.path.dirname(key[0]) == folder]:
                del self._answers[key]


@contextmanager
def stale_files(below: str, seconds: float) -> Iterator[None]:
    """For the length of the block, attributes and listings below a folder may be so many seconds old."""
    kept = {name: _Kept(getattr(os, name), os.path.abspath(below), seconds) for name in ("stat", "lstat", "listdir")}

    def changing(name: str) -> Callable[..., Any]:
        change = getattr(os, name)

        def changed(*given: Any, **more: Any) -> Any:
            try:
                return change(*given, **more)
            finally:
                if name == "open" and given[1] & (os.O_WRONLY | os.O_RDWR):  # a client knows what it writes itself
                    for answers in kept.values():
                        answers.own.add(os.path.abspath(os.fspath(given[0])))
                if name != "open" or given[1] & os.O_EXCL:  # opening what is there changes no folder
                    for path in given[:2]:
                        for answers in kept.values():
                            answers.forget(path)

        return changed

    changers = ("open", "rename", "replace", "unlink", "remove", "mkdir", "rmdir", "link", "truncate", "utime")
    patches: dict[str, Any] = kept | {name: changing(name) for name in changers}
    with mock.patch.multiple(os, **patches):
        yield
