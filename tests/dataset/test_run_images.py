"""A run goes on with the pixels it was started with, wherever they lie now, and never with others."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from podium import durable
from podium.cli import main
from podium.errors import CorruptFileError, ImageError, UsageError
from podium.tables import Samples, save_folds
from podium.workflows import Run, load_run, resume, train
from tiny.contest import Notes, draw_images, make_recipe, make_samples, make_settings, results_of


@dataclass(frozen=True)
class _Kept:
    """A run with one of two folds done and its images, the folder they lie in, and a copy of that folder."""

    run: Run
    samples: Samples
    place: Path
    copy: Path


def train_half(place: Path) -> tuple[Run, Samples]:
    samples = make_samples(place / "images", "single")
    return train(samples, recipe=make_recipe(), folds=2, only_folds=[0], settings=make_settings(place)), samples


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> _Kept:
    root = tmp_path_factory.mktemp("half")
    place = root / "place"
    run, samples = train_half(place)
    return _Kept(run, samples, place, shutil.copytree(place, root / "copy"))


@pytest.fixture
def half(kept: _Kept) -> tuple[Run, Samples]:
    """That run as it was, whatever the test before has done to it."""
    durable.remove_tree(kept.place)
    shutil.copytree(kept.copy, kept.place)  # keeps the times of the images
    return kept.run, kept.samples


@pytest.fixture(scope="module")
def whole(kept: _Kept, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the run ends with when nothing happens in between."""
    durable.remove_tree(kept.place)
    shutil.copytree(kept.copy, kept.place)
    done = resume(kept.run.name, only_folds=[1], settings=kept.run.settings)
    return results_of(done.folder.path)


@pytest.fixture(autouse=True)
def _leave_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long complaint puts its details into the current folder."""
    monkeypatch.chdir(tmp_path)


def finish(run: Run, **options: object) -> tuple[dict[str, bytes], Notes]:
    progress = Notes()
    resume(run.name, only_folds=[1], settings=run.settings, progress=progress, **options)  # type: ignore[arg-type]
    return results_of(run.folder.path), progress


def drop_cache(run: Run) -> None:
    for folder in run.settings.cache_folder.glob("*/pixels.u8"):
        durable.remove_tree(folder.parent)


@pytest.mark.slow
def test_images_that_are_gone_are_not_needed_while_the_cache_is_there(
    half: tuple[Run, Samples], whole: dict[str, bytes]
) -> None:
    run, samples = half
    durable.remove_tree(samples.root)
    results, progress = finish(run)
    assert results == whole
    assert "decode images" not in progress.stages
    assert run.folder.report_file.is_file()


@pytest.mark.slow
def test_images_that_moved_with_their_times_are_found_and_their_cache_is_used(
    half: tuple[Run, Samples], whole: dict[str, bytes], tmp_path: Path
) -> None:
    run, samples = half
    shutil.move(samples.root, tmp_path / "elsewhere")
    results, progress = finish(run, root=tmp_path / "elsewhere")
    assert results == whole
    assert "decode images" not in progress.stages
    assert load_run(run.name, runs=run.settings.runs).samples.root == tmp_path / "elsewhere"


@pytest.mark.slow
def test_a_new_run_on_images_that_moved_uses_their_cache_too(half: tuple[Run, Samples], tmp_path: Path) -> None:
    run, samples = half
    shutil.copytree(samples.root, tmp_path / "elsewhere")  # keeps the times
    moved = Samples(tmp_path / "elsewhere", samples.ids, samples.paths, samples.task, samples.labels, samples.group)
    other = train(moved, recipe=make_recipe(), folds=2, only_folds=[0], settings=run.settings)
    assert other.folder.read()["cache_key"] == run.folder.read()["cache_key"]
    assert len(list(run.settings.cache_folder.glob("*/pixels.u8"))) == 1


@pytest.mark.slow
def test_images_that_moved_and_lost_their_cache_are_decoded_again(
    half: tuple[Run, Samples], whole: dict[str, bytes], tmp_path: Path
) -> None:
    """Copied without their times, too: the files are the same, and that is what counts."""
    run, samples = half
    shutil.move(samples.root, tmp_path / "elsewhere")
    for path in (tmp_path / "elsewhere").iterdir():
        os.utime(path, (1, 1))
    drop_cache(run)
    results, progress = finish(run, root=tmp_path / "elsewhere")
    assert results == whole
    assert progress.stages[0] == "decode images"
    assert (run.settings.cache_folder / run.folder.read()["cache_key"]).is_dir()


@pytest.mark.slow
def test_with_images_and_cache_gone_a_resume_says_where_they_were_and_what_to_do(
    half: tuple[Run, Samples], whole: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, samples = half
    shutil.move(samples.root, tmp_path / "elsewhere")
    drop_cache(run)
    command = ["train", "--resume", run.name, "--only-folds", "1", "--device", "cpu"]
    command += ["--runs", str(run.settings.runs), "--threads", "1"]
    assert main(command) == 3
    said = capsys.readouterr().err
    assert f"{samples.root}: 36 of 36 images are missing, and so is the cache" in said
    assert f"podium train --resume {run.name} --root FOLDER" in said
    assert "00.png" in said
    assert not list(run.settings.cache_folder.glob("*/pixels.u8")), "no cache of nothing was built"
    assert main([*command, "--root", str(tmp_path / "nowhere")]) == 2
    assert main([*command, "--root", str(run.settings.runs)]) == 2
    assert "none of the run's 36 images is here" in capsys.readouterr().err
    assert main([*command, "--root", str(tmp_path / "elsewhere")]) == 0
    assert results_of(run.folder.path) == whole


def change_one(samples: Samples, *, keep_stamp: bool) -> None:
    """Other pixels under the same name; a stamp is size and time, by which a cache knows its files."""
    path = samples.file(3)
    size, times = path.stat().st_size, path.stat().st_mtime_ns
    noise = np.random.default_rng(99).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    if keep_stamp:
        path.write_bytes(path.read_bytes().ljust(size, b"\0"))
        assert path.stat().st_size == size
        os.utime(path, ns=(times, times))


@pytest.mark.slow
@pytest.mark.parametrize("keep_stamp", [False, True])
def test_an_image_that_changed_is_never_trained_on(
    keep_stamp: bool, half: tuple[Run, Samples], whole: dict[str, bytes]
) -> None:
    run, samples = half
    before = samples.file(3).read_bytes()
    change_one(samples, keep_stamp=keep_stamp)
    drop_cache(run)
    for _ in range(2):  # the second time the cache of the changed files is there
        with pytest.raises(ImageError, match="1 of 36 images differs from the files") as caught:
            finish(run)
        assert list(caught.value.details) == ["03.png"]
    samples.file(3).write_bytes(before)
    drop_cache(run)
    assert finish(run)[0] == whole


@pytest.mark.slow
@pytest.mark.parametrize("keep_stamp", [False, True])
def test_an_image_that_changed_does_not_matter_while_the_cache_is_there(
    keep_stamp: bool, half: tuple[Run, Samples], whole: dict[str, bytes]
) -> None:
    """The run goes on exactly, with the pixels of its start, and says so."""
    run, samples = half
    change_one(samples, keep_stamp=keep_stamp)
    results, notes = finish(run)
    assert results == whole
    (note,) = [note for note in notes.notes if "was replaced" in note]
    assert note.startswith("1 of 36 images was replaced since this run was started: 03.png.")


@pytest.mark.slow
def test_touched_images_are_read_once_and_are_the_same(half: tuple[Run, Samples], whole: dict[str, bytes]) -> None:
    run, samples = half
    for row in range(len(samples)):
        os.utime(samples.file(row), (1e9, 1e9))
    results, notes = finish(run)
    assert results == whole
    assert not any(" replaced" in note for note in notes.notes)


def test_an_image_that_broke_is_named(half: tuple[Run, Samples]) -> None:
    run, samples = half
    samples.file(5).write_bytes(b"no image")
    drop_cache(run)
    (run.folder.images_file).unlink()  # a run of an older version: what is broken is refused all the same
    with pytest.raises(ImageError, match="1 of 36 images differs from the files") as caught:
        finish(run)
    assert list(caught.value.details) == ["05.png"]


@pytest.mark.slow
def test_a_damaged_cache_is_made_again(half: tuple[Run, Samples], whole: dict[str, bytes]) -> None:
    run, _ = half
    folder = run.settings.cache_folder / run.folder.read()["cache_key"]
    (folder / "facts.parquet").write_bytes(b"damaged")
    assert finish(run)[0] == whole


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["zeros", "a bit", "cut"])
def test_damaged_pixels_are_never_trained_on(whole: dict[str, bytes], damage: str, tmp_path: Path) -> None:
    run, samples = train_half(tmp_path)  # a cache is known by when its images last changed, which a copy does not keep
    path = run.settings.cache_folder / run.folder.read()["cache_key"] / "pixels.u8"
    before = path.read_bytes()
    n_row = len(before) // len(samples)
    changed = {
        "zeros": before[: 2 * n_row] + bytes(7 * n_row) + before[9 * n_row :],
        "a bit": before[:-1] + bytes([before[-1] ^ 128]),
        "cut": before[:-1],
    }
    path.write_bytes(changed[damage])
    results, progress = finish(run)
    assert results == whole
    assert path.read_bytes() == before
    said = {"zeros": "7 of 36 images in the cache are", "a bit": "1 of 36 images in the cache is", "cut": "cache"}
    assert any(said[damage] in note and "decoded again" in note for note in progress.notes)


def test_damaged_pixels_whose_images_are_gone_are_refused(half: tuple[Run, Samples]) -> None:
    run, samples = half
    path = run.settings.cache_folder / run.folder.read()["cache_key"] / "pixels.u8"
    path.write_bytes(bytes(path.stat().st_size))
    durable.remove_tree(samples.root)
    with pytest.raises(ImageError, match="36 of 36 images are missing, and the cache with their pixels is damaged"):
        finish(run)


@pytest.mark.slow
def test_a_new_run_on_a_damaged_cache_has_the_right_pixels(half: tuple[Run, Samples], tmp_path: Path) -> None:
    run, samples = half
    path = run.settings.cache_folder / run.folder.read()["cache_key"] / "pixels.u8"
    path.write_bytes(bytes(path.stat().st_size))
    options = {"recipe": make_recipe(), "folds": 2, "only_folds": [0]}
    other = train(samples, settings=run.settings, progress=(progress := Notes()), **options)  # type: ignore[arg-type]
    weights = "fold-0/all/model.safetensors"
    assert (other.folder.path / weights).read_bytes() == (run.folder.path / weights).read_bytes()
    assert any("36 of 36 images in the cache are damaged" in note for note in progress.notes)


def test_edited_digests_of_the_images_are_refused(half: tuple[Run, Samples]) -> None:
    run, _ = half
    lines = run.folder.images_file.read_text().splitlines(keepends=True)
    run.folder.images_file.write_text("".join(lines[:-1]))
    with pytest.raises(CorruptFileError, match=r"images\.csv: '35.png' is missing"):
        finish(run)


@pytest.mark.slow
def test_folds_of_another_split_are_refused_by_resume_predict_and_report(
    half: tuple[Run, Samples], tmp_path: Path
) -> None:
    run, samples = half
    other = train(samples, recipe=make_recipe(), folds=2, only_folds=[0], settings=make_settings(tmp_path / "other"))
    folds = other.folds
    save_folds(type(folds)(folds.ids, 1 - folds.fold, 2, "given", 0, folds.samples_digest), run.folder.path)
    with pytest.raises(CorruptFileError, match="not the folds that the run was started with"):
        finish(run)
    draw_images(tmp_path / "new", 4, seed=5)
    with pytest.raises(CorruptFileError, match="not the folds that the run was started with"):
        run.predict(tmp_path / "new")
    text = run.report().read_text(encoding="utf-8")
    assert "not the folds that the run was started with" in text
    assert other.report().read_text(encoding="utf-8").count("not the folds that the run was started with") == 0


def test_a_folder_that_does_not_exist_is_not_where_the_images_lie(half: tuple[Run, Samples], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        finish(half[0], root=tmp_path / "nowhere")


READ_ONLY = {
    "run": lambda run: run.folder.path,
    "cache": lambda run: run.settings.cache_folder,
}


@pytest.mark.slow
@pytest.mark.parametrize("place", READ_ONLY)
def test_a_folder_that_cannot_be_written_is_one_line(
    place: str, half: tuple[Run, Samples], capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused by the system, which lets root write everywhere: so it is the backend that refuses here."""
    run, _ = half
    locked = READ_ONLY[place](run)
    drop_cache(run)

    with durable.using_backend(_ReadOnly(locked)):
        command = ["train", "--resume", run.name, "--only-folds", "1", "--runs", str(run.settings.runs), "--quiet"]
        assert main([*command, "--device", "cpu", "--threads", "1"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert str(locked) in said[0]
    assert "permission denied" in said[0]


class _ReadOnly(durable.Backend):
    """Refuses to make or change anything below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _refuse(self, path: Path) -> None:
        if Path(path).is_relative_to(self._folder):
            raise PermissionError(13, "Permission denied", str(path))

    def create(self, path: Path) -> int:
        self._refuse(path)
        return super().create(path)

    def edit(self, path: Path) -> int:
        self._refuse(path)
        return super().edit(path)

    def mkdir(self, path: Path) -> None:
        self._refuse(path)
        super().mkdir(path)

    def fsync(self, descriptor: int) -> None:
        """Nothing."""

    def fsync_dir(self, folder: object) -> None:
        """Nothing."""
