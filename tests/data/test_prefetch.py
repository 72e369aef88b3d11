"""Items made ahead: their order, their number, errors, and the end of the thread."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import pytest

from podium.data.prefetch import prefetch


class Item:
    """Something a weak reference can watch."""


def n_threads() -> int:
    return sum(thread.name == "podium-prefetch" for thread in threading.enumerate())


@pytest.mark.parametrize("depth", [0, 1, 3, 50])
def test_items_come_in_order_once_each(depth: int) -> None:
    assert list(prefetch(lambda key: key * key, range(20), depth)) == [key * key for key in range(20)]
    assert list(prefetch(lambda key: key, [], depth)) == []
    assert list(prefetch(lambda key: None, range(3), depth)) == [None] * 3
    assert n_threads() == 0


def test_it_is_never_further_ahead_than_asked() -> None:
    made: list[int] = []

    def make(key: int) -> int:
        made.append(key)
        return key

    stream = prefetch(make, range(100), depth=2)
    assert next(stream) == 0
    time.sleep(0.1)
    assert made == [0, 1, 2]
    stream.close()


def test_items_are_made_while_the_caller_works() -> None:
    is_made = threading.Event()

    def make(key: int) -> int:
        if key == 1:
            is_made.set()
        return key

    stream = prefetch(make, range(3), depth=1)
    assert next(stream) == 0
    assert is_made.wait(10)
    stream.close()


def test_depth_0_makes_each_item_in_the_callers_thread() -> None:
    caller = threading.current_thread()
    assert all(prefetch(lambda key: threading.current_thread() is caller, range(3), 0))
    assert not any(prefetch(lambda key: threading.current_thread() is caller, range(3), 1))


@pytest.mark.parametrize("depth", [0, 2])
def test_an_error_comes_after_the_items_before_it(depth: int) -> None:
    stream = prefetch(lambda key: 6 // (2 - key), range(9), depth)
    assert [next(stream), next(stream)] == [3, 6]
    with pytest.raises(ZeroDivisionError):
        next(stream)
    assert n_threads() == 0


def test_an_error_of_the_keys_reaches_the_caller_too() -> None:
    def keys():  # type: ignore[no-untyped-def]
        yield 1
        raise OSError("no more keys")

    stream = prefetch(lambda key: key, keys(), 2)
    assert next(stream) == 1
    with pytest.raises(OSError, match="no more keys"):
        next(stream)


@pytest.mark.long
def test_closed_or_dropped_the_thread_has_ended() -> None:
    stream = prefetch(lambda key: key, range(100), 2)
    next(stream)
    assert n_threads() == 1
    stream.close()
    assert n_threads() == 0
    for _ in prefetch(lambda key: key, range(100), 2):
        break
    gc.collect()
    assert n_threads() == 0


@pytest.mark.long
def test_an_item_is_not_kept_alive_while_the_caller_has_let_it_go() -> None:
    stream = prefetch(lambda key: Item(), range(2), 1)
    item = next(stream)
    watch = weakref.ref(item)
    del item
    gc.collect()
    assert watch() is None
    stream.close()
