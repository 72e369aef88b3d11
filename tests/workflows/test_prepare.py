"""Data prepared once: any number of recipes trains on them, with the bits of a run that prepares them itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podium.cli import main
from podium.curate import ScanOptions
from podium.dataset import FoldOptions
from podium.dataset import prepare as prepare_module
from podium.dataset.prepared import load_prepared
from podium.errors import UsageError
from podium.tables import Samples
from podium.workflows import train
from podium.workflows.prepare import prepare
from tiny.contest import TINY, Notes, draw_images, make_recipe, make_settings, results_of

Contest = Callable[[str], Samples]
CROPS = ("model.freeze=none", "image.stored_px=40")


def refuse_to_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing may be divided, compared or hinted at again."""

    def fail(*_args: object, **_options: object) -> None:
        raise AssertionError("done a second time")

    for name in ("find_leaks", "make_folds", "find_hidden_groups", "summarise_folds"):
        monkeypatch.setattr(prepare_module, name, fail)


@pytest.mark.long
@pytest.mark.parametrize(
    ("shape", "is_saved"),
    [
        ("single", True),
        pytest.param("multi", True, marks=pytest.mark.slow),
        pytest.param("attributes", False, marks=pytest.mark.slow),
    ],
)
def test_recipes_on_prepared_data_give_the_bits_of_runs_of_their_own(
    shape: str, is_saved: bool, contest: Contest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes = [make_recipe(), make_recipe(*CROPS)]
    alone = [
        results_of(
            train(contest(shape), recipe=recipe, folds=2, settings=make_settings(tmp_path / "alone")).folder.path
        )
        for recipe in recipes
    ]
    settings = make_settings(tmp_path)
    data = prepare(contest(shape), folds=2, recipe=recipes[0], settings=settings)
    source = data.save(tmp_path / "data") if is_saved else data
    refuse_to_compare(monkeypatch)
    notes = [Notes(), Notes()]
    runs = [
        train(source, recipe=recipe, settings=settings, progress=progress)
        for recipe, progress in zip(recipes, notes, strict=True)
    ]
    assert [results_of(run.folder.path) for run in runs] == alone
    # A run is prepared data too, for the next recipe.
    assert results_of(train(runs[0].folder.path, recipe=recipes[1], settings=settings).folder.path) == alone[1]


def test_options_that_prepared_data_have_settled_are_refused(contest: Contest, tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    data = prepare(contest("single"), folds=2, recipe=make_recipe(), settings=settings)
    with pytest.raises(UsageError, match="folds"):
        train(data, recipe=make_recipe(), folds=3, settings=settings)
    with pytest.raises(UsageError, match=r"^allow_leaks: this data is prepared"):
        train(data, recipe=make_recipe(), folds=FoldOptions(allow_leaks=("same_group",)), settings=settings)
    with pytest.raises(UsageError, match="scan"):
        train(data, recipe=make_recipe(), options=ScanOptions(group="x"), settings=settings)
    assert prepare(data, settings=settings) is data


@pytest.mark.long
def test_unreadable_images_are_left_out_once(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 1)):
        draw_images(tmp_path / "images" / name, 10, seed=seed)
    (tmp_path / "images" / "a" / "bad.png").write_bytes(b"no image")
    settings = make_settings(tmp_path, max_bad_fraction=0.2)
    data = prepare(tmp_path / "images", folds=2, recipe=make_recipe(), settings=settings)
    assert [row[0] for row in data.quarantine] == ["a/bad.png"]
    run = train(data.save(tmp_path / "data"), recipe=make_recipe(), settings=settings)
    assert len(run.samples) == 20
    place = run.folder.path
    assert load_prepared(place).quarantine == data.quarantine
    again = train(place, recipe=make_recipe("predict_views=[plain]"), settings=settings)
    caches = {made.read()["cache_key"] for made in (run.folder, again.folder)}
    assert caches == {mark.parent.name for mark in settings.cache_folder.glob("*/cache.json")}  # one, decoded once
    assert "a/bad.png" in (run.folder.path / "quarantine.csv").read_text()


@pytest.mark.long
def test_the_command_line_trains_on_what_split_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, seed in (("a", 0), ("b", 1)):
        draw_images(tmp_path / "images" / name, 10, seed=seed)
    assert main(["split", "images", "--folds", "2", "--out", "images", "--threads", "1"]) == 2
    assert sorted(path.name for path in Path("images").iterdir()) == ["a", "b"]
    for _ in range(2):  # the second time over its own
        assert main(["split", "images", "--folds", "2", "--out", "data", "--threads", "1"]) == 0
    refuse_to_compare(monkeypatch)
    words = ["--set", *TINY, "--device", "cpu", "--threads", "1", "-q"]
    assert main(["train", "data", "--name", "one", *words]) == 0
    assert main(["train", "--data", "data", "--name", "two", *words]) == 0
    assert results_of(Path("runs/one")) == results_of(Path("runs/two"))
    with pytest.raises(UsageError, match="this folder is a run"):
        load_prepared(Path("data")).save("runs/one")
    assert load_prepared(Path("runs/one")).folds.digest == load_prepared(Path("data")).folds.digest
