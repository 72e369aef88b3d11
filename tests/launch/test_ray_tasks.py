"""What Ray's absence, its workers' errors and its loss become; Ray itself is played here, and real in crossval."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from podium.errors import DivergedError, Interrupted, PodiumError, Stopped, UsageError
from podium.launch.ray_tasks import run_on_ray
from podium.stopping import StopRequest


class RayError(Exception):
    """As Ray's own."""


class PlayedRay:
    """Carries out each task when it is waited for."""

    def __init__(self) -> None:
        self.exceptions = SimpleNamespace(RayError=RayError)
        self.cancelled: list[Any] = []
        self.asked: dict[str, float] = {}
        self.is_lost = False

    def is_initialized(self) -> bool:
        return False

    def init(self, address: str | None = None, **how: Any) -> None:
        if address == "nobody:1":
            raise ConnectionError("Could not find any running Ray instance.\nMore lines")

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0, "GPU": 1.0}

    def remote(self, **asked: float) -> Callable[[Callable[..., Any]], Any]:
        self.asked = asked
        return lambda work: SimpleNamespace(remote=lambda task: (work, task))

    def wait(self, left: list[Any], timeout: float = 0, num_returns: int = 1) -> tuple[list[Any], list[Any]]:
        return left[:num_returns], left[num_returns:]

    def get(self, done: list[Any]) -> list[Any]:
        if self.is_lost:
            raise RayError("The head is gone.")
        return [work(task) for work, task in done]

    def cancel(self, reference: Any, *, force: bool) -> None:
        self.cancelled.append(reference)


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> PlayedRay:
    played = PlayedRay()
    monkeypatch.setitem(sys.modules, "ray", played)  # type: ignore[arg-type]
    return played


def run(tasks: list[Callable[[], Any]], *, address: str = "local", stop: StopRequest | None = None) -> None:
    run_on_ray(tasks, address, n_cpus=2, on_gpu=True, stop=stop or StopRequest())


def test_all_tasks_are_carried_out_with_what_they_need(ray: PlayedRay) -> None:
    done: list[int] = []
    run([lambda number=number: done.append(number) for number in range(3)])  # type: ignore[misc]
    assert done == [0, 1, 2]
    assert ray.asked == {"num_cpus": 2, "num_gpus": 1.0, "max_retries": -1}


def fail() -> None:
    raise DivergedError("the loss is nan.", fix="Lower the rate.")


def leave() -> None:
    raise Interrupted("stopped.")


def test_the_first_error_stops_the_others_and_is_ours(ray: PlayedRay) -> None:
    with pytest.raises(DivergedError, match="the loss is nan"):
        run([fail, leave, leave])
    assert len(ray.cancelled) == 2


def test_a_stop_is_passed_on(ray: PlayedRay) -> None:
    stop = StopRequest()
    stop.signal = 15
    with pytest.raises(Stopped):
        run([leave, leave], stop=stop)
    assert len(ray.cancelled) == 2


def test_a_lost_or_missing_cluster_is_one_line(ray: PlayedRay) -> None:
    with pytest.raises(UsageError, match=r"no Ray cluster answers at 'nobody:1': Could not find"):
        run([leave], address="nobody:1")
    ray.is_lost = True
    with pytest.raises(PodiumError, match="cluster was lost: The head is gone"):
        run([leave])


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError) as caught:
        run([leave])
    assert "podium[ray]" in str(caught.value)
