"""Bursts that no hash sees are told beside the score, in scores, report and terminal; sets without bursts are not."""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from podium.cli.spelling import respell
from podium.crossval import look_for_look_alikes
from podium.crossval.look_for_look_alikes import _chain, _has_mate_elsewhere
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.machine import Settings, Silent
from podium.report import summary_lines
from podium.workflows import Run, train
from tiny.bursts import draw_bursts

TINY = ("model.name=tiny", "model.weights=random", "image.size_px=48", "model.frozen_precision=fp32")
SOLVED = ("model.frozen_engine=torch", "head.kind=ridge", *TINY)


def run_on(data: Path, *overrides: str, preset: str = "baseline", group: str = "none") -> Run:
    return train(
        data,
        preset=preset,
        overrides=[*TINY, *overrides],
        options=ScanOptions(group=group),
        folds=FoldOptions(folds=3, allow_leaks=("near_duplicate",)),
        settings=Settings(runs=data.parent / "runs", threads=1, reproducible=True),
        progress=Silent(),
    )


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_bursts(tmp_path_factory.mktemp("tracks") / "data", n_objects=16, n_frames=8)


@pytest.mark.long
def test_a_burst_on_both_sides_is_told_beside_the_score(tracks: Path) -> None:
    run = run_on(tracks, *SOLVED)
    scores, page = run.scores, run.folder.report_file.read_text(encoding="utf-8")
    assert scores.pessimistic is not None
    assert scores.pessimistic.value < scores.main.value - 0.1
    assert f"pessimistic {scores.pessimistic.value:.4f}" in summary_lines(scores)[0]
    assert 'id="pessimistic-score"' in page
    assert "expected on a test set" not in page  # a test set has other objects, of which the stated score says nothing
    assert "Look-alikes on both sides of the split" in page
    assert "No leak found" not in page
    assert scores.look_alikes is not None
    names = [str(name) for name in run.samples.ids]
    cut = [re.findall(scores.look_alikes.group_pattern, name)[0] for name in names]
    assert adjusted_rand_score([name.rpartition("_")[0] for name in names], cut) == 1


@pytest.mark.long
def test_where_names_say_nothing_the_clusters_can_be_the_groups(tracks: Path, tmp_path: Path) -> None:
    """As groups they give the score that the first run warned of, and nothing is left to warn of."""
    for place, path in enumerate(sorted(tracks.rglob("*.jpg"))):
        to = tmp_path / "data" / path.parent.name / f"{hashlib.sha256(str(place).encode()).hexdigest()[:12]}.jpg"
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    first = run_on(tmp_path / "data", *SOLVED)
    assert first.scores.pessimistic is not None
    option = f"--group-from clusters:{first.folder.path}"
    assert any(option in respell(line) for line in summary_lines(first.scores, run=first.folder.path))
    assert f"clusters:{first.folder.path}" in first.folder.report_file.read_text(encoding="utf-8")
    with first.folder.clusters_file.open() as file:
        clusters = {row["image"]: row["cluster"] for row in csv.DictReader(file)}
    assert set(clusters) <= set(first.samples.ids.tolist())
    again = train(
        tmp_path / "data",
        overrides=[*TINY, *SOLVED],
        options=ScanOptions(group_from=f"clusters:{first.folder.path}"),
        folds=3,
        settings=Settings(runs=tmp_path / "runs", threads=1, reproducible=True),
        progress=Silent(),
    )
    group = dict(zip(again.samples.ids.tolist(), again.samples.group_keys.tolist(), strict=True))
    assert all(group[name] == group[other] for name, other in clusters.items())
    assert again.scores.pessimistic is None
    assert abs(again.scores.main.value - first.scores.pessimistic.value) < 0.1


@pytest.mark.long
def test_clusters_of_a_part_of_the_images_are_no_groups(tracks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_for_look_alikes, "MOST", 120)
    run = run_on(tracks, *SOLVED)
    assert run.scores.look_alikes is not None
    assert run.scores.look_alikes.is_partial
    assert run.scores.look_alikes.are_clear
    assert not run.folder.clusters_file.exists()


@pytest.mark.long
def test_kinds_of_things_that_every_class_has_are_no_objects(tmp_path: Path) -> None:
    """Clusters as clear as those of tracks, but few, and the class is dealt to each image by lot."""
    data = draw_bursts(tmp_path / "data", n_objects=3, n_frames=100)
    rng = np.random.default_rng(0)
    for path in sorted(data.rglob("*.jpg")):
        to = tmp_path / "dealt" / f"c{rng.integers(2)}" / path.name
        to.parent.mkdir(parents=True, exist_ok=True)
        path.rename(to)
    found = run_on(tmp_path / "dealt", *SOLVED).scores.look_alikes
    assert found is not None
    assert found.rest < -0.05
    assert not found.are_clear


@pytest.mark.long
def test_named_tracks_are_silent_and_only_then_is_no_leak_found(tracks: Path) -> None:
    run = run_on(tracks, *SOLVED, group=r"([^/]+)_[^_/]+$")
    assert run.scores.look_alikes is not None
    assert run.scores.pessimistic is None
    page = run.folder.report_file.read_text(encoding="utf-8")
    assert "No leak found" in page
    expected = run.scores.expected  # solved heads: half of the training part was solved too
    assert expected is not None
    assert expected.gain.is_measured
    assert expected.low <= expected.value <= expected.high
    assert 'id="expected-score"' in page
    assert any(line.startswith("expected: ") for line in summary_lines(run.scores))


@pytest.mark.long
def test_pictures_of_different_things_are_silent(tmp_path: Path) -> None:
    scores = run_on(draw_bursts(tmp_path / "data", n_objects=120, n_frames=1), *SOLVED).scores
    assert scores.look_alikes is not None
    assert scores.pessimistic is None
    assert not scores.look_alikes.are_divided


@pytest.mark.long
def test_named_groups_that_are_the_frames_do_not_silence_the_look(tracks: Path) -> None:
    scores = run_on(tracks, *SOLVED, group=r"([^/]+)\.jpg$").scores  # every frame a group of its own
    assert scores.pessimistic is not None


@pytest.mark.long
def test_a_split_that_the_source_gives_is_looked_at_too(tmp_path: Path) -> None:
    draw_bursts(tmp_path / "all", n_objects=16, n_frames=8)
    rows = ["image,label,split"]
    for place, path in enumerate(sorted((tmp_path / "all").rglob("*.jpg"))):
        split = ("train", "train", "valid", "train", "test", "train", "valid", "train")[place % 8]
        rows.append(f"{path.relative_to(tmp_path / 'all').as_posix()},{path.parent.name},{split}")
    (tmp_path / "all.csv").write_text("\n".join(rows))
    run = train(
        tmp_path / "all",
        preset="baseline",
        overrides=[*TINY, *SOLVED],
        options=ScanOptions(labels=tmp_path / "all.csv", label_columns=("label",), split_column="split"),
        settings=Settings(runs=tmp_path / "runs", threads=1, reproducible=True),
        folds=FoldOptions(allow_leaks=("near_duplicate",)),
        progress=Silent(),
    )
    found = run.scores.look_alikes
    assert found is not None
    assert found.are_divided
    assert run.scores.pessimistic is not None
    assert run.scores.pessimistic.value < run.scores.main.value - 0.1
    assert found.holdout_fraction > 0.8


@pytest.mark.long
def test_folds_that_are_trained_alone_are_looked_at(tracks: Path) -> None:
    run = train(
        tracks,
        preset="baseline",
        overrides=[*TINY, *SOLVED],
        options=ScanOptions(group="none"),
        folds=FoldOptions(folds=3, allow_leaks=("near_duplicate",)),
        only_folds=[1],
        settings=Settings(runs=tracks.parent / "runs", threads=1, reproducible=True),
        progress=Silent(),
    )
    assert run.scores.pessimistic is not None
    assert run.scores.pessimistic.value < run.scores.main.value - 0.1


@pytest.mark.long
def test_a_fine_tuned_run_is_judged_by_its_start_weights(tracks: Path) -> None:
    scores = run_on(
        tracks, "model.frozen_blocks=1", "training.epochs=1", "training.batch_size=32", preset="quick"
    ).scores
    found = scores.look_alikes
    assert found is not None
    assert found.are_divided
    assert found.stated["label"] > 0.7
    assert found.pessimistic["label"].value < scores.main.value


def test_mates_in_another_fold_are_those_of_a_slow_loop() -> None:
    rng = np.random.default_rng(0)
    cluster, fold = rng.integers(0, 30, 80), rng.integers(-1, 3, 80)
    wanted = [any(cluster[i] == cluster[j] and fold[i] != fold[j] for j in range(80)) for i in range(80)]
    assert _has_mate_elsewhere(cluster, fold).tolist() == wanted
    pairs = _chain(cluster)
    assert (cluster[pairs[:, 0]] == cluster[pairs[:, 1]]).all()
    assert len(pairs) == 80 - len(set(cluster.tolist()))
