"""Trackers are told all of a run, once, and whatever one of them does, the run is as without it (R21)."""

from __future__ import annotations

import contextlib
import json
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import podium
from podium.callbacks import EpochInfo, TrainingInfo
from podium.cli import main
from podium.errors import UnknownNameError, UsageError
from podium.own_parts import load_named_parts
from podium.store import RunFolder, read_epochs
from podium.tables import Samples
from podium.trackers.follow import PATIENCE_S, Trackers, tell
from podium.trackers.remember import remembered_trackers
from podium.workflows import Run, resume, train
from tiny import faulty_tracker
from tiny.contest import Notes, draw_images, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
WAIT_S = 120.0


@pytest.fixture(autouse=True)
def _faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker that keeps a diary, and fails where FAULT says; and none of the user's own settings."""
    monkeypatch.setenv("PODIUM_PARTS", faulty_tracker.__file__)
    for name in ("WANDB_MODE", "WANDB_API_KEY", "MLFLOW_TRACKING_URI", "FAULT"):
        monkeypatch.delenv(name, raising=False)
    load_named_parts()


def told(run: Run | RunFolder, *names: str) -> None:
    """Wait until trackers have everything."""
    folder = run.folder if isinstance(run, Run) else run
    assert tell(names, folder, wait_s=WAIT_S) == dict.fromkeys(names, "told")


def diary_of(folder: Path) -> list[list[Any]]:
    return [json.loads(line) for line in (folder / "diary.jsonl").read_text().splitlines()]


def epochs_of(folder: Path) -> list[tuple[str, int]]:
    return [(epoch[0], epoch[1]) for event, what in diary_of(folder) if event == "log" for epoch in what]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """All that asks for the network asks here."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield server


def asked_of(listener: socket.socket) -> list[bytes]:
    """First lines of all that was asked of it as a proxy; others may try the port, which was somebody's before."""
    lines = []
    with contextlib.suppress(TimeoutError):
        while True:
            asking, _ = listener.accept()
            with asking:
                asking.settimeout(0.1)
                with contextlib.suppress(TimeoutError, OSError):
                    lines.append(asking.recv(200).partition(b"\r\n")[0])
    return [line for line in lines if re.match(rb"CONNECT |[A-Z]+ \w+://", line)]


WANDB_READER = """
import json, struct, sys
from wandb.proto import wandb_internal_pb2

data, place, record, rows = open(sys.argv[1], "rb").read(), 7, b"", []
while place + 7 <= len(data):  # LevelDB's log: pieces of records, none of which crosses a border of 32 KiB
    if (left := 32768 - place % 32768) < 7:
        place += left
        continue
    _, length, kind = struct.unpack("<IHB", data[place : place + 7])
    record = (b"" if kind in (1, 2) else record) + data[place + 7 : place + 7 + length]
    place += 7 + length
    if kind in (1, 4):
        found = wandb_internal_pb2.Record.FromString(record)
        if found.HasField("history"):
            items = found.history.item
            row = {(item.key or "/".join(item.nested_key)): json.loads(item.value_json) for item in items}
            rows.append([found.history.step.num, row])
print(json.dumps(rows))
"""


@pytest.mark.long
def test_tensorboard_wandb_and_mlflow_hold_what_the_run_holds_and_ask_no_network(
    contest: Contest, tmp_path: Path, listener: socket.socket
) -> None:
    names = ("tensorboard", "wandb", "mlflow")
    for name in names:
        pytest.importorskip(name)
    recipe, settings = make_recipe("model.arrangement=separate"), make_settings(tmp_path)
    run = train(contest("attributes"), recipe=recipe, folds=2, settings=settings, track="tensorboard,wandb,mlflow")
    told(run, *names)
    assert asked_of(listener) == []
    rows, scores = read_epochs(run.folder), run.scores.to_dict()
    places = {(f"fold-{row.fold}/{row.model}", row.epoch): row for row in rows}
    own = run.folder.path / "trackers"

    table = podium.read_events(own / "tensorboard")
    losses = table[table["tag"] == "train/loss"]
    seen = {(row.run, row.step): row.value for row in losses.itertuples()}
    assert seen == {key: np.float32(row.train_loss) for key, row in places.items()}
    assert len(losses) == len(rows)
    (line,) = table[table["tag"] == "score/class/f1_macro/low"]["value"]
    assert line == np.float32(scores["targets"]["class"]["metrics"]["f1_macro"]["low"])

    with sqlite3.connect(own / "mlflow" / "mlflow.db") as database:
        ask = database.execute
        assert ask("select status from runs").fetchall() == [("FINISHED",)]
        found = ask("select key, step, value from metrics where key like '%/train/loss'").fetchall()
        assert {(key.removesuffix("/train/loss"), step): value for key, step, value in found} == {
            key: row.train_loss for key, row in places.items()
        }
        params = dict(ask("select key, value from params").fetchall())
        assert (params["training.epochs"], params["model.arrangement"]) == ("2", "separate")
    artifacts = {path.name for path in (own / "mlflow" / "artifacts").rglob("*.*")}
    assert {"report.html", "confusion-1.png", "mistakes-1.png", "MODEL_CARD.md"} <= artifacts

    (journal,) = (own / "wandb").rglob("run-*.wandb")
    reader = [sys.executable, "-W", "ignore", "-c", WANDB_READER, str(journal)]
    history = json.loads(subprocess.run(reader, capture_output=True, text=True, check=True).stdout)
    steps = [step for step, _ in history]
    assert steps == sorted(set(steps))
    for (place, epoch), row in places.items():
        (mine,) = [values for _, values in history if values.get(f"{place}/epoch") == epoch]
        assert mine[f"{place}/train/loss"] == row.train_loss


@pytest.mark.long
def test_a_run_tells_config_epochs_scores_pictures_and_files(contest: Contest, tmp_path: Path) -> None:
    run = train(contest("single"), recipe=make_recipe(), folds=2, settings=make_settings(tmp_path), track=["faulty"])
    told(run, "faulty")
    events = diary_of(run.folder.path / "trackers" / "faulty")
    kinds = [event for event, _ in events]
    assert (kinds[0], kinds[-2:], kinds.count("finish")) == ("start", ["finish", "close"], 1)
    assert events[0][1]["config"]["training.epochs"] == 2
    number, scores, folds, pictures, files = events[-2][1]
    main_score = run.scores.to_dict()["targets"]["mask"]["metrics"]["f1_macro"]
    assert [scores[f"score/mask/f1_macro{end}"] for end in ("", "/low", "/high")] == [
        main_score[end] for end in ("value", "low", "high")
    ]
    assert (number, set(folds)) == (0, {"fold-0", "fold-1"})
    assert {"confusion-1", "curves-1"} <= set(pictures)
    assert {"report.html", "model.json", "recipe.yaml"} <= set(files)
    told(run, "faulty")
    assert len(diary_of(run.folder.path / "trackers" / "faulty")) == len(events), "nothing was new"
    run.refit()
    told(run, "faulty")
    assert ("refit", 1) in epochs_of(run.folder.path / "trackers" / "faulty")
    assert main(["track", run.name, "--runs", str(run.settings.runs), "--json"]) == 0


@pytest.mark.long
def test_a_stopped_run_goes_on_as_the_same_run_with_no_epoch_twice(contest: Contest, tmp_path: Path) -> None:
    class Stop(podium.Callback):
        def on_epoch(self, training: TrainingInfo, epoch: EpochInfo) -> None:
            if training.fold == 1:
                raise KeyboardInterrupt

    settings, recipe = make_settings(tmp_path, checkpoint_seconds=1000.0), make_recipe("training.epochs=3")
    with pytest.raises(KeyboardInterrupt):
        train(contest("single"), recipe=recipe, folds=2, settings=settings, callbacks=[Stop()], track="faulty")
    run = resume("last", settings=settings)
    told(run, "faulty")
    place = run.folder.path / "trackers" / "faulty"
    assert sorted(epochs_of(place)) == [(f"fold-{fold}", epoch) for fold in (0, 1) for epoch in range(3)]
    assert len({what["id"] for event, what in diary_of(place) if event == "start"}) == 1
    resume("last", settings=settings, track="none")
    assert remembered_trackers(run.folder) == ()


@pytest.mark.long
def test_several_processes_and_the_arms_of_a_study_are_told(contest: Contest, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, processes=2)
    run = train(contest("single"), recipe=make_recipe(), folds=2, settings=settings, track="faulty")
    told(run, "faulty")
    place = run.folder.path / "trackers" / "faulty"
    assert sorted(epochs_of(place)) == [(f"fold-{fold}", epoch) for fold in (0, 1) for epoch in range(2)]
    found = podium.study(
        contest("single"),
        vary={"optimizer.lr": [0.01]},
        recipe=make_recipe(),
        folds=2,
        name="lrs",
        settings=make_settings(tmp_path),
        track="faulty",
    )
    diaries = sorted(found.folder.path.glob("*/trackers/faulty"))
    starts = [diary_of(diary)[0][1] for diary in diaries]
    assert [start["group"] for start in starts] == ["lrs", "lrs"]
    assert len({start["id"] for start in starts}) == 2
    assert all(diary_of(diary)[-1] == ["close", True] for diary in diaries)


@pytest.mark.long
def test_a_classifier_tells_every_epoch(tmp_path: Path) -> None:
    names = draw_images(tmp_path / "images", 24)
    paths, labels = [tmp_path / "images" / name for name in names], np.arange(24) % 2
    options = {"overrides": [line for line in make_lines() if not line.startswith("training.layout")]}
    plain = podium.ImageClassifier(device="cpu", validation_fraction=0.25, **options).fit(paths, labels)
    model = podium.ImageClassifier(
        device="cpu", validation_fraction=0.25, track="faulty", track_folder=tmp_path / "tracked", **options
    ).fit(paths, labels)
    assert np.array_equal(model.predict_proba(paths), plain.predict_proba(paths))
    _wait_for(lambda: any((tmp_path / "tracked").glob("fit-*/faulty/diary.jsonl")))
    (place,) = (tmp_path / "tracked").glob("fit-*/faulty")
    _wait_for(lambda: diary_of(place)[-1] == ["close", True])
    assert epochs_of(place) == [("all", 0), ("all", 1)]
    ((_, scores, *_),) = [what for event, what in diary_of(place) if event == "finish"]
    assert scores == {"score/all": model.validation_scores_["all"][-1]}


def make_lines() -> list[str]:
    from tiny.contest import TINY

    return list(TINY)


def _wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


FAULTS = [
    *(f"{fault}:{at}" for fault in ("error", "hang") for at in ("start", "log", "finish", "close")),
    *(f"{fault}:log" for fault in faulty_tracker.FAULTS if fault not in ("error", "hang")),
]


@pytest.mark.long
def test_no_fault_reaches_the_training_or_delays_its_end(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """22 kinds, side by side, each with a run of its own; a hung process is ended by the system."""
    assert len(FAULTS) >= 20
    monkeypatch.setattr("podium.trackers.follow.LIMIT_S", 6.0)
    run = train(contest("single"), recipe=make_recipe(), folds=2, settings=make_settings(tmp_path / "plain"))
    before = results_of(run.folder.path)
    trackers, reports = {}, {fault: list[str]() for fault in FAULTS}
    for fault in FAULTS:
        monkeypatch.setenv("FAULT", fault)
        folder = shutil.copytree(run.folder.path, tmp_path / fault.replace(":", "-"))
        trackers[fault] = Trackers(["faulty"], RunFolder(folder), reports[fault].append)
    info, epoch = TrainingInfo(0, "all", 2, 6), EpochInfo(0, 3, 0.1, 0.5, {})
    for tracker in trackers.values():
        started = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        for _ in range(1000):
            tracker.on_epoch(info, epoch)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - started < 0.5, "half a millisecond an epoch"
    processes = {fault: tracker._processes[0]._process for fault, tracker in trackers.items() if tracker._processes}
    for fault, tracker in trackers.items():
        started = time.monotonic()
        tracker.close()
        assert time.monotonic() - started < PATIENCE_S + 1.0, fault
        assert len(reports[fault]) <= 1
    for fault, child in processes.items():
        assert child is not None
        child.wait(timeout=WAIT_S)  # none stays
        at = fault.partition(":")[0]
        assert (child.returncode == 0) == (at in ("thread", "exit", "flood")), (fault, child.returncode)
    assert results_of(run.folder.path) == before
    for folder in (folder for folder in tmp_path.iterdir() if folder.name != "plain"):
        assert results_of(folder) == before


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    ["none:none", "error:start", *(pytest.param(f, marks=pytest.mark.soak) for f in ("hang:start", "deaf_hang:log"))],
)
def test_the_bits_are_those_of_an_untracked_run(
    fault: str, contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podium.trackers.follow.LIMIT_S", 5.0)
    monkeypatch.setenv("FAULT", fault)
    recipe = make_recipe("model.freeze=none", "model.drop_rate=0.3")
    plain = train(contest("single"), recipe=recipe, folds=2, name="a", settings=make_settings(tmp_path / "a"))
    notes = Notes()
    how = {"settings": make_settings(tmp_path / "b"), "progress": notes, "track": "faulty"}
    run = train(contest("single"), recipe=recipe, folds=2, name="a", **how)  # type: ignore[arg-type]
    assert results_of(run.folder.path) == results_of(plain.folder.path)
    assert len([line for line in notes.notes if "faulty" in line]) <= 1
    said = run.track()
    assert (said["faulty"] == "told") == (fault == "none:none")
    monkeypatch.delenv("FAULT")
    assert run.track() == {"faulty": "told"}, "what was lost is told when it works again"


def test_names_are_checked_before_any_work(contest: Contest, tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with pytest.raises(UnknownNameError, match="tensorboard"):
        train(contest("single"), recipe=make_recipe(), settings=settings, track="tensorbord")
    assert not settings.runs.exists()
    with pytest.raises(UsageError, match="own"):
        podium.register_tracker("wandb", faulty_tracker.Faulty)
