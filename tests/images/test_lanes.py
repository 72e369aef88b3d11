"""How items become batches for a crew, and how results come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from podium.images.job import Item
from podium.images.lanes import run_in_lanes
from podium.images.outcome import Decoded, Outcome


class Crew:
    """Answers each image with a result that names it, after an action."""

    def __init__(self, action: Callable[[Item], object] = lambda item: None) -> None:
        self.action = action
        self.batches: list[list[int]] = []
        self.expected: list[float] = []
        self.ended: list[str] = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    def run(self, batch: Sequence[Item]) -> list[Decoded]:
        with self.lock:
            self.batches.append([number for number, _ in batch])
        for item in batch:
            self.action(item)
        return [Decoded(None, Outcome.OK, str(number)) for number, _ in batch]

    def expect(self, seconds: float) -> None:
        self.expected.append(seconds)

    def stop(self) -> None:
        self.ended.append("stop")
        self.stopping.set()

    def close(self, *, is_idle: bool = True) -> None:
        self.ended.append(f"close {is_idle}")


def items(n: int) -> list[Item]:
    return [(number, f"{number}.png") for number in range(n)]


def run(
    crew: Crew, n: int, n_lanes: int = 3, *, in_order: bool = False, one_by_one: bool = False, knows_length: bool = True
) -> list[int]:
    """Numbers in the order of their results, each checked to be its own."""
    order = []
    results = run_in_lanes(
        iter(items(n)),
        crew,  # type: ignore[arg-type]
        n_lanes,
        in_order=in_order,
        one_by_one=one_by_one,
        n_items=n if knows_length else None,
    )
    for some in results:
        for (number, _), result in some:
            assert result.reason == str(number)
            order.append(number)
    return order


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("one_by_one", [True, False])
@pytest.mark.parametrize("knows_length", [True, False])
@pytest.mark.parametrize("n", [0, 1, 2, 500])
def test_every_item_has_its_result_once(in_order: bool, one_by_one: bool, knows_length: bool, n: int) -> None:
    crew = Crew()
    order = run(crew, n, in_order=in_order, one_by_one=one_by_one, knows_length=knows_length)
    assert (order if in_order else sorted(order)) == list(range(n))
    assert sorted(number for batch in crew.batches for number in batch) == list(range(n))
    assert all(len(batch) == 1 for batch in crew.batches) or not one_by_one
    assert crew.ended == ["stop", "close True"]


def test_batches_grow_where_images_are_fast_and_stay_single_where_they_are_slow() -> None:
    fast, slow = Crew(), Crew(lambda item: time.sleep(0.06))
    run(fast, 3000, knows_length=False)
    assert len(fast.batches[0]) == 1  # nothing is known yet
    assert max(len(batch) for batch in fast.batches) == 64
    run(slow, 12)
    assert {len(batch) for batch in slow.batches} == {1}


def test_a_known_length_keeps_the_last_batches_short() -> None:
    crew = Crew()
    run(crew, 240, n_lanes=2)
    assert max(len(batch) for batch in crew.batches) <= 240 // (4 * 2)


def test_the_crew_hears_how_much_is_left() -> None:
    crew = Crew(lambda item: time.sleep(0.01))
    run(crew, 20, n_lanes=1)
    assert crew.expected[0] == pytest.approx(20 * 0.002)  # a guess
    assert 0.05 < crew.expected[len(crew.expected) // 2] < 2
    assert crew.expected[-1] == 0
    unknown = Crew()
    run(unknown, 20, knows_length=False)
    assert unknown.expected == []


def test_input_is_read_no_further_than_three_batches_a_lane() -> None:
    n_read = 0

    def endless() -> Iterator[Item]:
        nonlocal n_read
        while True:
            n_read += 1
            yield n_read, "x"

    gate = threading.Event()
    crew = Crew(lambda item: gate.wait(30))
    results = run_in_lanes(endless(), crew, 2, in_order=True, one_by_one=True, n_items=None)  # type: ignore[arg-type]
    assert next(results) == []  # a heartbeat, while all wait
    assert n_read == 3 * 2
    gate.set()
    while not next(results):
        pass
    results.close()
    assert n_read <= 3 * 2 + 1
    assert crew.ended == ["stop", "close True"]


def test_in_order_a_slow_image_holds_back_the_others_and_else_it_does_not() -> None:
    gate = threading.Event()

    def slow(item: Item) -> None:
        if item[0] == 0:
            gate.wait(30)

    crew = Crew(slow)
    results = run_in_lanes(items(6), crew, 2, in_order=False, one_by_one=True, n_items=6)  # type: ignore[arg-type]
    found: list[int] = []
    while len(found) < 5:
        found += [number for (number, _), _ in next(results)]
    assert sorted(found) == [1, 2, 3, 4, 5]
    gate.set()
    found += [number for some in results for (number, _), _ in some]
    assert found[-1] == 0


def test_an_error_of_the_crew_ends_everything() -> None:
    def fail(item: Item) -> None:
        if item[0] == 7:
            raise KeyError("seven")

    crew = Crew(fail)
    with pytest.raises(KeyError, match="seven"):
        run(crew, 100, in_order=True)
    assert crew.ended == ["stop", "close True"]


def test_a_lane_that_hangs_does_not_keep_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.images.lanes._LAST_WORDS_S", 0.1)
    gate = threading.Event()
    crew = Crew(lambda item: gate.wait(30))
    results = run_in_lanes(items(3), crew, 1, in_order=True, one_by_one=True, n_items=3)  # type: ignore[arg-type]
    assert next(results) == []
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < 10
    assert crew.ended == ["stop", "close False"]  # it may still write: nothing is closed under it
    gate.set()
