"""What the starting process makes of its children's messages and ends; they themselves are played here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from podium import durable
from podium.crossval import train_in_processes as module
from podium.crossval.train_in_processes import train_in_processes
from podium.errors import DivergedError, PodiumError, Stopped
from podium.stopping import StopRequest
from podium.store import RunFolder, create_run
from tiny.contest import Notes, make_settings

Hear = Callable[[Mapping[str, Any]], None]


class Children:
    """Stands in for `run_processes`: says these messages, does these folds, and ends with these codes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, run: RunFolder) -> None:
        self.run, self.requests = run, [{}]
        self.messages: list[Mapping[str, Any]] = []
        self.folds: Sequence[int] = (0, 1, 2)
        self.codes: list[int] | None = None
        monkeypatch.setattr(module, "run_processes", self.start)

    def start(
        self, name: str, requests: list[dict[str, Any]], *, stop: StopRequest, on_message: Hear, on_look: Any
    ) -> list[int]:
        assert name == "podium.crossval.worker"
        self.requests = requests
        for message in self.messages:
            on_message(message)
        for fold in self.folds:
            durable.write_bytes(self.run.predictions_file("oof", fold), b"done")
        on_look()
        return [0] * len(requests) if self.codes is None else self.codes


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Children:
    return Children(monkeypatch, create_run(tmp_path / "runs", "mine", {"folds": [0, 1, 2], "threads": 1}))


def train(children: Children, n: int = 2, **how: Any) -> list[str]:
    notes, settings = Notes(), make_settings(children.run.path.parent.parent, processes=n, threads=8)
    train_in_processes(children.run, settings, notes, how.pop("stop", StopRequest()), **how)
    return notes.notes


@pytest.mark.parametrize(
    ("asked", "how", "n"),
    [
        (2, {}, 2),
        (9, {}, 3),  # a process a fold is enough
        (9, {"n_models": 2}, 6),
        (9, {"only_folds": [1]}, 1),
    ],
)
def test_no_more_processes_are_started_than_there_is_work(
    children: Children, asked: int, how: dict[str, Any], n: int
) -> None:
    train(children, asked, **how)
    assert len(children.requests) == n
    assert children.requests == [children.requests[0]] * n


def test_folds_that_are_done_are_no_work(children: Children) -> None:
    durable.write_bytes(children.run.predictions_file("oof", 1), b"done")
    train(children, 9)
    assert len(children.requests) == 2


def test_a_note_of_several_processes_is_told_once(children: Children) -> None:
    children.messages = [{"note": "a"}, {"note": "b"}, {"note": "a"}, {"something": "else"}]
    assert [note for note in train(children) if "share" not in note] == ["a", "b"]


@pytest.mark.parametrize(("n", "is_crowd"), [(3, True), (2, False)])
def test_more_threads_than_cores_are_noted(
    children: Children, n: int, is_crowd: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.Settings, "n_threads", property(lambda self: self.threads or 2))
    assert [note.split(".")[0] for note in train(children, n)] == [
        f"{n} processes with 1 thread each share 2 cores"
    ] * is_crowd


def test_the_first_error_is_the_error_and_a_stop_is_none(children: Children) -> None:
    first, second = DivergedError("the loss is nan."), PodiumError("something else.")
    stopped = Stopped("stopped as asked.")
    children.messages = [{"error": problem.to_dict()} for problem in (stopped, first, second)]
    children.folds, children.codes = (0,), [stopped.exit_code, first.exit_code]
    with pytest.raises(DivergedError, match="the loss is nan"):
        train(children)


def test_a_failure_without_a_word_is_our_mistake(children: Children) -> None:
    children.folds, children.codes = (0,), [1, 0]
    with pytest.raises(RuntimeError, match=r"failed with exit codes \[1, 0\]"):
        train(children)


def test_children_that_were_stopped_by_others_stop_the_run(children: Children) -> None:
    children.folds, children.codes = (), [Stopped("").exit_code, -9]
    with pytest.raises(Stopped, match="all processes were stopped") as stopped:
        train(children)
    assert stopped.value.fix == "Continue with `podium.resume('mine')`."


def test_a_stop_that_was_asked_for_here_is_one_whatever_the_children_say(children: Children) -> None:
    children.folds, children.codes = (), [-9, -9]
    stop = StopRequest()
    stop.signal = 15
    with pytest.raises(Stopped, match="stopped as asked"):
        train(children, stop=stop)


def test_one_that_is_killed_leaves_its_work_to_the_others(children: Children) -> None:
    children.codes = [-9, 0]
    assert any("1 of 2 processes was killed (signal 9); the others took over" in note for note in train(children))


def test_all_killed_is_an_error_that_guesses_why(children: Children) -> None:
    children.folds, children.codes = (0,), [-9, -9]
    with pytest.raises(PodiumError, match=r"all 2 processes were killed \(signal 9\), perhaps because memory ran out"):
        train(children)
