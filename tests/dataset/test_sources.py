"""Several folders and tables as one data set, all the way to the scores."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import podium
from podium.cli import main
from podium.curate import ScanOptions
from podium.dataset import read_source, save_scan
from podium.errors import SourceError, UsageError
from podium.workflows import resume, train
from tiny.contest import TINY, draw_images, make_recipe, make_settings


def lay_out(root: Path, classes: tuple[str, ...] = ("a", "b"), seed: int = 0) -> Path:
    for place, name in enumerate(classes):
        draw_images(root / name, 6, seed=seed + place)
    return root


def test_names_come_from_the_folders(tmp_path: Path) -> None:
    places = [lay_out(tmp_path / name, seed=10 * k) for k, name in enumerate(("main", "x/more", "y/more"))]
    found = read_source(places)
    assert set(found.samples.source.tolist()) == {"main", "more", "more-2"}  # type: ignore[union-attr]
    assert found.samples.ids[0] == "a/00.png"
    assert found.samples.ids[-1] == "more-2:b/05.png"
    assert any(note.startswith("more: ") for note in found.notes)
    named = read_source({"here": places[0], "there": places[1]})
    assert named.samples.ids[-1] == "there:b/05.png"


def test_the_table_of_labels_is_the_main_sources(tmp_path: Path) -> None:
    draw_images(tmp_path / "main", 6)
    rows = "".join(f"{row:02d}.png,{'ab'[row % 2]}\n" for row in range(6))
    (tmp_path / "train.csv").write_text("image,label\n" + rows)
    more = lay_out(tmp_path / "more", seed=5)
    found = read_source([tmp_path / "main", more], ScanOptions(labels=tmp_path / "train.csv"))
    assert len(found.samples) == 18
    assert found.samples.task is not None
    assert found.samples.task.heads[0].classes == ("a", "b")


def test_one_source_in_a_list_is_that_source(tmp_path: Path) -> None:
    place = lay_out(tmp_path / "main")
    assert read_source([place]).samples.table_digest == read_source(place).samples.table_digest


@pytest.mark.parametrize("source", [None, 3, b"folder", [], [b"folder"], iter(["folder"])])
def test_what_is_no_source_is_answered_with_what_is(source: Any, tmp_path: Path) -> None:
    for door in (read_source, podium.scan, podium.prepare, podium.train):
        with pytest.raises(UsageError, match=r"^data: .*a folder, a table, a DataFrame, samples, or a list"):
            door(source)


def test_a_table_of_the_same_images_is_no_second_source(tmp_path: Path) -> None:
    draw_images(tmp_path / "main" / "a", 6)
    draw_images(tmp_path / "main" / "b", 6, seed=1)
    (tmp_path / "main" / "train.csv").write_text("image,label\na/00.png,a\nb/00.png,b\n")
    with pytest.raises(SourceError, match="is in the sources"):
        read_source([tmp_path / "main", tmp_path / "main" / "train.csv"])


@pytest.mark.slow
def test_a_run_of_two_sources_trains_resumes_and_moves(tmp_path: Path) -> None:
    places = [lay_out(tmp_path / "main"), lay_out(tmp_path / "more", seed=7)]
    settings = make_settings(tmp_path)
    run = train(places, recipe=make_recipe(), folds=2, only_folds=[0], name="two", settings=settings)
    assert len(run.samples) == 24
    shutil.rmtree(settings.cache_folder)
    for place in places:
        place.rename(tmp_path / f"moved-{place.name}")
    with pytest.raises(UsageError):
        resume("two", only_folds=[1], root="more=" + str(tmp_path / "nowhere"), settings=settings)
    resume("two", only_folds=[0], root="more=" + str(tmp_path / "moved-more"), settings=settings)
    done = resume("two", only_folds=[1], root=tmp_path / "moved-main", settings=settings)
    assert done.folder.is_finished
    assert {name.split(":")[0] for name in done.oof.ids if ":" in name} == {"more"}


@pytest.mark.long
def test_the_command_line_joins_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path / "main")
    lay_out(tmp_path / "more", seed=7)
    assert main(["scan", "main", "more", "--out", "samples", "-q"]) == 0
    assert len(read_source("samples").samples) == 24
    words = ["--folds", "2", "--device", "cpu", "--threads", "1", "-q", "--set", *TINY]
    assert main(["train", "main", "more", "--name", "one", *words]) == 0
    assert main(["train", "samples", "--name", "two", *words]) == 0
    one, two = (Path("runs", name, "scores.json").read_text() for name in ("one", "two"))
    assert one == two


def test_a_scan_is_saved_into_its_own_folder_only(tmp_path: Path) -> None:
    lay_out(tmp_path / "main")
    found = read_source(tmp_path / "main")
    save_scan(replace(found, unlisted=("x.png",)), tmp_path / "scan")
    assert (tmp_path / "scan" / "unlisted.csv").is_file()
    save_scan(found, tmp_path / "scan")
    assert not (tmp_path / "scan" / "unlisted.csv").exists()  # the list of another scan
    for name, mark in (("run", "run.json"), ("prepared", "prepared.json"), ("mine", "samples.csv")):
        (tmp_path / name).mkdir()
        (tmp_path / name / mark).write_text("{}")
        with pytest.raises(UsageError, match="new or empty folder"):
            save_scan(found, tmp_path / name)
        assert [path.name for path in (tmp_path / name).iterdir()] == [mark]
    with pytest.raises(UsageError, match="not a scan"):
        save_scan(found, tmp_path / "main")


def test_groups_of_several_sources_have_one_spelling_and_shared_class_numbers_are_said(tmp_path: Path) -> None:
    for place, person in (("main", "Ann"), ("more", "ann ")):
        draw_images(tmp_path / place, 4, seed=len(person))
        rows = "".join(f"{row:02d}.png,{row % 2},{person if row < 2 else place}\n" for row in range(4))
        (tmp_path / place / "t.csv").write_text("image,label,person\n" + rows)
    found = read_source([tmp_path / "main", tmp_path / "more"])
    assert found.samples.group is not None
    assert found.samples.group.tolist() == ["Ann", "Ann", "main", "main", "Ann", "Ann", "more", "more"]
    assert any("spelt in several ways" in note for note in found.notes)
    assert any("share the class numbers of 'label'" in note for note in found.notes)
