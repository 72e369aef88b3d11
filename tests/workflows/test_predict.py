"""Predictions for new images: every fold's model, their mean, broken files, order, views."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podium import durable
from podium.errors import CorruptFileError, DataError, SourceError, UsageError
from podium.tables import MEAN_OF_FOLDS, Samples, as_text_array, load_predictions
from podium.workflows import Run, load_run, train
from tiny.contest import Notes, draw_images, make_recipe, make_settings

Contest = Callable[[str], Samples]


@pytest.fixture(scope="module", params=["frozen", "whole"])
def run(request: pytest.FixtureRequest, contest: Contest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run with three heads."""
    lines = () if request.param == "frozen" else ("model.freeze=none", "predict_views=[plain]")
    settings = make_settings(tmp_path_factory.mktemp("run"))
    return train(contest("attributes"), recipe=make_recipe(*lines), folds=3, settings=settings)


only_frozen = pytest.mark.parametrize("run", ["frozen"], indirect=True)
"""For what hangs on the images and their tables, not on the model."""


@pytest.fixture
def test_folder(tmp_path: Path) -> Path:
    """Five images the run has never seen."""
    draw_images(tmp_path / "test", 5, seed=9)
    return tmp_path / "test"


@pytest.mark.long
def test_the_mean_is_that_of_the_folds_and_both_are_on_disk(run: Run, test_folder: Path) -> None:
    found = run.predict(test_folder)
    folds = [load_predictions(run.folder.predictions_file("test", fold)) for fold in range(3)]
    assert found.ids.tolist() == [f"{row:02d}.png" for row in range(5)]
    assert set(found.fold) == {MEAN_OF_FOLDS}
    for name, values in found.probs.items():
        np.testing.assert_allclose(values, sum(part.probs[name] for part in folds) / 3, rtol=1e-12)
    kept = load_predictions(run.folder.predictions_file("test"))
    for name, values in found.probs.items():
        assert kept.probs[name].tobytes() == values.tobytes()


@pytest.mark.slow
def test_a_broken_image_gets_the_average_prediction_and_is_named(run: Run, test_folder: Path) -> None:
    (test_folder / "02.png").write_bytes((test_folder / "02.png").read_bytes()[:300])
    (test_folder / "zz.jpg").write_bytes(b"no image")
    sound = run.predict(test_folder, name="sound")
    progress = Notes()
    found = run.predict(test_folder, name="broken", progress=progress)
    assert found.ids.tolist() == [*[f"{row:02d}.png" for row in range(5)], "zz.jpg"]
    assert any(
        "2 images cannot be decoded" in line and "02.png" in line and "zz.jpg" in line for line in progress.notes
    )
    parts = [load_predictions(run.folder.predictions_file("oof", fold)) for fold in range(3)]
    for name, values in found.probs.items():
        average = np.mean([part.probs[name].mean(axis=0) for part in parts], axis=0)
        np.testing.assert_allclose(values[[2, 5]], [average, average], rtol=1e-12)
        np.testing.assert_array_equal(values, sound.probs[name])


@pytest.mark.slow
def test_the_order_of_the_samples_is_kept(run: Run, test_folder: Path) -> None:
    names = [f"{row:02d}.png" for row in (3, 0, 4, 1, 2)]
    forwards = run.predict(test_folder, name="forwards")
    samples = Samples(test_folder, as_text_array(names), as_text_array(names))
    found = run.predict(samples, name="shuffled")
    assert found.ids.tolist() == names
    np.testing.assert_allclose(found.probs["mask"], forwards.align(names).probs["mask"], rtol=1e-5)


@pytest.mark.long
@only_frozen
def test_a_table_says_which_images_are_predicted(run: Run, test_folder: Path) -> None:
    every = run.predict(test_folder, name="every")
    table = test_folder / "test.csv"
    table.write_text("id,img_path,mask\nT9,./03.png,worn\nT8,01.png,none\n")
    progress = Notes()
    found = run.predict(table, name="rows", progress=progress)
    assert sorted(found.ids.tolist()) == ["01.png", "03.png"]
    np.testing.assert_allclose(found.probs["mask"], every.align(found.ids.tolist()).probs["mask"], rtol=1e-5)
    assert any("3 images have no row" in line for line in progress.notes)
    beside = test_folder.parent / "elsewhere.csv"
    beside.write_text("a,b\n00,02\n04,03\n")
    named = run.predict(test_folder, rows=beside, image_column="b", name="named")
    assert sorted(named.ids.tolist()) == ["02.png", "03.png"]
    assert len(run.predict(test_folder, name="folder")) == 5
    bare = test_folder.parent / "bare.txt"
    bare.write_bytes("가;04\n나;01\n".encode("cp949"))
    named = run.predict(test_folder, rows=bare, header=False, image_column="2", delimiter=";", encoding="cp949")
    assert sorted(named.ids.tolist()) == ["01.png", "04.png"]
    pairs = test_folder.parent / "sample_submission.csv"
    pairs.write_text("ID,p\n" + "".join(f"{image}_{kind},0.5\n" for image in ("00", "03") for kind in ("a", "b")))
    assert sorted(run.predict(test_folder, rows=pairs, name="pairs").ids.tolist()) == ["00.png", "03.png"]


@only_frozen
def test_a_table_that_names_other_images_is_refused(run: Run, test_folder: Path) -> None:
    (test_folder / "test.csv").write_text("image\n00.png\n77.png\n")
    with pytest.raises(SourceError, match="1 of 2 rows names an image that does not exist"):
        run.predict(test_folder / "test.csv")
    for option, value in (("image_column", "image"), ("encoding", "cp949"), ("header", False)):
        with pytest.raises(UsageError, match="without a table"):
            run.predict(test_folder, **{option: value})  # type: ignore[arg-type]
    samples = Samples(test_folder, as_text_array(["00.png"]), as_text_array(["00.png"]))
    with pytest.raises(UsageError, match="already names its images"):
        run.predict(samples, rows=test_folder / "test.csv")


@pytest.mark.slow
def test_more_views_are_averaged_and_plain_is_always_one(run: Run, test_folder: Path) -> None:
    plain, flipped = run.predict(test_folder, tta=[]), run.predict(test_folder, tta=["hflip"])
    assert not np.allclose(plain.probs["mask"], flipped.probs["mask"], rtol=1e-9)
    from PIL import Image, ImageOps

    turned = test_folder.parent / "turned"
    turned.mkdir()
    for path in test_folder.glob("*.png"):
        ImageOps.mirror(Image.open(path)).save(turned / path.name)
    mirrored = run.predict(turned, tta=["hflip"])
    for name, values in flipped.probs.items():  # both views of a mirrored image are those of the image
        np.testing.assert_allclose(mirrored.probs[name], values, rtol=1e-3, atol=1e-5)


@only_frozen
def test_nothing_to_predict_is_an_error(run: Run, tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        run.predict(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError):
        run.predict(tmp_path / "empty")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_bytes(b"no image")
    with pytest.raises(DataError, match="decoded"):
        run.predict(tmp_path / "bad")


@pytest.mark.slow
@only_frozen
def test_images_that_a_model_has_seen_are_told_and_recorded(run: Run, contest: Contest, test_folder: Path) -> None:
    for images, is_seen in ((contest("attributes"), True), (test_folder, False)):
        notes = Notes()
        run.predict(images, name="some", progress=notes)
        told = [line for line in notes.notes if "training data of this run" in line]
        assert bool(told) == is_seen
        record = durable.read_json(run.folder.predictions_file("some").with_suffix(".json"))
        assert record["known_images"]["is_clean"] != is_seen


@pytest.mark.slow
@only_frozen
def test_labels_are_not_looked_at(run: Run, contest: Contest) -> None:
    samples = contest("attributes").take(np.arange(4))
    wrong = replace(samples, labels={**samples.labels, "mask": 1 - samples.labels["mask"]})
    first, second = run.predict(samples, name="a"), run.predict(wrong, name="b")
    np.testing.assert_array_equal(first.probs["class"], second.probs["class"])


@only_frozen
def test_changed_weights_are_refused(run: Run, test_folder: Path) -> None:
    path = run.folder.training_folder(1, "all") / "model.safetensors"
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    try:
        with pytest.raises(CorruptFileError, match="not what was written"):
            run.predict(test_folder)
    finally:
        path.write_bytes(sound)


@only_frozen
def test_a_run_without_a_finished_fold_cannot_predict(run: Run, test_folder: Path, tmp_path: Path) -> None:

    copy = shutil.copytree(run.folder.path, tmp_path / "copy")
    for path in (copy / "predictions").glob("oof*"):
        path.unlink()
    (copy / "scores.json").unlink()
    unfinished = load_run(str(copy))
    with pytest.raises(UsageError, match=r"no fold .* finished.*podium.resume"):
        unfinished.predict(test_folder)
    with pytest.raises(UsageError, match="not finished"):
        _ = unfinished.scores


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["nothing", "cache", "fingerprints", "both"])
def test_images_of_the_training_data_are_known_by_the_run_itself(
    contest: Contest, tmp_path: Path, test_folder: Path, lost: str
) -> None:
    """Whoever deletes the cache, or takes only the run folder along, is still told."""
    samples = contest("single")
    run = train(samples, recipe=make_recipe(), folds=2, only_folds=[0], settings=make_settings(tmp_path))
    shutil.copy(samples.file(0), test_folder / "again.png")
    if lost in ("cache", "both"):
        durable.remove_tree(run.settings.cache_folder)
    if lost in ("fingerprints", "both"):
        path = run.folder.fingerprints_file
        path.write_bytes(path.read_bytes()[:-9] + b"123456789")
    progress = Notes()
    run.predict(test_folder, progress=progress)
    about = durable.read_json(run.folder.predictions_file("test").with_suffix(".json"))
    if lost == "both":
        assert about["known_images"] is None
        assert any(note.startswith("Whether some of these images were in the training data") for note in progress.notes)
    else:
        assert any("in the training data of this run" in note for note in progress.notes)
        assert "again.png" in str(about["known_images"])
        assert "same_bytes" in str(about["known_images"])
