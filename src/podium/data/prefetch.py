"""Makes the next items in a thread while the caller works on this one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Generic, TypeVar

__all__ = ["prefetch"]

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")


def prefetch(make: Callable[[_Key], _Item], keys: Iterable[_Key], depth: int) -> Generator[_Item, None, None]:
    """`make(key)` for each key, in order, up to `depth` of them ahead of the caller.

    An exception in `make` is raised at the caller's next item. When the generator is closed, dropped or fails, the
    thread has ended before control returns. With depth 0 there is no thread.

    Args:
        make: Makes an item; called in one other thread, one call at a time.
        keys: What to make.
        depth: Items that wait ready at most.

    Example:
        >>> list(prefetch(lambda key: key * key, range(4), depth=2))
        [0, 1, 4, 9]
    """
    if depth < 1:
        for key in keys:
            yield make(key)
        return
    line: _Line[_Item] = _Line(make, keys, depth)
    try:
        while (item := line.get()) is not None:
            # The list is emptied so that nothing here keeps the item alive while the caller has it.
            yield item.pop()
    finally:
        line.close()


class _Line(Generic[_Item]):
    """A thread that fills a short queue."""

    def __init__(self, make: Callable[[_Key], _Item], keys: Iterable[_Key], depth: int) -> None:
        self._depth = depth
        self._ready: deque[list[_Item]] = deque()
        self._change = threading.Condition()
        self._is_done = False
        self._is_closed = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(make, keys), name="podium-prefetch", daemon=True)
        self._thread.start()

    def _run(self, make: Callable[[_Key], _Item], keys: Iterable[_Key]) -> None:
        try:
            for key in keys:
                if not self._has_room():
                    return
                self._put([make(key)])
        except BaseException as error:
            self._error = error
        finally:
            with self._change:
                self._is_done = True
                self._change.notify_all()

    def _has_room(self) -> bool:
        with self._change:
            self._change.wait_for(lambda: self._is_closed or len(self._ready) < self._depth)
            return not self._is_closed

    def _put(self, item: list[_Item]) -> None:
        with self._change:
            self._ready.append(item)
            self._change.notify_all()

    def get(self) -> list[_Item] | None:
        """The next item in a list of one, or None after the last; raises what `make` raised."""
        with self._change:
            self._change.wait_for(lambda: self._ready or self._is_done)
            if self._ready:
                item = self._ready.popleft()
                self._change.notify_all()
                return item
        if self._error is not None:
            raise self._error
        return None

    def close(self) -> None:
        """Stop the thread and wait for its end."""
        with self._change:
            self._is_closed = True
            self._ready.clear()
            self._change.notify_all()
        self._thread.join()
