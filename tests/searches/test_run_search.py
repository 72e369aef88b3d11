"""A search finds what helps, goes on exactly after a stop, and is judged on groups that it never used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import podium
from podium.cli import main
from podium.dataset.prepared import load_prepared
from podium.errors import RecipeError, Stopped, UsageError
from podium.searches import work
from podium.searches.folder import SearchFolder
from podium.searches.result import SearchResult
from podium.searches.untouched import NAME
from podium.store import load_tables
from podium.tables import Samples, load_predictions
from tiny.contest import TASKS, TINY, Notes, make_recipe, make_settings

Contest = Callable[[str], Samples]
RATES = ("optimizer.lr=1e-3..0.3:log",)


def search(samples: Any, folder: Path, *lines: str, **how: Any) -> SearchResult:
    usual: dict[str, Any] = {"folds": 2, "name": "mine", "settings": make_settings(folder), "progress": Notes()}
    usual |= {"starts": (), "space": RATES, "default_space": False, "trials": 3}
    return podium.search(samples, recipe=make_recipe("training.epochs=1", *lines), **(usual | how))


@pytest.mark.long
@pytest.mark.parametrize("shape", TASKS)
def test_the_winner_is_judged_on_groups_that_the_search_never_used(
    shape: str, contest: Contest, tmp_path: Path
) -> None:
    found = search(contest(shape), tmp_path)
    whole = load_prepared(found.folder.data_folder)
    held = set(whole.samples.ids[whole.folds.holdout_rows])
    groups = dict(zip(whole.samples.ids, whole.samples.group_keys, strict=True))
    assert found.untouched.n_groups == len({groups[name] for name in held}) >= 2
    for row in found.trials:
        samples, folds = load_tables(found.folder.trial(row.number))
        assert not {groups[name] for name in samples.ids[folds.fold >= 0]} & {groups[name] for name in held}
    assert set(load_predictions(found.winner_run.predictions_file(NAME)).ids) == held
    best = max(found.trials, key=lambda row: row.score)  # ties: the earlier one
    assert found.trials[found.winner].score == best.score
    assert found.seen.value == pytest.approx(best.score)
    assert found.recipe.model_dump(exclude={"preset"}) != {}
    for file in (found.page, found.folder.plot_file("history"), found.folder.best_file, found.folder.result_file):
        assert file.is_file()
    assert podium.list_runs(tmp_path / "runs") == []  # its runs are its own


@pytest.mark.long
def test_a_proxy_comes_first_and_finalists_see_all_images(contest: Contest, tmp_path: Path) -> None:
    found = search(contest("single"), tmp_path, proxy=16, finalists=1)
    assert found.record.proxy is not None
    assert found.record.proxy <= 20
    assert len(load_tables(found.folder.trial(0))[0]) == found.record.proxy
    final = load_tables(found.winner_run)[1]
    assert len(final.learnt_rows) == found.n_searched > found.record.proxy
    assert found.winner_run.name.startswith("final-")
    assert found.reference_run == found.folder.final(0)


@pytest.mark.long
def test_a_search_that_was_stopped_goes_on_exactly(
    contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = contest("single")
    whole = search(samples, tmp_path / "whole", trials=4)
    folds = []

    def stop_in_between(*arguments: Any, **options: Any) -> float:
        folds.append(arguments)
        if len(folds) == 2:
            raise Stopped("asked to stop.")
        return score(*arguments, **options)

    score = work.try_recipe
    with monkeypatch.context() as patch:
        patch.setattr(work, "try_recipe", stop_in_between)
        with pytest.raises(Stopped) as stopped:
            search(samples, tmp_path / "cut", trials=4)
    assert stopped.value.fix == "Go on with `podium.resume_search('mine')`."
    journal = tmp_path / "cut" / "runs" / "mine" / "journal.log"
    journal.write_bytes(journal.read_bytes() + b'{"op_code": 5, "torn')  # killed in the middle of a line
    found = podium.resume_search("mine", settings=make_settings(tmp_path / "cut"), progress=Notes())
    pairs = [[(row.choices, row.score) for row in one.trials] for one in (whole, found)]
    assert pairs[0] == pairs[1]
    assert found.untouched == whole.untouched
    more = podium.resume_search("mine", trials=5, settings=make_settings(tmp_path / "cut"), progress=Notes())
    assert len(more.trials) == 5
    assert more.n_looks == 1 + (more.winner != found.winner)


@pytest.mark.long
def test_a_trial_that_cannot_win_is_left(contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podium.searches.journal._LEAST_TO_COMPARE", 1)
    values = iter(np.linspace(0.1, 0.9, 9)[[4, 3, 2, 1, 0, 0, 0]])  # after fold 1, after both, and so on
    monkeypatch.setattr(work, "score_so_far", lambda *_a: next(values))
    monkeypatch.setattr("podium.searches.try_recipe.score_so_far", lambda *_a: next(values))
    found = search(contest("single"), tmp_path, trials=3)
    assert [row.state for row in found.trials] == ["done", "left", "left"]
    assert found.trials[1].remark == "after fold 1 of 2"
    assert np.isnan(found.trials[1].score)  # its score so far is that of one fold, and no trial's
    assert found.trials[1].so_far == pytest.approx(0.3)
    assert found.winner == 0
    assert found.verdict == "the same recipe"
    assert found.importance == {}


@pytest.mark.slow
def test_a_score_of_some_folds_wins_nothing(contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optuna takes the last score of a pruned trial for its value."""
    monkeypatch.setattr("podium.searches.journal._LEAST_TO_COMPARE", 1)
    values = iter([0.9, 0.5, 0.8])  # the first start falls at its second fold; the next is left at a higher score
    monkeypatch.setattr(work, "score_so_far", lambda *_a: next(values))
    monkeypatch.setattr("podium.searches.try_recipe.score_so_far", lambda *_a: next(values))
    found = search(contest("single"), tmp_path, trials=2)
    assert [row.state for row in found.trials] == ["done", "left"]
    assert found.winner == 0


@pytest.mark.long
def test_impossible_trials_are_left_with_the_reason(contest: Contest, tmp_path: Path) -> None:
    space = ["schedule.kind=one_cycle,cosine,cosine_restarts", "training.epochs=1,4"]
    found = search(contest("single"), tmp_path, "training.epochs=4", space=space, trials=4)
    impossible = [row for row in found.trials if row.state == "impossible"]
    assert all(row.remark for row in impossible)
    assert sum(row.state == "done" for row in found.trials) >= 1


@pytest.mark.long
def test_minutes_that_are_over_are_told_and_kept(contest: Contest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was over before the first start"):
        search(contest("single"), tmp_path, minutes=1e-4, trials=None)
    found = podium.resume_search("mine", minutes=5, trials=2, settings=make_settings(tmp_path), progress=Notes())
    assert [row.state for row in found.trials] == ["done", "done"]
    assert found.minutes > 0


@pytest.mark.slow
def test_another_search_under_the_same_name_is_refused(contest: Contest, tmp_path: Path) -> None:
    samples = contest("single")
    search(samples, tmp_path, trials=1)
    with pytest.raises(UsageError, match="asks for something else: its space differ"):
        search(samples, tmp_path, trials=1, space=("optimizer.lr=1e-3..0.2:log",))
    with pytest.raises(UsageError, match="there is no search 'none'"):
        podium.resume_search("none", settings=make_settings(tmp_path))


def test_wrong_options_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    wrong: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"trials": 0}, UsageError),
        ({"minutes": -1}, UsageError),
        ({"prune": "never"}, UsageError),
        ({"starts": ("nothing",)}, UsageError),
        ({"space": ["optimizer.lr=3"]}, UsageError),
        ({"overrides": {"optimizer.rl": 3}}, RecipeError),
    ]
    for how, error in wrong:
        with pytest.raises(error):
            search(tmp_path / "no such folder", tmp_path, **how)
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_the_command_in_two_processes_shows_the_same(
    contest: Contest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    podium.prepare(contest("single"), folds=2, recipe=make_recipe(), settings=make_settings(tmp_path)).save(
        tmp_path / "data"
    )
    changes = [word for line in (*TINY, "training.epochs=1") for word in ("--set", line)]
    words = ["search", str(tmp_path / "data"), "--runs", str(tmp_path / "runs"), "--device", "cpu", "--threads", "1"]
    words += ["--trials", "4", "--processes", "2", "--no-default-space", "--space", *RATES, "--starts", "baseline"]
    assert main([*words, *changes, "--name", "mine", "-q"]) == 0
    shown = capsys.readouterr().out
    assert str(SearchFolder(tmp_path / "runs" / "mine").page_file) in shown
    assert main(["search", "--resume", "mine", "--runs", str(tmp_path / "runs"), "--json", "-q"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert sum(record["counts"].values()) >= 4
    assert main(["search", "--resume", "mine", "--space", "seed=1,2"]) == 2
    assert main(["search"]) == 2
