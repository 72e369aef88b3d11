"""Prepared data in a folder: they come back as they were, a changed table is refused, and a run is such a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.dataset import FoldOptions
from podium.dataset.prepared import Prepared, all_images, is_prepared, load_prepared
from podium.errors import CorruptFileError, StorageError
from podium.tables import Samples, concat_samples
from podium.workflows import train
from podium.workflows.prepare import prepare
from tiny.contest import make_recipe, make_settings

Contest = Callable[[str], Samples]


def prepare_tiny(samples: Samples, folder: Path) -> Prepared:
    return prepare(samples, folds=2, recipe=make_recipe(), settings=make_settings(folder))


def assert_same(one: Prepared, other: Prepared) -> None:
    assert one.samples.table_digest == other.samples.table_digest
    assert one.folds.digest == other.folds.digest
    assert one.samples.ids.tolist() == other.samples.ids.tolist() == one.folds.ids.tolist() == other.folds.ids.tolist()
    for field in fields(Prepared):
        if field.name not in ("samples", "folds"):
            mine, theirs = getattr(one, field.name), getattr(other, field.name)
            assert np.array_equal(mine, theirs) if field.name == "sha256" else mine == theirs, field.name


@pytest.mark.parametrize("shape", ["single", "multi", "attributes"])
def test_what_is_saved_comes_back(shape: str, contest: Contest, tmp_path: Path) -> None:
    prepared = prepare_tiny(contest(shape), tmp_path)
    assert_same(load_prepared(prepared.save(tmp_path / "data")), prepared)


def test_all_images_are_the_list_that_was_decoded_usable_or_not(contest: Contest, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).permutation(36)
    samples = concat_samples({"main": contest("single").take(rows[:20]), "more": contest("single").take(rows[20:])})
    for row in (0, 7, 8, 35):  # first, last, neighbours
        samples.paths.setflags(write=True)
        samples.paths[row] = f"gone {row}.png"
    settings = make_settings(tmp_path, max_bad_fraction=0.5)
    prepared = prepare(samples, folds=2, recipe=make_recipe(), settings=settings)
    assert [one.row for one in prepared.quarantine] == [0, 7, 8, 35]
    for made in (prepared, load_prepared(prepared.save(tmp_path / "data"))):
        restored = all_images(made)
        for name in ("ids", "paths", "source"):
            assert getattr(restored, name).tolist() == getattr(samples, name).tolist()
        assert [restored.file(row) for row in range(36)] == [samples.file(row) for row in range(36)]
    older = (tmp_path / "data" / "quarantine.csv").read_text().splitlines()
    older = [",".join(line.split(",")[:3]) for line in older]
    (tmp_path / "data" / "quarantine.csv").write_text("\n".join(older) + "\n")
    assert len(all_images(load_prepared(tmp_path / "data"))) == 32


def test_leaks_that_were_accepted_come_back(contest: Contest, tmp_path: Path) -> None:
    how = FoldOptions(folds=2, split_method="random", allow_leaks=("same_group",))
    prepared = prepare(contest("single"), folds=how, recipe=make_recipe(), settings=make_settings(tmp_path))
    assert prepared.leaks.accepted == ("same_group",)
    assert_same(load_prepared(prepared.save(tmp_path / "data")), prepared)


@pytest.mark.slow
def test_a_run_is_prepared_data(contest: Contest, tmp_path: Path) -> None:
    run = train(contest("single"), recipe=make_recipe(), folds=2, settings=make_settings(tmp_path))
    assert is_prepared(run.folder.path)
    assert_same(load_prepared(run.folder.path), prepare_tiny(contest("single"), tmp_path))


def test_other_folders_are_not_prepared(tmp_path: Path) -> None:
    assert not is_prepared(tmp_path)
    with pytest.raises(StorageError):
        load_prepared(tmp_path)


@pytest.mark.parametrize("name", ["samples.csv", "folds.csv", "folds.json", "images.csv", "quarantine.csv"])
def test_a_changed_table_is_refused(name: str, contest: Contest, tmp_path: Path) -> None:
    place = prepare_tiny(contest("single"), tmp_path).save(tmp_path / "data")
    text = (place / name).read_text()
    changed = {
        "samples.csv": text.replace("worn", "none", 1),
        "folds.csv": text.replace(",0", ",1", 1),
        "folds.json": text.replace('"leaks"', '"licks"'),
        "images.csv": "id,other\r\n",
        "quarantine.csv": "id,other\r\n",
    }[name]
    assert changed != text
    (place / name).write_text(changed)
    with pytest.raises(CorruptFileError):
        load_prepared(place)


@pytest.mark.slow
def test_folds_of_other_prepared_data_are_refused(contest: Contest, tmp_path: Path) -> None:
    place = prepare_tiny(contest("single"), tmp_path).save(tmp_path / "data")
    how = FoldOptions(folds=2, split_seed=9)
    other = prepare(contest("single"), folds=how, recipe=make_recipe(), settings=make_settings(tmp_path))
    there = other.save(tmp_path / "other")
    for name in ("folds.csv", "folds.json"):
        (place / name).write_bytes((there / name).read_bytes())
    with pytest.raises(CorruptFileError, match="folds"):
        load_prepared(place)


def test_a_save_that_was_cut_short_is_not_prepared(contest: Contest, tmp_path: Path) -> None:
    prepared = prepare_tiny(contest("single"), tmp_path)
    place = prepared.save(tmp_path / "data")
    durable.remove_file(place / "prepared.json")
    assert not is_prepared(place)
