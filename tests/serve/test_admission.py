"""Who is let in, by numbers: queue, expected work, held bytes."""

from __future__ import annotations

import pytest

from podium.serve import admission
from podium.serve.admission import Admission, Pace
from podium.serve.refusal import Refusal


@pytest.fixture
def door() -> Admission:
    found = Admission(100, 1000)
    found.is_ready = True
    return found


def test_what_is_expected_to_be_late_is_refused(door: Admission, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission.time, "monotonic", lambda: 1.0)
    door.image_s.note(0.3)
    door.decode_s.note(0.1)
    with door.enter(10, 10.0):
        assert door.wait_s == pytest.approx(4.0)
        with door.enter(2, 10.0):  # 12 of 0.4 s are 4.8 s, and half of 10 s is 5
            pass
        with pytest.raises(Refusal) as busy, door.enter(3, 10.0):
            pass
        assert (busy.value.status, busy.value.headers["retry-after"]) == (503, "4")
    assert door.n_images == 0
    with pytest.raises(Refusal, match="Send fewer images"), door.enter(30, 10.0):
        pass
    door.image_s.note(1e6)
    with door.enter(1, 10.0):  # alone: else nothing would ever correct the estimate
        pass


def test_the_queue_counts_images(door: Admission) -> None:
    with door.enter(99, 10.0):
        with pytest.raises(Refusal), door.enter(2, 10.0):
            pass
        with door.enter(1, 10.0), pytest.raises(Refusal):
            door.check_door()


def test_nobody_is_let_in_behind_one_that_waits_too_long(door: Admission, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(admission.time, "monotonic", lambda: now[0])
    with door.enter(1, 10.0):
        now[0] += 7.0
        with door.enter(1, 10.0):
            pass
        now[0] += 1.0
        with pytest.raises(Refusal, match="longer than expected"), door.enter(1, 10.0):
            pass
    with door.enter(1, 10.0):
        pass


def test_held_bytes_are_given_back(door: Admission) -> None:
    with door.hold() as first, door.hold() as second:
        first.take(7000)
        second.take(1000)
        with pytest.raises(Refusal) as busy:
            second.take(1)
        assert busy.value.headers["connection"] == "close"
        with pytest.raises(Refusal):
            door.check_door()
    assert door.n_bytes == 0
    door.check_door()


def test_a_pace_fades_to_its_best_while_nothing_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(admission.time, "monotonic", lambda: now[0])
    pace = Pace()
    assert pace.seconds == 0
    pace.note(1.0)
    pace.note(6.0)
    assert pace.seconds == pytest.approx(0.8 * 1 + 0.2 * 6)
    now[0] += 5
    assert pace.seconds == pytest.approx(1.0)
    now[0] += 1000
    assert pace.seconds == 1.0
