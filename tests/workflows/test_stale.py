"""R19: no table of a run is used without a word once what it was made from is another one; all pairs are tried."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import podium
from podium import durable
from podium.cli import main
from podium.crossval.ask_for_folds import ask_for_folds
from podium.errors import PodiumError, TableChangedError, UsageError
from podium.machine import Silent
from podium.report import make_report, read_contents
from podium.stopping import listen_for_stop
from podium.store import RunFolder, find_run, find_stale
from podium.tables import Samples, load_predictions
from podium.workflows import Run, load_run, resume, train
from podium.workflows.decide import decide_run
from podium.workflows.submit import submit_run
from tiny.contest import Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]


@dataclass(frozen=True)
class Desk:
    """A finished run of two folds with predictions, decisions and a submission; and one like it with another seed."""

    mine: Path
    other: Path
    samples: Samples


def finish(samples: Samples, root: Path, seed: int) -> Path:
    settings = make_settings(root)
    recipe = make_recipe("training.epochs=1", f"seed={seed}")
    run = train(samples, recipe=recipe, folds=2, name="mine", settings=settings)
    decide_run(run.folder, thresholds=0.4)
    run.predict(samples)
    submit_run(run.folder, None)
    make_report(run.folder)
    return run.folder.path


@pytest.fixture(scope="module")
def desk(contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    samples = contest("multi")
    folders = [finish(samples, tmp_path_factory.mktemp(name), seed) for seed, name in enumerate(("mine", "other"))]
    return Desk(*folders, samples)


@pytest.fixture
def mine(desk: Desk, tmp_path: Path) -> Path:
    return Path(shutil.copytree(desk.mine, tmp_path / "runs" / "mine"))


FILES = {
    "weights": ("fold-0/all/model.safetensors", "fold-0/all/model.json"),
    "a fold's predictions": ("predictions/oof-fold-0.parquet",),
    "out-of-fold predictions": ("predictions/oof.parquet",),
    "scores": ("scores.json",),
    "test predictions": ("predictions/test.parquet",),
    "a fold's test predictions": ("predictions/test-fold-0.parquet",),
    "answers": ("predictions/test.csv",),
    "submission": ("submission.csv",),
}


def change(source: str, mine: Path, desk: Desk) -> None:
    """Put another, sound file in the place of a source: that of the other run, or other rules."""
    if source == "decisions":
        record = durable.read_json(mine / "decisions.json")
        del record["sha256"]
        durable.write_sealed(mine / "decisions.json", {**record, "thresholds": {"tags": [0.9, 0.1]}})
    for name in FILES.get(source, ()):
        assert (mine / name).read_bytes() != (desk.other / name).read_bytes()
        shutil.copy(desk.other / name, mine / name)


def see_scores(run: Run) -> str:
    return str(run.scores)


def see_oof(run: Run) -> str:
    return str(run.oof)


def decide(run: Run) -> str:
    return " ".join(decide_run(run.folder, thresholds=0.3).lines())


def submit_folder(run: Run) -> str:
    out = run.folder.path.parent / "out.csv"
    notes = submit_run(run.folder, None, out=out).notes
    assert find_stale_answers(run) == []  # renewed, whatever they were
    return " ".join(notes)


def submit_loaded(run: Run) -> str:
    predictions = load_predictions(run.folder.predictions_file("test"))
    sample = run.folder.path.parent / "sample.csv"
    sample.write_text("id,red,green\n" + "".join(f"{name},0,1\n" for name in predictions.ids))
    return " ".join(podium.submit(predictions, template=sample, out=run.folder.path.parent / "out.csv").notes)


def report(run: Run) -> str:
    return " ".join(read_contents(run.folder).problems)


def find_stale_answers(run: Run) -> list[str]:
    return [item.file for item in find_stale(run.folder) if item.file == "predictions/test.csv"]


OOF = {"a fold's predictions", "out-of-fold predictions", "scores"}
PREDICTED = {"weights", "test predictions", "a fold's test predictions"}
USES: dict[str, tuple[Callable[[Run], str], set[str]]] = {
    "scores": (see_scores, OOF),
    "out-of-fold predictions": (see_oof, OOF),
    "decide": (decide, OOF),
    "submit": (submit_folder, {"weights", "test predictions", "out-of-fold predictions"}),
    "podium.submit": (submit_loaded, {"weights", "test predictions", "out-of-fold predictions"}),
    "report": (report, OOF | PREDICTED | {"decisions", "answers", "submission"}),
}
"""What uses a table, and the sources of which it must not use another one without a word. Decisions that differ are
what submit follows, and the others are no sources of it."""
SOURCES = [*FILES, "decisions"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("use", USES)
def test_every_pair_is_told_or_unconcerned(use: str, source: str, mine: Path, desk: Desk) -> None:
    run = Run(RunFolder(mine))
    act, sources = USES[use]
    change(source, mine, desk)
    if source == "scores" and use != "report":  # the other run's scores say what they were made from
        if source in sources:
            with pytest.raises(UsageError, match=r"scores.json was not made from"):
                act(run)
        else:
            act(run)
        return
    try:
        said = act(run)
    except PodiumError as problem:
        said = str(problem)
        code = problem.exit_code
    else:
        code = 0
    is_told = any(words in said for words in ("not made from", "others now", "were changed", "Make them again"))
    assert is_told == (source in sources), said
    assert code in (0, 2, 3)


def test_nothing_is_stale_in_a_finished_run(mine: Path) -> None:
    assert find_stale(RunFolder(mine)) == []
    assert read_contents(RunFolder(mine)).problems == ()


@pytest.mark.slow
@pytest.mark.parametrize("source", ["out-of-fold predictions", "scores"])
def test_a_resume_makes_again_what_it_can(source: str, mine: Path, desk: Desk) -> None:
    change(source, mine, desk)
    assert [item.file for item in find_stale(RunFolder(mine))]
    resume("mine", settings=make_settings(mine.parent.parent))
    assert find_stale(RunFolder(mine)) == []
    assert (mine / "predictions" / "oof.parquet").read_bytes() == (desk.mine / "predictions/oof.parquet").read_bytes()


@pytest.mark.parametrize("use", ["scores", "report", "runs", "resume"])
def test_edited_scores_are_told_or_made_again(use: str, mine: Path, desk: Desk) -> None:
    """An editor or a flipped bit: the number alone differs, what it was made from is still named rightly."""
    scores = (desk.mine / "scores.json").read_text()
    value = str(Run(RunFolder(desk.mine)).scores.main.value)
    (mine / "scores.json").write_text(scores.replace(value, "0.98765"))
    run = Run(RunFolder(mine), make_settings(mine.parent.parent))
    if use == "scores":
        with pytest.raises(UsageError, match="it was changed after it was written"):
            _ = run.scores
    elif use == "report":
        assert "scores.json was not made from these predictions alone: it was changed" in report(run)
    elif use == "runs":
        (row,) = podium.list_runs(mine.parent)
        assert row.score is None
        assert "scores were changed" in row.state
    else:
        resume("mine", settings=run.settings)
        assert (mine / "scores.json").read_text() == scores


EDITS = {
    "results.csv": ("0.", "0.9"),
    "decisions.json": ("0.4", "0.45"),
    "environment.json": ('"n_cores": ', '"n_cores": 9'),
    "samples.json": ('"root": "', '"root": "/elsewhere'),
    "folds.json": ('"seed": ', '"seed": 1'),
    "audit.json": ("{", '{"note": 1,'),
    "recipe.yaml": ("epochs: 1", "epochs: 2"),
    "images.csv": ("sha256", "SHA256"),
    "quarantine.csv": ("id", "ID"),
}


@pytest.mark.parametrize("name", EDITS)
def test_edited_files_are_told(name: str, mine: Path) -> None:
    text = (mine / name).read_bytes().decode()
    assert EDITS[name][0] in text
    (mine / name).write_bytes(text.replace(*EDITS[name], 1).encode())
    (found,) = [item for item in find_stale(RunFolder(mine)) if item.file == name]
    assert "was changed" in str(found)
    assert found.fix
    assert str(found) in read_contents(RunFolder(mine)).problems


def test_edited_decisions_are_followed_with_a_note(mine: Path) -> None:
    record = (mine / "decisions.json").read_text().replace("0.4", "0.0")
    (mine / "decisions.json").write_text(record)
    written = submit_run(RunFolder(mine), None, out=mine.parent / "out.csv")
    assert any("decisions.json was not made from what Podium wrote" in note for note in written.notes)
    counts = written.histogram["tags"]
    assert list(counts.values()) == [written.n_rows] * len(counts)  # a threshold of 0 says yes to everything


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """A block that must end within seconds: a pipe that nobody writes to would hold it for good."""

    def refuse(*_: object) -> None:
        raise TimeoutError("a reader hangs")

    before = signal.signal(signal.SIGALRM, refuse)
    signal.setitimer(signal.ITIMER_REAL, 20)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.long
def test_a_pipe_among_the_files_of_a_run_holds_nobody(mine: Path) -> None:
    names = [path.relative_to(mine) for path in mine.rglob("*") if path.is_file()]
    assert len(names) > 20
    for name in names:
        kept = (mine / name).rename(mine / "kept")
        os.mkfifo(mine / name)
        with at_once():
            find_stale(RunFolder(mine))
            podium.list_runs(mine.parent)
            with contextlib.suppress(PodiumError):
                read_contents(RunFolder(mine))
            with contextlib.suppress(PodiumError):
                submit_run(find_run(mine.parent, "mine"), None, out=mine.parent / "out.csv")
        (mine / name).unlink()
        kept.rename(mine / name)


@pytest.mark.parametrize("source", ["weights", "a fold's predictions"])
def test_predictions_of_other_weights_are_not_gathered(source: str, mine: Path, desk: Desk) -> None:
    change(source, mine, desk)
    with pytest.raises(TableChangedError, match=r"other weights made these predictions.*Remove"):
        resume("mine", settings=make_settings(mine.parent.parent))


@pytest.mark.long
def test_folds_trained_later_make_everything_of_before_old(desk: Desk, tmp_path: Path) -> None:
    settings, progress = make_settings(tmp_path), Notes()
    recipe = make_recipe("training.epochs=1")
    run = train(desk.samples, recipe=recipe, folds=2, only_folds=[0], name="late", settings=settings)
    early = run.predict(desk.samples)
    submit_run(run.folder, None)
    sample = tmp_path / "sample.csv"
    sample.write_text("id,red,green\n" + "".join(f"{name},0,1\n" for name in early.ids))
    report_before = run.folder.report_file.read_bytes()
    resume("late", only_folds=[1], settings=settings, progress=progress)
    assert run.folder.report_file.read_bytes() != report_before
    said = " ".join(progress.notes)
    assert "predictions/test.parquet was not made from all models that are trained now" in said
    for predictions in (early, load_predictions(run.folder.predictions_file("test"))):
        with pytest.raises(UsageError, match="the mean of folds 0; folds 0, 1 are trained now"):
            podium.submit(predictions, template=sample, out=tmp_path / "out.csv")
    with pytest.raises(UsageError, match="the mean of folds 0; folds 0, 1 are trained now"):
        submit_run(run.folder, sample)
    run.predict(desk.samples, progress=progress)
    assert "submission.csv was not made from the predictions" in progress.notes[-1]
    submit_run(run.folder, sample)
    assert find_stale(run.folder) == []


@pytest.mark.slow
def test_one_folds_predictions_are_submitted_while_its_weights_are_there(mine: Path, desk: Desk) -> None:
    out, run = mine.parent / "out.csv", RunFolder(mine)
    for name in ("test-fold-0", "test-fold-1", "oof", "oof-fold-1"):
        submit_run(run, None, name=name, out=out)
    change("weights", mine, desk)
    submit_run(run, None, name="test-fold-1", out=out)
    with pytest.raises(UsageError, match="'test-fold-0' are the mean of folds 0, whose weights are others now"):
        submit_run(run, None, name="test-fold-0", out=out)


def test_a_fold_that_is_asked_for_leaves_no_report_of_fewer(mine: Path) -> None:
    run = RunFolder(mine)
    (mine / "predictions" / "oof-fold-1.parquet").unlink()
    with listen_for_stop() as stop:
        ask_for_folds(run, [], make_settings(mine.parent.parent), Silent(), stop)
    assert not run.report_file.exists()
    assert "predictions/oof.parquet was not made from all folds" in report(Run(run))
    with pytest.raises(UsageError, match="not finished"):
        submit_run(run, None, name="oof", out=mine.parent / "out.csv")
    for use in ("scores", "out-of-fold predictions", "decide"):
        with pytest.raises(UsageError, match="not finished"):
            USES[use][0](Run(run))


@pytest.mark.long
def test_a_prediction_that_dies_is_whole_or_refused(desk: Desk, tmp_path: Path) -> None:
    """Whatever operation is its last: the files are of one prediction, or submit says that they are not."""
    refused, cache = 0, tmp_path / "cache"

    def predict(name: str, backend: durable.FaultyBackend) -> Path:
        mine = Path(shutil.copytree(desk.mine, tmp_path / name / "runs" / "mine"))
        with contextlib.suppress(durable.Death), durable.using_backend(backend):
            Run(RunFolder(mine), make_settings(tmp_path / name, cache=cache)).predict(desk.samples, tta=[])
        return mine

    predict("first", durable.die_at(10_000))  # fills the cache
    counting = durable.die_at(10_000)
    predict("counted", counting)
    for k in range(1, len(counting.operations) + 1, 2):
        mine = predict(str(k), durable.die_at(k))
        try:
            submit_run(RunFolder(mine), None, out=tmp_path / str(k) / "out.csv")
        except UsageError as problem:
            assert "podium predict was not finished" in problem.what  # noqa: PT017 - only some are refused
            refused += 1
        else:
            files = durable.read_json(mine / "predictions" / "test.json")["files"]
            changed = {name for name in files if durable.sha256_file(mine / "predictions" / name) != files[name]}
            assert "test.parquet" not in changed
            told = any("one piece with test.json" in item.source for item in find_stale(RunFolder(mine)))
            assert told == bool(changed)
    assert 0 < refused < len(counting.operations) // 2


@pytest.mark.long
def test_a_submission_is_in_the_log_whenever_it_is_found(mine: Path) -> None:
    run = RunFolder(mine)
    before = run.submission_file.read_bytes()
    decide_run(run, thresholds=0.95)
    found = set()
    for k in range(1, 40):
        with contextlib.suppress(durable.Death), durable.using_backend(durable.die_at(k)):
            submit_run(run, None)
        digest = durable.sha256_file(run.submission_file)
        assert digest in {line["sha256"] for line in durable.Journal(run.submissions_file).read()}
        found.add(run.submission_file.read_bytes() == before)
    assert found == {True, False}


def test_the_list_of_runs_shows_no_score_of_other_predictions(
    mine: Path, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    for source, words in (
        ("answers", "macro average precision of tags"),
        ("out-of-fold predictions", "podium train --resume mine"),
    ):
        change(source, mine, desk)
        assert main(["runs", "--runs", str(mine.parent)]) == 0
        assert words in capsys.readouterr().out


def test_the_report_command_names_what_was_changed(
    mine: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(mine.parent.parent)
    table = mine / "samples.csv"
    table.write_bytes(table.read_bytes().replace(b"person 1\r\n", b"person 2\r\n").replace(b"person 1,", b"person 2,"))
    assert main(["report", "mine"]) == 0
    said = capsys.readouterr().err
    assert "note: samples.csv: the table was changed after it was written" in said
    assert main(["predict", "mine", str(load_run("mine", runs="runs").folder.path)]) == 3
