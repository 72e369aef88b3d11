"""A submission says what is known of it before it is handed in; the leaderboard's answer is kept beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import podium
from podium import durable
from podium.cli import main
from podium.errors import CorruptFileError, UsageError
from podium.store import RunFolder
from podium.tables import Samples, load_predictions, save_predictions
from podium.workflows import Run, train
from podium.workflows.gate import read_shift
from podium.workflows.submit import submit_run
from tiny.contest import TASKS, Notes, draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]


def start(samples: Samples, folder: Path, name: str, *lines: str, folds: object = 2) -> Run:
    recipe = make_recipe("training.epochs=1", *lines)
    return train(samples, recipe=recipe, name=name, folds=folds, progress=Notes(), settings=make_settings(folder))


@pytest.fixture(scope="module", params=TASKS)
def place(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    first = start(contest(request.param), folder, "a")
    start(contest(request.param), folder, "b", "optimizer.lr=0.3")
    draw_images(folder / "test", 6, seed=9)
    first.predict(folder / "test", progress=Notes())
    return folder


def upside_down(run: RunFolder) -> None:
    """Other answers, as if they had been predicted."""
    path = run.predictions_file("test")
    made = load_predictions(path)
    probs = {name: values[:, ::-1].copy() for name, values in made.probs.items()}
    other = type(made)(made.task, made.ids, made.fold, probs)
    (origin,) = save_predictions(other, path, weights=made.origins[0].weights).origins
    about = path.with_suffix(".json")
    record = durable.read_json(about)
    durable.write_json(about, record | {"files": record["files"] | {path.name: origin.sha256}})


@pytest.mark.long
def test_the_gate_and_the_leaderboard(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = place / "runs"
    run = RunFolder(runs / "a")
    first = submit_run(run, None, public_share=0.5)
    gate = first.gate
    assert gate is not None
    assert gate.score == Run(run, make_settings(place)).scores.main
    assert gate.made_by == "the mean of 2 folds"
    assert gate.public is not None
    assert gate.expected is not None
    assert gate.public.n_images < gate.expected.n_images
    assert gate.change is None
    assert {drift.target for drift in gate.drifts} == set(first.histogram)
    line = durable.Journal(run.submissions_file).read()[-1]
    assert line["gate"] == json.loads(json.dumps(gate.to_dict()))

    again = submit_run(run, None)  # the same file, which nobody is known to have handed in
    assert again.gate is not None
    assert again.gate.change is None
    podium.leaderboard(0.5, runs=runs, rank=3)
    same = submit_run(run, None)
    assert same.gate is not None
    assert same.gate.advice.startswith(("do not submit: every answer", "do not submit: all rows"))

    upside_down(run)
    changed = submit_run(run, None)
    assert changed.gate is not None
    assert changed.gate.change is not None
    assert changed.gate.change.n_rows == 6
    assert changed.gate.change.n_changed == sum(
        len({tuple(before), tuple(after)}) > 1
        for before, after in zip(rows_of(runs, first.sha256), rows_of(runs, changed.sha256), strict=True)
    )
    assert changed.gate.change.difference is not None
    assert changed.gate.change.difference.difference.value == 0  # the same models and rules

    board = podium.leaderboard(0.4, runs=runs, private=True)
    assert board.rows[0].public == 0.5
    assert board.rows[0].rank == 3
    assert board.rows[1].private == 0.4
    assert board.advice.startswith(("1 of 3 submissions with both", "1 of 1 leaderboard scores lie outside"))
    capsys.readouterr()
    chart = place / "board.png"
    assert main(["leaderboard", "--runs", str(runs), "--json", "--out", str(chart)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["submissions"] == json.loads(json.dumps(board.to_dict()))["submissions"]
    assert chart.read_bytes()[:4] == b"\x89PNG"
    assert main(["leaderboard", "--runs", str(runs), "--out", str(place / "board.svg")]) == 0
    assert first.sha256[:8] in capsys.readouterr().out
    assert 'id="submissions"' in Run(run, make_settings(place)).report().read_text()


def rows_of(runs: Path, sha256: str) -> list[tuple[str, ...]]:
    from podium.store import read_answers

    found = read_answers(RunFolder(runs / "a"), sha256)
    assert found is not None
    return [found[name] for name in sorted(found)]


@pytest.fixture(scope="module")
def letters(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    samples = contest(next(iter(TASKS)))
    draw_images(folder / "test", 6, seed=9)
    start(samples, folder, "part", folds=3)
    return folder


@pytest.mark.slow
def test_predictions_of_some_folds_are_told_also_when_quiet(letters: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunFolder(letters / "runs" / "part")
    kept = run.predictions_file("oof", 2).read_bytes()
    run.predictions_file("oof", 2).unlink()  # as if this fold were still to be trained
    Run(run, make_settings(letters)).predict(letters / "test", progress=Notes())
    capsys.readouterr()
    assert main(["submit", "part", "--runs", str(letters / "runs"), "--quiet"]) == 0
    shown = capsys.readouterr()
    assert "caution: the predictions are of 2 of 3 folds." in shown.err
    assert shown.out.splitlines()[-1].startswith(("advice   wait: predictions are of 2 of 3 folds", "advice   do not"))
    run.predictions_file("oof", 2).write_bytes(kept)


@pytest.mark.slow
def test_several_points_correlate_and_wrong_use_is_refused(letters: Path) -> None:
    runs = letters / "runs"
    run = RunFolder(runs / "part")
    Run(run, make_settings(letters)).predict(letters / "test", progress=Notes())
    journal = durable.Journal(run.submissions_file)
    submit_run(run, None)
    line = journal.read()[-1]
    for n in range(5):  # five submissions whose leaderboard scores rise with their own
        score = line["gate"]["score"] | {"value": 0.5 + n / 20}
        expected = (line["gate"]["expected"] or {}) | {"low": 0.0, "high": 1.0}
        journal.append(line | {"sha256": f"{n:064}", "gate": line["gate"] | {"score": score, "expected": expected}})
        found = podium.leaderboard(0.4 + n / 30, runs=runs, submission=f"{n:064}")
    assert found.spearman.value == 1.0
    assert found.pearson.value == pytest.approx(1.0)
    assert found.advice == "cross-validation orders submissions as the leaderboard does: choose by cross-validation"
    with pytest.raises(UsageError, match="there is no submission with the digest 'zz'"):
        podium.leaderboard(0.1, runs=runs, submission="zz")
    with pytest.raises(UsageError, match="several submissions"):
        podium.leaderboard(0.1, runs=runs, submission="0000")
    with pytest.raises(UsageError, match="the best rank is 1"):
        podium.leaderboard(0.1, runs=runs, rank=0)
    with pytest.raises(UsageError, match="these options go with a score"):
        podium.leaderboard(runs=runs, rank=1)
    with pytest.raises(UsageError, match="a score is a number"):
        podium.leaderboard(np.nan, runs=runs)
    path = runs / "leaderboard.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"rank":null', b'"rank":1', 1))
    with pytest.raises(CorruptFileError, match="line 1 is damaged"):
        podium.leaderboard(runs=runs)
    assert submit_run(run, None).gate is not None  # a damaged leaderboard stops no submission


def test_an_audit_says_how_well_the_test_set_is_told_apart(tmp_path: Path) -> None:
    shift = {"by": "features", "area": 0.81, "low": 0.7, "high": 0.9, "least_like_train": ["x"]}
    (tmp_path / "audit.json").write_text(json.dumps({"shift": [shift]}))
    assert read_shift(tmp_path) == "AUC 0.81 [0.70, 0.90] by features; 0.5 is no difference"
    (tmp_path / "audit.json").write_text(json.dumps({"shift": []}))
    with pytest.raises(UsageError, match="did not compare with a test set"):
        read_shift(tmp_path)
    with pytest.raises(UsageError, match="this is no audit"):
        read_shift(tmp_path / "nowhere")
