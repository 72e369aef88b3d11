"""What becomes of a batch when its worker is lost, in real processes and by a script of losses."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from podium.errors import PodiumError, StorageError
from podium.images import crew as crews
from podium.images.crew import Crew
from podium.images.failure import ShortageError
from podium.images.job import Item, Job
from podium.images.keeper import LostError, StartError
from podium.images.outcome import Decoded, Outcome

BATCH: list[Item] = [(number, f"{number}.png") for number in range(4)]
OK = Decoded(None, Outcome.OK)


class Scripted:
    """A keeper whose starts and batches go as a script says: None is success, an error is raised."""

    starts: ClassVar[list[Exception | None]] = []
    works: ClassVar[list[Exception | None]] = []
    made: ClassVar[list[Scripted]] = []
    asked: ClassVar[list[list[int]]] = []

    def __init__(self, job: Job, *, deadline_s: float, memory_mib: int) -> None:
        self.is_killed = False
        Scripted.made.append(self)

    def start(self) -> None:
        if Scripted.starts and (error := Scripted.starts.pop(0)) is not None:
            raise error

    def work(self, batch: Sequence[Item]) -> list[Decoded]:
        Scripted.asked.append([number for number, _ in batch])
        if Scripted.works and (error := Scripted.works.pop(0)) is not None:
            raise error
        return [OK] * len(batch)

    def kill(self) -> None:
        self.is_killed = True

    stop = kill


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Scripted]:
    Scripted.starts, Scripted.works, Scripted.made, Scripted.asked = [], [], [], []
    monkeypatch.setattr(crews, "Keeper", Scripted)
    return Scripted


def crew_of(n_workers: int, announce: Callable[[str], None] = lambda line: None) -> Crew:
    return Crew(Job(with_pixels=False), n_workers, deadline_s=9, memory_mib=100, announce=announce)


def test_after_a_loss_each_image_is_alone_and_only_the_culprit_is_given_up(scripted: type[Scripted]) -> None:
    scripted.works = [LostError("SIGSEGV", 3), None, None, LostError("SIGSEGV", 1), None]
    said: list[str] = []
    results = crew_of(1, said.append).run(BATCH)
    assert scripted.asked == [[0, 1, 2, 3], [0], [1], [2], [3]]
    assert [result.outcome for result in results] == [Outcome.OK, Outcome.OK, Outcome.CRASHED, Outcome.OK]
    assert "SIGSEGV" in results[2].reason
    assert len(scripted.made) == 3
    assert [keeper.is_killed for keeper in scripted.made] == [True, True, False]
    assert len(said) == 1
    assert "SIGSEGV" in said[0]


def test_a_neighbour_of_a_crash_is_not_blamed_for_it(scripted: type[Scripted]) -> None:
    """Its own first loss, alone, is only its first."""
    scripted.works = [LostError("SIGSEGV", 2), None, LostError("SIGSEGV", 1), LostError("SIGBUS", 1), None, None]
    results = crew_of(1).run(BATCH)
    assert [result.outcome for result in results] == [Outcome.OK, Outcome.CRASHED, Outcome.OK, Outcome.OK]
    assert scripted.asked == [[0, 1, 2, 3], [0], [1], [2], [2], [3]]


def test_an_image_that_hangs_twice_has_the_outcome_timeout(scripted: type[Scripted]) -> None:
    scripted.works = [LostError("hung for 9 s", 1, is_hung=True)] * 2
    results = crew_of(1).run(BATCH)
    assert [result.outcome for result in results] == [Outcome.TIMEOUT, Outcome.OK, Outcome.OK, Outcome.OK]
    assert "9 s" in results[0].reason


@pytest.mark.parametrize(("n_kills", "outcome"), [(4, Outcome.OK), (5, Outcome.CRASHED)])
def test_being_killed_says_little_about_an_image(scripted: type[Scripted], n_kills: int, outcome: Outcome) -> None:
    scripted.works = [LostError("SIGKILL", 1)] * n_kills
    assert crew_of(1).run(BATCH[:1])[0].outcome is outcome


def test_workers_that_die_before_they_begin_blame_no_image_but_not_for_ever(scripted: type[Scripted]) -> None:
    scripted.works = [LostError("SIGKILL", 0)] * 20
    assert [result.outcome for result in crew_of(1).run(BATCH)] == [Outcome.OK] * 4
    scripted.works = [LostError("SIGKILL", 0)] * 21
    with pytest.raises(PodiumError, match="before they start an image: SIGKILL"):
        crew_of(1).run(BATCH)


def make_images(folder: Path, names: list[str]) -> list[Path]:
    for seed, name in enumerate(names):
        noise = np.random.default_rng(seed).integers(0, 256, (30, 20 + seed, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name, "PNG")
    return [folder / name for name in names]


def test_what_has_ended_a_worker_is_never_decoded_here(scripted: type[Scripted], tmp_path: Path) -> None:
    batch = list(enumerate(make_images(tmp_path, ["a.png", "b.png"])))
    scripted.works = [LostError("SIGSEGV", 1)]
    scripted.starts = [None, StartError("no processes left"), StartError("no processes left")]
    said: list[str] = []
    results = crew_of(1, said.append).run(batch)
    assert [result.outcome for result in results] == [Outcome.CRASHED, Outcome.OK]
    assert results[1].facts is not None  # decoded in this program
    assert len(said) == 2
    assert "no processes left" in said[1]


def test_a_worker_that_can_open_no_file_is_one_less(scripted: type[Scripted]) -> None:
    scripted.works = [ShortageError("no file can be opened: too many open files."), None]
    said: list[str] = []

    def announce(line: str) -> None:
        said.append(line)
        crew._give_back(busy)  # another thread is done with it

    crew = crew_of(2, announce)
    busy = crew._take_keeper()
    assert busy is not None
    assert [result.outcome for result in crew.run(BATCH)] == [Outcome.OK] * 4
    assert scripted.asked == [[0, 1, 2, 3]] * 2
    assert [keeper.is_killed for keeper in scripted.made] == [False, True]
    assert "too many open files" in said[0]
    assert "1 continue" in said[0]


def test_an_error_of_storage_is_everybodys(scripted: type[Scripted]) -> None:
    scripted.works = [StorageError("the disk is full.")]
    with pytest.raises(StorageError, match="full"):
        crew_of(1).run(BATCH)
    assert scripted.made[0].is_killed


def test_a_second_worker_is_started_where_its_start_pays(scripted: type[Scripted]) -> None:
    crew = crew_of(2)
    crew.expect(0.1)
    first = crew._take_keeper()
    assert first is not None
    taken: list[object] = []
    thread = threading.Thread(target=lambda: taken.append(crew._take_keeper()))
    thread.start()
    thread.join(0.3)
    assert (len(scripted.made), taken) == (1, [])  # little is left: it waits for the first
    crew.expect(10.0)
    thread.join(10)
    assert len(scripted.made) == 2
    assert taken == [scripted.made[1]]


def test_who_waits_for_a_worker_wakes_up_when_the_crew_is_stopped(scripted: type[Scripted]) -> None:
    crew = crew_of(1)
    crew._take_keeper()
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            crew.run(BATCH)
        except PodiumError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    crew.stop()
    thread.join(10)
    assert "stopped" in str(caught[0])
    assert scripted.made[0].is_killed
    crew.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # a zombie is dead, and only waits for its parent to look
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_dead(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_alive(pid)


@pytest.mark.long
@pytest.mark.usefixtures("sabotaged")
def test_one_bad_image_in_a_batch_costs_only_itself(tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(30)]
    names[13], names[14], names[22] = "crash.png", "exit.png", "hang.png"
    batch = list(enumerate(make_images(tmp_path, names)))
    crew = Crew(Job(with_pixels=False), 1, deadline_s=1.5, memory_mib=1024, announce=lambda line: None)
    try:
        results = crew.run(batch)
    finally:
        crew.stop()
        crew.close()
    wrong = {i: result.outcome for i, result in enumerate(results) if result.outcome is not Outcome.OK}
    assert wrong == {13: Outcome.CRASHED, 14: Outcome.CRASHED, 22: Outcome.TIMEOUT}


@pytest.mark.long
@pytest.mark.usefixtures("sabotaged")
def test_worker_killed_from_outside_is_replaced(tmp_path: Path) -> None:
    (path,) = make_images(tmp_path, ["a.png"])
    said: list[str] = []
    crew = Crew(Job(), 1, deadline_s=30, memory_mib=1024, announce=said.append)
    try:
        for _ in range(3):
            assert crew.run([(0, path)])[0].outcome is Outcome.OK
            (keeper,) = crew._keepers
            assert keeper.pid is not None
            os.kill(keeper.pid, signal.SIGKILL)
            wait_until_dead(keeper.pid, 5)
        assert crew.run([(0, path)])[0].outcome is Outcome.OK
        (keeper,) = crew._keepers
        pid = keeper.pid
    finally:
        crew.stop()
        crew.close()
    assert pid is not None
    assert not is_alive(pid)
    assert len(said) == 1
    assert "SIGKILL" in said[0]


@pytest.mark.slow
@pytest.mark.usefixtures("sabotaged")
def test_a_stopped_worker_is_replaced(tmp_path: Path) -> None:
    (path,) = make_images(tmp_path, ["a.png"])
    crew = Crew(Job(), 1, deadline_s=1, memory_mib=1024, announce=lambda line: None)
    try:
        crew.run([(0, path)])
        (keeper,) = crew._keepers
        assert keeper.pid is not None
        os.kill(keeper.pid, signal.SIGSTOP)
        assert crew.run([(0, path)])[0].outcome is Outcome.OK
    finally:
        crew.stop()
        crew.close()
