"""R18: a submission replaces only what a log of submissions knows, and of a run nothing but its submissions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium import durable
from podium.errors import UsageError
from podium.store import RunFolder, check_out_file, create_run

OF_A_RUN = [
    *("run.json", "recipe.yaml", "samples.csv", "folds.csv", "scores.json", "report.html", "submissions.jsonl"),
    *("predictions/test.csv", "predictions/new.csv", "fold-0/all/model.json", "decisions.json", "submission.txt"),
]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return create_run(tmp_path / "runs", "mine", {"folds": [0]})


def log(run: RunFolder, path: Path) -> None:
    durable.Journal(run.submissions_file).append({"sha256": durable.sha256_file(path)})


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("name", OF_A_RUN)
@pytest.mark.parametrize("overwrite", [False, True])
def test_no_file_of_a_run_is_replaced_or_added(run: RunFolder, name: str, is_there: bool, overwrite: bool) -> None:
    path = run.path / name
    if is_there:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    other = create_run(run.path.parent, "other", {})
    for spelt in (path, run.path.parent / "other" / ".." / "mine" / name, run.path.parent / "link" / name):
        if not (run.path.parent / "link").exists():
            (run.path.parent / "link").symlink_to(run.path)
        for runs in ([run], [other], []):
            with pytest.raises(UsageError, match="inside a run folder"):
                check_out_file(spelt, runs, overwrite=overwrite)


def test_the_submissions_of_a_run_are_its_own(run: RunFolder) -> None:
    for name in ("submission.csv", "submission-2.csv"):
        check_out_file(run.path / name, [run])
        with pytest.raises(UsageError, match="inside a run folder"):
            check_out_file(run.path / name, [create_run(run.path.parent, None, {})], overwrite=True)


def test_what_a_log_knows_is_replaced_and_nothing_else(run: RunFolder, tmp_path: Path) -> None:
    path, other = tmp_path / "out.csv", create_run(run.path.parent, "other", {})
    check_out_file(path, [run])
    path.write_text("a thesis")
    with pytest.raises(UsageError, match=r"did not write it.*`overwrite=True`"):
        check_out_file(path, [run])
    with pytest.raises(UsageError, match="did not write it"):
        check_out_file(path, [])
    check_out_file(path, [run], overwrite=True)
    log(other, path)
    check_out_file(path, [run])
    path.write_text("a thesis, corrected")
    with pytest.raises(UsageError, match="or it was changed since"):
        check_out_file(path, [run])
    other.submissions_file.write_text("no log\n")  # which knows nothing
    with pytest.raises(UsageError, match="did not write it"):
        check_out_file(path, [run])


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_regular_file_is_never_replaced(run: RunFolder, tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis").write_text("mine")
    (tmp_path / "link.csv").symlink_to(tmp_path / "thesis")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (*(tmp_path / name for name in ("link.csv", "dangling.csv", "pipe.csv", "runs")), Path(os.devnull)):
        with pytest.raises(UsageError):
            check_out_file(path, [run], overwrite=overwrite)
    with pytest.raises(UsageError, match="this is a file, not a folder"):
        check_out_file(tmp_path / "thesis" / "deep" / "out.csv", [run], overwrite=overwrite)
