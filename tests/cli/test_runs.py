from __future__ import annotations

import json
from pathlib import Path

import pytest

from podium.cli import main
from podium.store import create_run


def test_studies_and_searches_are_named_with_the_command_that_lists_their_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my runs/crops").mkdir(parents=True)
    Path("my runs/crops/study.json").touch()
    create_run(Path("my runs/crops"), "00-base-seed0", {"folds": [0], "threads": 1})
    assert main(["runs", "--runs", "my runs"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split(maxsplit=3) == [
        "crops",
        "study",
        "1",
        "podium runs --runs 'my runs/crops'",
    ]
    assert main(["runs", "--runs", "my runs", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"runs": [], "folders": [{"name": "crops", "kind": "study", "n_runs": 1}]}
