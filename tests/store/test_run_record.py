"""run.json as people leave it: named by file and field, and never in the way of other runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podium import durable
from podium.cli import main
from podium.errors import CorruptFileError
from podium.store import RunFolder, check_record, create_run, find_run, list_run_rows, list_runs

GOOD: dict[str, Any] = {
    "created": "2026-11-30T12:00:00+00:00",
    "number": 3,
    "folds": [0, 2],
    "threads": 2,
    "command": ["podium", "train"],
    "preset": "quick",
    "cloud_drive": False,
    "autotune": {},
    "cache": "runs/.cache",
    "cache_key": "abc-32x32",
    "samples_digest": None,
}
BAD: list[tuple[str, Any]] = [
    ("number", "x"),
    ("number", -1),
    ("number", True),
    ("folds", {}),
    ("folds", []),
    ("folds", "01"),
    ("folds", [0, "1"]),
    ("folds", [0, -1]),
    ("folds", [0, 1.0]),
    ("folds", [1, 1]),
    ("folds", None),
    ("threads", "x"),
    ("threads", 1e9),
    ("threads", 10**9),
    ("threads", 0),
    ("threads", None),
    ("created", 5),
    ("command", {"a": 1}),
    ("command", [1]),
    ("cloud_drive", "no"),
    ("autotune", []),
    ("cache", 1),
    ("cache_key", "../../elsewhere"),
    ("cache_key", ".."),
    ("cache_key", "a\\b"),
    ("samples_digest", 1),
]


def edit(run: RunFolder, change: Callable[[dict[str, Any]], None]) -> None:
    record = json.loads(run.run_file.read_text())
    change(record)
    run.run_file.write_text(json.dumps(record))


def test_what_podium_writes_is_right(tmp_path: Path) -> None:
    check_record(GOOD, tmp_path)
    check_record({"created": "", "folds": [0], "from_the_future": {}}, tmp_path)


@pytest.mark.parametrize(("field", "value"), BAD, ids=str)
def test_a_wrong_field_is_named_with_its_file(field: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(CorruptFileError) as caught:
        check_record({**GOOD, field: value}, tmp_path / "run.json")
    assert f"{field!r} is {value!r}; " in caught.value.what
    assert caught.value.what.endswith(" expected.")
    assert caught.value.where == str(tmp_path / "run.json")


@pytest.mark.parametrize("field", ["created", "folds"])
def test_a_missing_field_is_named(field: str, tmp_path: Path) -> None:
    with pytest.raises(CorruptFileError, match=f"'{field}' is missing"):
        check_record({name: value for name, value in GOOD.items() if name != field}, tmp_path)


def test_a_run_without_threads_can_be_read_but_not_trained(tmp_path: Path) -> None:
    run = create_run(tmp_path, "mine", {"folds": [0]})
    assert run.read()["folds"] == [0]
    with pytest.raises(CorruptFileError, match="threads"):
        _ = run.n_threads


@pytest.mark.slow
@pytest.mark.parametrize(("field", "value"), BAD, ids=str)
def test_one_edited_run_blocks_no_other(
    field: str, value: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    for name in ("first", "odd"):
        create_run(runs, name, {"folds": [0], "threads": 1})
    edit(RunFolder(runs / "odd"), lambda record: record.update({field: value}))
    assert create_run(runs, "next", {"folds": [0]}).read()["number"] >= 2
    assert {run.name for run in list_runs(runs)} == {"first", "odd", "next"}
    states = {row.name: row.state for row in list_run_rows(runs, "score")}
    assert states["odd"].startswith("cannot be read: ")
    assert "run.json" in states["odd"]
    assert field in states["odd"]
    assert "0 of 1 fold" in states["first"]
    for arguments in (["runs"], ["runs", "--json"], ["runs", "--sort", "score"]):
        assert main([*arguments, "--runs", str(runs)]) == 0
    for arguments in (["predict", "odd", "."], ["train", "--resume", "odd"]):
        capsys.readouterr()
        assert main([*arguments, "--runs", str(runs)]) in (1, 2, 3)
        assert "bug in Podium" not in capsys.readouterr().err


def test_the_last_run_stays_the_last_where_another_field_is_damaged(tmp_path: Path) -> None:
    for name in ("a", "b"):
        create_run(tmp_path, name, {"folds": [0]})
    edit(RunFolder(tmp_path / "b"), lambda record: record.update(folds="x"))
    assert find_run(tmp_path, "last").name == "b"


@pytest.mark.parametrize(
    "change",
    [
        lambda scores: scores.update(main_metric="no_such"),
        lambda scores: scores.update(main_metric=[]),
        lambda scores: scores.update(targets=[]),
        lambda scores: scores["targets"]["label"]["metrics"]["f1_macro"].update(value="x"),
        lambda scores: scores["targets"]["label"]["metrics"]["f1_macro"].update(low={}),
        lambda scores: scores["targets"]["label"]["metrics"]["f1_macro"].pop("high"),
        lambda scores: scores["targets"]["label"].update(chance={"f1_macro": "x"}),
    ],
)
def test_edited_scores_are_named_too(
    change: Callable[[Any], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("good", "bad"):
        run = create_run(tmp_path, name, {"folds": [0]})
        durable.write_bytes(run.oof_file, b"")
        interval = {"value": 0.5, "low": None, "high": None, "n_groups": 1, "n_resamples": 0, "level": 0.95}
        scores: dict[str, Any] = {"main_target": "label", "main_metric": "f1_macro"}
        scores["targets"] = {"label": {"metrics": {"f1_macro": interval}}}
        if name == "bad":
            change(scores)
        durable.write_json(run.scores_file, scores)
    for order in ("created", "score"):
        assert main(["runs", "--runs", str(tmp_path), "--sort", order]) == 0
        out = capsys.readouterr().out
        assert "0.5000" in out
        assert str(tmp_path / "bad" / "scores.json") in out
