"""Leave-one-domain-out and the latest images as the holdout, from a table to terminal, JSON and report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from podium.cli import main
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.errors import LeakError, PodiumError
from podium.metrics import DomainScore, Interval, worst_domain
from podium.workflows import train
from tiny.contest import TINY, draw_images, make_recipe, make_settings

SITES = ("north", "south", "east")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Images of three sites in a table, with a patient each and a date."""
    names = draw_images(tmp_path / "photos", 36)
    rows = [
        f"{name},{'ab'[row % 2]},{SITES[row // 2 % 3]},p{row},2021-{row // 3 + 1:02d}-0{row % 3 + 1}"
        for row, name in enumerate(names)
    ]
    (tmp_path / "train.csv").write_text("image,label,site,patient,date\n" + "\n".join(rows) + "\n")
    return tmp_path / "train.csv"


@pytest.mark.slow
@pytest.mark.parametrize("n_folds", [None, 2])
def test_each_domain_is_judged_by_a_model_that_never_saw_it(n_folds: int | None, table: Path, tmp_path: Path) -> None:
    run = train(
        tmp_path / "photos",
        options=ScanOptions(labels=table, label_columns=("label",), domain="site"),
        folds=n_folds,
        recipe=make_recipe(),
        settings=make_settings(tmp_path),
    )
    samples, folds, scores = run.samples, run.folds, run.scores
    assert folds.n_folds == (n_folds or 3)
    for fold in range(folds.n_folds):
        assert not set(samples.domain[folds.valid_rows(fold)]) & set(samples.domain[folds.train_rows(fold)])  # type: ignore[index]
    assert [item.name for item in scores.domains] == sorted(SITES)
    rows = samples.rows_of(run.oof.ids)
    for item in scores.domains:
        own = samples.domain[rows] == item.name  # type: ignore[index]
        decided = run.oof.probs["label"][own].argmax(axis=1)
        truth = samples.labels["label"][rows][own]
        assert item.interval.value == pytest.approx(f1_score(truth, decided, average="macro"))
        assert item.interval.low <= item.interval.value <= item.interval.high
    assert scores.worst_domain is not None
    page = run.folder.report_file.read_text(encoding="utf-8")
    assert "Worst domain" in page
    assert '<th scope="row">north</th>' in page


@pytest.mark.long
def test_the_command_shows_domains_and_the_worst(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["train", "photos", "--labels", "train.csv", "--label-columns", "label", "--domain", "site", "-q"]
    machine = ["--name", "mine", "--device", "cpu", "--threads", "1", "--set", *TINY]
    assert main([*words, *machine]) == 0
    out = capsys.readouterr().out
    assert "Worst domain: '" in out
    assert "reachable" in out
    assert main(["evaluate", "mine", "photos", "--labels", "train.csv", "-q"]) == 2, "it learnt these"
    capsys.readouterr()
    draw_images(tmp_path / "new", len(list((tmp_path / "photos").iterdir())), seed=1)
    assert main(["evaluate", "mine", "new", "--labels", "train.csv", "--domain", "site", "-q", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores["worst_domain"] in SITES
    assert len(scores["domains"]) == 3
    assert main([*words, "--folds", "4"]) == 2
    capsys.readouterr()
    assert main([*words, "--holdout-fraction", "0.2"]) == 2
    assert "--holdout-fraction: cannot be held out beside --domain" in capsys.readouterr().err


def test_a_patient_of_two_sites_is_refused(table: Path, tmp_path: Path) -> None:
    table.write_text(table.read_text().replace(",p3,", ",p0,"))
    options = ScanOptions(labels=table, label_columns=("label",), domain="site", group="patient")
    with pytest.raises(LeakError, match="lie in two domains"):
        train(tmp_path / "photos", options=options, recipe=make_recipe(), settings=make_settings(tmp_path))


@pytest.mark.slow
def test_the_latest_images_are_the_holdout(table: Path, tmp_path: Path) -> None:
    options = ScanOptions(labels=table, label_columns=("label",), time_column="date")
    run = train(
        tmp_path / "photos",
        options=options,
        folds=FoldOptions(folds=2, holdout_fraction=0.25),
        recipe=make_recipe(),
        settings=make_settings(tmp_path),
    )
    held = run.folds.holdout_rows
    assert sorted(run.samples.ids[held]) == [f"{row:02d}.png" for row in range(27, 36)]
    assert run.evaluate_holdout()
    with pytest.raises(PodiumError, match="no effect without a holdout"):
        train(tmp_path / "photos", options=options, recipe=make_recipe(), settings=make_settings(tmp_path))


def test_the_worst_domain_is_by_what_can_be_reached() -> None:
    def score(name: str, value: float, perfect: float) -> DomainScore:
        return DomainScore(
            name, 50, Interval(value, value - 0.1, value + 0.1, level=0.95, n_resamples=100, n_groups=50), 0.0, perfect
        )

    found = worst_domain([score("half the classes", 0.48, 0.5), score("all", 0.6, 1.0)], "f1_macro")
    assert found is not None
    assert found.name == "all"
    again = DomainScore.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert worst_domain([score("a", 0.2, 0.0), score("b", 0.9, 0.0)], "log_loss").name == "b"  # type: ignore[union-attr]
    assert worst_domain([], "f1_macro") is None
    assert np.isnan(DomainScore("a", 1, found.interval).chance)
